import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestStore } from './support/local.ts';
import { stateWith } from './support/states.ts';

/** Inside node_modules, so that the bundle finds the native lock. */
const bundles = join(import.meta.dirname, '../../node_modules/.muster-tests');
const bundle = join(bundles, `writer-${process.pid}.mjs`);

beforeAll(async () => {
  await mkdir(bundles, { recursive: true });
  await build({
    entryPoints: [join(import.meta.dirname, 'support/writer.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['fs-native-extensions'],
  });
});

afterAll(() => rm(bundle, { force: true }));

interface Writer {
  readonly process: ChildProcess;
  /** The highest count that it was told is saved. */
  acknowledged: number;
}

function startWriter(path: string, name: string, locks: string): Writer {
  const child = spawn(process.execPath, [bundle, path, name, locks], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const writer: Writer = { process: child, acknowledged: 0 };
  createInterface({ input: child.stdout }).on('line', (line) => {
    writer.acknowledged = Number(line);
  });
  return writer;
}

async function acknowledges(writer: Writer, more: number): Promise<void> {
  const wanted = writer.acknowledged + more;
  while (writer.acknowledged < wanted) await once(writer.process.stdout ?? writer.process, 'data');
}

async function kill(writer: Writer): Promise<void> {
  const gone = once(writer.process, 'close');
  writer.process.kill('SIGKILL');
  await gone;
}

describe.each(['kernel', 'files'])('processes that write at once with %s locks', (locks) => {
  it('and are killed at any instant lose no acknowledged write and no other’s (P13 P47)', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-kill-'));
    const path = join(folder, 'muster.state.json');
    const names = ['w1', 'w2', 'w3'];
    const saved: Record<string, number> = {};
    for (let round = 0; round < 3; round += 1) {
      const writers = names.map((name) => [name, startWriter(path, name, locks)] as const);
      for (const [name, writer] of writers) {
        await acknowledges(writer, 2 + round);
        await kill(writer);
        saved[name] = Math.max(saved[name] ?? 0, writer.acknowledged);
        expect((await openTestStore(path).read()).state).toBeDefined();
      }
    }
    const { state } = await openTestStore(path).read();
    for (const name of names)
      expect(state?.nodes[name]?.cpus).toBeGreaterThanOrEqual(saved[name] ?? 0);
    // Each write counted one up, so a lost update would leave fewer counts than writes.
    const counts = Object.values(state?.nodes ?? {}).map((node) => node.cpus);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(state?.serial);
    await goesOn(path, locks);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await rm(folder, { recursive: true });
  });
});

/** After all that, one more process can write. */
async function goesOn(path: string, locks: string): Promise<void> {
  const before = (await openTestStore(path).read()).state?.serial ?? 0;
  const last = spawn(process.execPath, [bundle, path, 'last', locks, 'once'], { stdio: 'ignore' });
  expect(await once(last, 'close')).toEqual([0, null]);
  expect((await openTestStore(path).read()).state?.serial).toBe(before + 1);
}

describe('a write that finds no room', () => {
  it('fails, and leaves the state and the folder as they were', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-full-'));
    const path = join(folder, 'muster.state.json');
    const first = { ...stateWith('a', 'b', 'c', 'd'), serial: 1 };
    await openTestStore(path).write(first, 'none');
    const before = (await openTestStore(path).read()).revision;
    // The shell's limit on file sizes (1 or 2 KiB) stands for a full disk: the write ends early with an error.
    const command = `ulimit -f 2; exec "${process.execPath}" "${bundle}" "${path}" w kernel once`;
    const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'ignore', 'pipe'] });
    const said: string[] = [];
    child.stderr.on('data', (text) => said.push(String(text)));
    const [code] = await once(child, 'close');
    expect(code).not.toBe(0);
    expect(said.join('')).toContain(
      `can't write the state ${path}: it would be larger than this file system or user allows`,
    );
    expect((await openTestStore(path).read()).revision).toBe(before);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await rm(folder, { recursive: true });
  });
});
