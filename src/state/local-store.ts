import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Low } from 'lowdb';
import type { Migrations } from '../model/migrations.ts';
import type { Clock, Random, StateStore } from '../model/ports.ts';
import { deadByPid } from '../model/runs.ts';
import { withFileTrouble } from './file-trouble.ts';
import { loadKernelLock } from './kernel-lock.ts';
import {
  documentOf,
  type LocalAdapter,
  localAdapter,
  resolveLinks,
  type StateDocument,
} from './local-adapter.ts';
import type { KernelTryLock } from './lock-attempt.ts';
import { lockFileHolder, removeLockFiles } from './lock-file.ts';
import { describeHolder, type LockHolder } from './lock-holder.ts';
import { type ProcessFacts, type ProcessPort, pidKnowledge } from './process-facts.ts';
import { digestIn, requireSuccessor } from './revision.ts';
import { withStateLock } from './state-lock.ts';

export interface LocalStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The run's id or the command: told to others that wait for our lock. */
  readonly run: string;
  readonly self: ProcessFacts;
  readonly processes: ProcessPort;
  /** How long a write waits for another one; default 30 s. Milliseconds. */
  readonly lockTimeoutMs?: number;
  /** How older formats become today's; default: those that this Muster knows. */
  readonly migrations?: Migrations | undefined;
  /** Resolves to undefined where there is no kernel lock: lock files are used instead. */
  readonly loadKernelLock?: () => Promise<KernelTryLock | undefined>;
}

/**
 * The state in one file: lowdb over an adapter that survives kill -9, full disks and other processes. Reading
 * takes no lock (the file is only ever replaced whole); a write locks, compares, replaces. `path` is absolute.
 * A file that can't be read as a state is a DiagnosticsError and stays as it is. The first write of a store
 * keeps what it found as `.backup`.
 */
export function localStore(path: string, options: LocalStoreOptions): StateStore {
  const file = () => withFileTrouble('find the state', path, () => resolveLinks(path));
  const adapterOf = (real: string) => localAdapter(real, options.random, options.migrations);
  let isPrepared = false;
  return {
    where: path,
    read: async () => {
      const db = database(adapterOf(await file()));
      await db.read();
      const { state, revision, older } = db.data;
      return { state, revision, older };
    },
    write: async (next, basedOn) => {
      requireSuccessor(next, basedOn);
      const real = await file();
      const adapter = adapterOf(real);
      return locked(real, options, async () => {
        if ((await adapter.digest()) !== digestIn(basedOn)) return { kind: 'moved' };
        if (!isPrepared) await prepare(adapter);
        isPrepared = true;
        const db = database(adapter);
        db.data = documentOf(next);
        await db.write();
        return { kind: 'written', revision: db.data.revision };
      });
    },
    unlock: async (id) => {
      const real = await file();
      const holder = await lockFileHolder(real);
      if (holder === undefined) return { kind: 'free' };
      if (holder.run !== id) return { kind: 'other', holder: describeHolder(holder) };
      await removeLockFiles(real);
      return { kind: 'broken', holder: describeHolder(holder) };
    },
  };
}

function database(adapter: LocalAdapter): Low<StateDocument> {
  return new Low<StateDocument>(adapter, { state: undefined, revision: '', text: '' });
}

async function prepare(adapter: LocalAdapter): Promise<void> {
  await adapter.sweep();
  await adapter.keepBackup();
}

async function locked<T>(
  path: string,
  options: LocalStoreOptions,
  work: () => Promise<T>,
): Promise<T> {
  const { clock, random, lockTimeoutMs = 30_000, run, self, processes } = options;
  const kernel = await (options.loadKernelLock ?? loadKernelLock)();
  return withFileTrouble('lock the state', path, async () => {
    await mkdir(dirname(path), { recursive: true });
    const holder = () => ({ ...self, run, since: new Date(clock.now()).toISOString() });
    const isDead = (other: LockHolder) => isDeadHolder(processes, other);
    return withStateLock(
      { path, holder, isDead, clock, random, timeoutMs: lockTimeoutMs, kernel },
      work,
    );
  });
}

async function isDeadHolder(processes: ProcessPort, holder: LockHolder): Promise<boolean> {
  return deadByPid(holder, await pidKnowledge(processes, holder.pid)) === 'dead';
}
