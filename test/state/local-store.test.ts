import { execFileSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';
import type { State } from '../../src/model/state.ts';
import { recordDeclared, recordVm } from '../../src/model/transitions.ts';
import { openTestStore } from './support/local.ts';
import { stateWith, uuid, workerSpec } from './support/states.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-local-'));
  path = join(folder, 'muster.state.json');
});

afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

const first: State = { ...stateWith('a'), serial: 1 };
const second: State = { ...recordDeclared(first, 'b', workerSpec()), serial: 2 };
const third: State = { ...recordDeclared(second, 'c', workerSpec()), serial: 3 };

async function write(state: State, store = openTestStore(path)): Promise<void> {
  const { revision } = await store.read();
  expect((await store.write(state, revision)).kind).toBe('written');
}

/** The one diagnostic of what must fail. */
async function diagnosticOf(attempt: Promise<unknown>) {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DiagnosticsError)) throw error ?? new Error('it did not fail');
  return error.diagnostics[0];
}

describe('a state that can’t be used', () => {
  it.each([
    ['empty', 'state-empty', ''],
    ['white space', 'state-empty', ' \n'],
    ['cut off', 'state-corrupt', '{"format":1,"lineage":"5d0c'],
    ['null', 'state-corrupt', 'null'],
    ['an array', 'state-corrupt', '[]'],
    ['Terraform’s', 'state-terraforms', '{"version":4,"terraform_version":"1.9"}'],
    ['not text', 'state-corrupt', new Uint8Array([0x7b, 0xff, 0xfe])],
    ['nested too deep', 'state-corrupt', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
  ])('is reported when it is %s, and never overwritten', async (_, code, content) => {
    await writeFile(path, content);
    const found = await diagnosticOf(openTestStore(path).read());
    expect(found?.code).toBe(code);
    expect(await openTestStore(path).write(first, 'none')).toEqual({ kind: 'moved' });
    expect(await readFile(path)).toEqual(Buffer.from(content));
  });

  it('is not taken for a new one when it is gone but its backup is there', async () => {
    const store = openTestStore(path);
    await write(first, store);
    await write(second, openTestStore(path));
    await rm(path);
    const found = await diagnosticOf(openTestStore(path).read());
    expect(found?.code).toBe('state-missing');
    expect(found?.remedy).toContain(`cp ${path}.backup ${path}`);
  });

  it('names the backup that repairs it', async () => {
    await write(first);
    await write(second);
    await writeFile(path, 'oops');
    const found = await diagnosticOf(openTestStore(path).read());
    expect(found?.remedy).toContain(`${path}.backup`);
    await writeFile(path, await readFile(`${path}.backup`));
    expect((await openTestStore(path).read()).state).toEqual(first);
  });

  it('says what is wrong with it in a sentence', async () => {
    await writeFile(path, '[]');
    expect((await diagnosticOf(openTestStore(path).read()))?.detail).toContain(
      'the state must be an object',
    );
  });

  it('of a newer format names the Muster that it needs', async () => {
    await writeFile(path, JSON.stringify({ ...first, format: 2, requiredVersion: '>=1.4' }));
    const found = await diagnosticOf(openTestStore(path).read());
    expect(found?.code).toBe('state-newer');
    expect(found?.remedy).toMatch(/^Use Muster >=1\.4: somebody /);
  });

  it('of a newer format that does not say what it needs asks for a Muster that knows it', async () => {
    await writeFile(path, JSON.stringify({ ...first, format: 2, requiredVersion: undefined }));
    const found = await diagnosticOf(openTestStore(path).read());
    expect(found?.remedy).toMatch(/^Use a Muster that knows state format 2: somebody /);
  });

  it('of a format before the oldest known is left alone, and says what to do', async () => {
    const text = JSON.stringify({ ...first, format: 0 });
    await writeFile(path, text);
    const found = await diagnosticOf(openTestStore(path).read());
    expect(found?.code).toBe('state-older');
    expect(found?.message).toContain('has format 0, which is too old');
    expect(found?.remedy).toContain('muster state recover');
    expect(await openTestStore(path).write(second, 'none')).toEqual({ kind: 'moved' });
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it.each([1.5, -0.5, '1', null, 1e300])('of no whole format (%s) is damaged', async (format) => {
    await writeFile(path, JSON.stringify({ ...first, format }));
    expect((await diagnosticOf(openTestStore(path).read()))?.code).toBe('state-corrupt');
  });

  it('that an older format’s step can’t make sense of is damaged, not a crash', async () => {
    await writeFile(path, JSON.stringify({ format: 0 }));
    const nonsense = () => {
      throw new TypeError('workers is not iterable');
    };
    const found = await diagnosticOf(openTestStore(path, { migrations: { 0: nonsense } }).read());
    expect(found?.code).toBe('state-corrupt');
    expect(found?.detail).toContain('it is not what format 0 holds: workers is not iterable');
  });

  it('is verified after its older format was brought forward, never taken on trust', async () => {
    await writeFile(path, JSON.stringify({ ...first, format: 0, serial: 'three' }));
    const renamed = (value: unknown) => ({ ...(value as object), format: 1 });
    const found = await diagnosticOf(openTestStore(path, { migrations: { 0: renamed } }).read());
    expect(found?.code).toBe('state-corrupt');
    expect(found?.detail?.join()).toContain('serial');
  });

  it('is rejected when two workers have one vmid (P24)', async () => {
    const vm = { vmid: 9100, node: 'pve1', uuid: uuid(1) };
    const broken = recordVm(second, 'a', vm);
    const b = { ...broken.workers.b, vm: { ...vm, uuid: uuid(2) } };
    await writeFile(path, JSON.stringify({ ...broken, workers: { ...broken.workers, b } }));
    const found = await diagnosticOf(openTestStore(path).read());
    expect(found?.detail).toContain('vm 9100 belongs to a and b');
  });

  it('is never written, so that what is read back is always a state', async () => {
    const broken = { ...first, workers: { 'not a name': first.workers.a } } as State;
    await expect(openTestStore(path).write(broken, 'none')).rejects.toThrow('must not be written');
    expect(await readdir(folder)).toEqual([]);
  });

  it('that would lose a lineage or go back in serial is never written', async () => {
    await write(second);
    const { revision } = await openTestStore(path).read();
    const other = { ...third, lineage: 'ffffffff-0000' };
    await expect(openTestStore(path).write(other, revision)).rejects.toThrow('lineage changed');
    await expect(openTestStore(path).write(second, revision)).rejects.toThrow('did not grow');
  });
});

describe('the file', () => {
  it('is for its owner only, sorted, and the same for equal states', async () => {
    await write(second);
    const once = await readFile(path, 'utf8');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const { a, b } = second.workers;
    if (a === undefined || b === undefined) throw new Error('both are there');
    const other = join(folder, 'other.json');
    await write({ ...second, workers: { b, a } }, openTestStore(other));
    expect(await readFile(other, 'utf8')).toBe(once);
  });

  it('is kept as a backup once per run, as it was before that run', async () => {
    await write(first);
    const run = openTestStore(path);
    await write(second, run);
    await write(third, run);
    expect(JSON.parse(await readFile(`${path}.backup`, 'utf8'))).toEqual(first);
    expect((await stat(`${path}.backup`)).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing else behind, and takes away what killed writers left', async () => {
    await write(first);
    await writeFile(join(folder, '.muster.state.json.0a1b.tmp'), '{');
    await writeFile(join(folder, '.muster.state.json.other.0a1b.tmp'), 'of another file');
    await write(second);
    expect((await readdir(folder)).sort()).toEqual([
      '.muster.state.json.other.0a1b.tmp',
      'muster.state.json',
      'muster.state.json.backup',
      'muster.state.json.lock',
    ]);
  });

  it('is written where its link points to, under that file’s lock', async () => {
    await write(first);
    await symlink(path, join(folder, 'link.json'));
    await write(second, openTestStore(join(folder, 'link.json')));
    expect((await openTestStore(path).read()).state).toEqual(second);
  });

  it('gets the folders that its path needs', async () => {
    const deep = join(folder, 'states/north/muster.json');
    await write(first, openTestStore(deep));
    expect((await openTestStore(deep).read()).state).toEqual(first);
  });
});

describe('a place that can’t hold a state', () => {
  it('is named when a folder is in the way', async () => {
    await mkdir(path);
    expect((await diagnosticOf(openTestStore(path).read()))?.code).toBe('is-a-folder');
  });

  it('is named when a file is where its folder should be', async () => {
    await writeFile(join(folder, 'file'), '');
    const found = await diagnosticOf(openTestStore(join(folder, 'file/state.json')).read());
    expect(found?.code).toBe('not-a-folder');
  });

  it('is named when a link leads to nothing: a share that is not mounted is no empty state', async () => {
    await symlink(join(folder, 'share/state.json'), path);
    expect((await diagnosticOf(openTestStore(path).read()))?.code).toBe('dangling-link');
  });

  it('is refused at once when it is a pipe, on which reading would hang', async () => {
    execFileSync('mkfifo', [path]);
    expect((await diagnosticOf(openTestStore(path).read()))?.code).toBe('not-a-file');
  });

  it('is named when a lock’s name is taken by a folder', async () => {
    await mkdir(`${path}.lock`);
    const found = await diagnosticOf(openTestStore(path).write(first, 'none'));
    expect(found?.code).toBe('is-a-folder');
  });

  it('is named when the backup’s name is taken by a folder; the state stays as it was', async () => {
    await write(first);
    await mkdir(`${path}.backup`);
    const store = openTestStore(path);
    const { revision } = await store.read();
    expect((await diagnosticOf(store.write(second, revision)))?.message).toContain('.backup');
    expect((await openTestStore(path).read()).state).toEqual(first);
  });
});
