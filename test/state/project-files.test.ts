import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Files } from '../../src/model/ports.ts';
import { projectFiles } from '../../src/state/project-files.ts';
import { countingRandom } from './support/clocks.ts';

let base: string;
let root: string;
let files: Files;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'muster-files-'));
  root = join(base, 'project');
  await mkdir(root);
  await writeFile(join(base, 'secret.yaml'), 'outside');
  files = projectFiles(root, countingRandom());
});

afterEach(() => rm(base, { recursive: true }));

async function put(...paths: readonly string[]): Promise<void> {
  for (const path of paths) await files.write(path, path);
}

const text = (bytes: Uint8Array | undefined) =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');

describe('a file of the project', () => {
  it('is written whole, for its owner only, in folders that are made for it', async () => {
    await files.write('.muster/sessions/x/log', 'hello');
    expect(text(await files.read('.muster/sessions/x/log'))).toBe('hello');
    expect((await stat(join(root, '.muster/sessions/x/log'))).mode & 0o777).toBe(0o600);
    await files.write('.muster/sessions/x/log', 'bye', 0o644);
    expect((await stat(join(root, '.muster/sessions/x/log'))).mode & 0o777).toBe(0o644);
    expect(await readdir(join(root, '.muster/sessions/x'))).toEqual(['log']);
  });

  it('that is not there is undefined', async () => {
    expect(await files.read('nothing.yaml')).toBeUndefined();
    expect(await files.read('no/such/folder.yaml')).toBeUndefined();
  });

  it('may be anywhere when its path is absolute: that is the user’s own word', async () => {
    expect(text(await files.read(join(base, 'secret.yaml')))).toBe('outside');
    await files.write(join(base, 'plans/muster.plan'), 'plan');
    expect(await readFile(join(base, 'plans/muster.plan'), 'utf8')).toBe('plan');
  });

  it.each(['../secret.yaml', 'workers/../../secret.yaml'])('is never %s', async (path) => {
    await expect(files.read(path)).rejects.toThrow('leads out of the project');
    await expect(files.write(path, 'x')).rejects.toThrow('leads out of the project');
  });

  it('is not reached through a link that leads out, neither to read nor to write', async () => {
    await symlink(join(base, 'secret.yaml'), join(root, 'link.yaml'));
    await symlink(base, join(root, 'out'));
    await expect(files.read('link.yaml')).rejects.toThrow('leads out of the project');
    await expect(files.read('out/secret.yaml')).rejects.toThrow('leads out of the project');
    await expect(files.write('link.yaml', 'x')).rejects.toThrow('leads out of the project');
    await expect(files.write('out/new.yaml', 'x')).rejects.toThrow('leads out of the project');
    await expect(files.write('out/new/deep.yaml', 'x')).rejects.toThrow('leads out of the project');
    expect(await readdir(base)).toEqual(['project', 'secret.yaml']);
  });

  it('may be a link that stays inside', async () => {
    await put('real/a.yaml');
    await symlink('real/a.yaml', join(root, 'a.yaml'));
    expect(text(await files.read('a.yaml'))).toBe('real/a.yaml');
  });

  it('names the path when a folder stands there', async () => {
    await mkdir(join(root, 'muster.yaml'));
    await expect(files.read('muster.yaml')).rejects.toThrow(/muster\.yaml: there is a folder/);
  });

  it('is refused when it is a pipe in the project, on which reading would hang', async () => {
    execFileSync('mkfifo', [join(root, 'muster.yaml')]);
    await expect(files.read('muster.yaml')).rejects.toThrow('not a regular file');
  });
});

describe('a glob', () => {
  it.each([
    ['workers/*.yaml', ['workers/a.yaml', 'workers/b.yaml']],
    ['./workers//*.yaml', ['workers/a.yaml', 'workers/b.yaml']],
    ['workers/?.y*l', ['workers/a.yaml', 'workers/b.yaml']],
    ['**/*.yaml', ['muster.yaml', 'workers/a.yaml', 'workers/b.yaml', 'workers/north/c.yaml']],
    ['workers/**', ['workers/a.yaml', 'workers/b.yaml', 'workers/north/c.yaml', 'workers/readme']],
    ['workers/**/**/c.yaml', ['workers/north/c.yaml']],
    ['*/north/*', ['workers/north/c.yaml']],
    ['muster.yaml', ['muster.yaml']],
    ['.hidden/*.yaml', ['.hidden/d.yaml']],
    ['sessions/*.yaml', []],
    ['muster.yaml/*.yaml', []],
    ['workers/[ab].yaml', []],
  ])('%s names %j', async (pattern, expected) => {
    await put('muster.yaml', 'workers/b.yaml', 'workers/a.yaml', 'workers/readme');
    await put('workers/north/c.yaml', '.hidden/d.yaml', 'workers/.e.yaml');
    expect(await files.glob(pattern)).toEqual(expected);
  });

  it.each(['../*.yaml', '/etc/*', 'workers/../../*', 'C:/x/*', '..\\*'])(
    'that leads out of the project is refused: %s',
    async (pattern) => {
      await expect(files.glob(pattern)).rejects.toThrow('leads out of the project');
    },
  );

  it('never misses a file silently: a link out of the project, or to nothing, is an error', async () => {
    await mkdir(join(root, 'workers'));
    await symlink(join(base, 'secret.yaml'), join(root, 'workers/link.yaml'));
    await expect(files.glob('workers/*.yaml')).rejects.toThrow('leads out of the project');
    await rm(join(root, 'workers/link.yaml'));
    await symlink('gone.yaml', join(root, 'workers/link.yaml'));
    await expect(files.glob('workers/*.yaml')).rejects.toThrow('is a link to nothing');
  });

  it('ends also where links lead in a circle', async () => {
    await put('workers/a.yaml');
    await symlink('..', join(root, 'workers/up'));
    expect(await files.glob('**/*.yaml')).toEqual(['workers/a.yaml']);
  });

  it('of many stars is as quick as any', async () => {
    await put(`workers/${'a'.repeat(200)}`);
    expect(await files.glob(`workers/${'*a'.repeat(60)}b`)).toEqual([]);
  });
});
