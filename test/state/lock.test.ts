import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';
import { StateLocked } from '../../src/model/errors.ts';
import { loadKernelLock } from '../../src/state/kernel-lock.ts';
import { removeLockFiles } from '../../src/state/lock-file.ts';
import { formatHolder, type LockHolder } from '../../src/state/lock-holder.ts';
import { openTestStore } from './support/local.ts';
import { stateWith } from './support/states.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-lock-'));
  path = join(folder, 'muster.state.json');
});

afterEach(() => rm(folder, { recursive: true }));

const state = { ...stateWith('a'), serial: 1 };
const withoutKernel = { loadKernelLock: async () => undefined };

/** Somebody on another machine, whose death nobody here can prove. */
const stranger: LockHolder = {
  who: 'ci@runner-7',
  host: 'runner-7',
  pid: 4711,
  run: 'apply 7f3a91c2',
  since: '2026-11-22T02:00:00.000Z',
  jobUrl: 'https://git.example.net/backup/-/jobs/8812',
};

/** As a Muster that was stopped (SIGSTOP, a hanging disk) in the middle of its write. */
async function holdKernelLock(): Promise<() => Promise<void>> {
  const file = await open(`${path}.lock`, 'w+');
  await file.write(formatHolder(stranger));
  const tryLock = await loadKernelLock();
  expect(tryLock?.(file.fd)).toBe(true);
  return () => file.close();
}

function failureOf(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

describe('a state that another process is writing', () => {
  it('is reported as locked with who, where, since when and the CI job (P14 P15)', async () => {
    const release = await holdKernelLock();
    const error = await failureOf(openTestStore(path, { lockTimeoutMs: 0 }).write(state, 'none'));
    expect(error).toBeInstanceOf(StateLocked);
    expect(String(error)).toContain('apply 7f3a91c2');
    expect(String(error)).toContain('pid 4711 on runner-7, since 2026-11-22T02:00:00.000Z');
    expect(String(error)).toContain('https://git.example.net/backup/-/jobs/8812');
    await release();
  });

  it('is waited for, and written when it is free', async () => {
    const release = await holdKernelLock();
    let waits = 0;
    const clock = {
      now: () => 0,
      monotonic: () => waits,
      sleep: async () => {
        waits += 1;
        if (waits === 3) await release();
      },
    };
    const result = await openTestStore(path, { clock }).write(state, 'none');
    expect(result.kind).toBe('written');
    expect(waits).toBe(3);
  });

  it('is not waited for longer than the timeout', async () => {
    const release = await holdKernelLock();
    let now = 0;
    const clock = {
      now: () => now,
      monotonic: () => now,
      sleep: async (ms: number) => {
        now += ms;
      },
    };
    const store = openTestStore(path, { clock, lockTimeoutMs: 30_000 });
    expect(await failureOf(store.write(state, 'none'))).toBeInstanceOf(StateLocked);
    expect(now).toBe(30_000);
    await release();
  });

  it('can be read all the same: planning takes no lock (P6)', async () => {
    await openTestStore(path).write(state, 'none');
    const release = await holdKernelLock();
    expect((await openTestStore(path).read()).state).toEqual(state);
    await release();
  });
});

describe('a lock', () => {
  it('of a process that is gone is free at once, whatever stands in its file (P15)', async () => {
    await writeFile(`${path}.lock`, formatHolder(stranger));
    const result = await openTestStore(path, { lockTimeoutMs: 0 }).write(state, 'none');
    expect(result.kind).toBe('written');
    expect(await readFile(`${path}.lock`, 'utf8')).toBe('');
  });

  it('is still one lock when its file is removed meanwhile', async () => {
    const release = await holdKernelLock();
    await rm(`${path}.lock`);
    const result = await openTestStore(path, { lockTimeoutMs: 1000 }).write(state, 'none');
    expect(result.kind).toBe('written');
    await release();
  });

  it.each(['ENOLCK', 'EOPNOTSUPP'])(
    'that the file system can’t give (%s) is a diagnostic, and nothing is written',
    async (code) => {
      const loadKernelLock = async () => () => {
        throw Object.assign(new Error(`${code}: no locks`), { code });
      };
      const error = await failureOf(openTestStore(path, { loadKernelLock }).write(state, 'none'));
      expect(error).toBeInstanceOf(DiagnosticsError);
      expect(error).toMatchObject({ diagnostics: [{ code: 'no-file-locks' }] });
      expect((await openTestStore(path).read()).state).toBeUndefined();
    },
  );
});

describe('without kernel locks', () => {
  it('a lock file of somebody who may live is respected, by those with kernel locks too', async () => {
    await writeFile(`${path}.lock.held`, formatHolder(stranger));
    for (const options of [withoutKernel, {}]) {
      const store = openTestStore(path, { ...options, lockTimeoutMs: 0 });
      const error = await failureOf(store.write(state, 'none'));
      expect(error).toBeInstanceOf(StateLocked);
      expect(String(error)).toContain('runner-7');
    }
  });

  it('a kernel lock’s holder is respected by what it says of itself', async () => {
    const release = await holdKernelLock();
    const store = openTestStore(path, { ...withoutKernel, lockTimeoutMs: 0 });
    expect(await failureOf(store.write(state, 'none'))).toBeInstanceOf(StateLocked);
    await release();
  });

  it('a person can remove the lock file of a machine that is gone, and is told whose it was', async () => {
    await writeFile(`${path}.lock.held`, formatHolder(stranger));
    expect(await removeLockFiles(path)).toEqual(stranger);
    const store = openTestStore(path, { ...withoutKernel, lockTimeoutMs: 0 });
    expect((await store.write(state, 'none')).kind).toBe('written');
  });

  it.each(['', 'null', '{"pid":1}', '{"who":'])(
    'a lock file with %j in it is somebody’s',
    async (text) => {
      await writeFile(`${path}.lock.held`, text);
      const store = openTestStore(path, { ...withoutKernel, lockTimeoutMs: 0 });
      const error = await failureOf(store.write(state, 'none'));
      expect(String(error)).toContain('did not say who it is');
    },
  );
});
