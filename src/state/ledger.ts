import { digestOf } from '../model/digest.ts';
import { StateMoved } from '../model/errors.ts';
import { sameJson } from '../model/json.ts';
import type { Clock, Ledger, Revision, StateStore } from '../model/ports.ts';
import type { State } from '../model/state.ts';
import { foreignState, stateRemoved } from './state-diagnostics.ts';

export interface LedgerOptions {
  readonly store: StateStore;
  /** The state to begin with where there is none; its project and environment are the ones expected. */
  readonly initial: () => State;
  readonly runId: string;
  readonly clock: Clock;
}

/** How often one group of changes is tried again when other runs write in between. */
const MAX_TRIES = 40;

type Change = (state: State) => State;

interface Queued {
  /** undefined: only wants the state read anew. */
  readonly change: Change | undefined;
  readonly resolve: (state: State) => void;
  readonly reject: (reason: unknown) => void;
}

interface Snapshot {
  readonly state: State;
  readonly revision: Revision;
}

/**
 * Group commit: one write in flight, everything queued meanwhile goes into the next. A change that throws
 * rejects its own commit only. After a failed write the store is read anew before anything else is written,
 * because the write may have arrived. Throws DiagnosticsError when the state is another project's or
 * environment's, or when its lineage changes on the way; StateMoved when other runs always came first.
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  let latest = await readSnapshot(options);
  let isStale = false;
  let queue: Queued[] = [];
  let isPumping = false;

  const enqueue = (change?: Change) =>
    new Promise<State>((resolve, reject) => {
      queue.push({ change, resolve, reject });
      void pump();
    });

  /** Never rejects: whatever goes wrong belongs to those who wait for this group. */
  async function pump(): Promise<void> {
    if (isPumping) return;
    isPumping = true;
    // What is queued in the same turn shares the first write too.
    await Promise.resolve();
    while (queue.length > 0) {
      const group = queue;
      queue = [];
      await writeGroup(group);
    }
    isPumping = false;
  }

  async function writeGroup(group: readonly Queued[]): Promise<void> {
    try {
      const wantsFresh = group.some(({ change }) => change === undefined);
      if (isStale || wantsFresh) latest = await readSnapshot(options, latest);
      isStale = false;
      settle(group, await writeUntilTold(group));
    } catch (error) {
      isStale = true;
      for (const { reject } of group) reject(error);
    }
  }

  async function writeUntilTold(group: readonly Queued[]): Promise<Applied> {
    for (let tries = 1; ; tries += 1) {
      const applied = applyAll(group, latest.state);
      if (sameJson(applied.state, latest.state)) return { ...applied, state: latest.state };
      const next = { ...applied.state, serial: latest.state.serial + 1 };
      const result = await options.store.write(next, latest.revision);
      if (result.kind === 'written') {
        latest = { state: next, revision: result.revision };
        return { ...applied, state: next };
      }
      if (tries >= MAX_TRIES) throw new StateMoved(options.store.where);
      if (tries > 1) await options.clock.sleep(pauseBefore(tries, options.runId));
      latest = await readSnapshot(options, latest);
    }
  }

  return {
    current: () => latest.state,
    commit: (change) => enqueue(change),
    refresh: () => enqueue(),
  };
}

interface Applied {
  readonly state: State;
  /** What each change that threw has thrown. */
  readonly failures: ReadonlyMap<Queued, unknown>;
}

function applyAll(group: readonly Queued[], base: State): Applied {
  const failures = new Map<Queued, unknown>();
  let state = base;
  for (const queued of group) {
    try {
      state = keepIdentity(queued.change?.(state) ?? state, base);
    } catch (error) {
      failures.set(queued, error);
    }
  }
  return { state, failures };
}

function settle(group: readonly Queued[], { state, failures }: Applied): void {
  for (const queued of group) {
    if (failures.has(queued)) queued.reject(failures.get(queued));
    else queued.resolve(state);
  }
}

/** A change is about what the state holds, never about which state it is. */
function keepIdentity(next: State, base: State): State {
  for (const key of ['format', 'lineage', 'serial', 'project', 'environment'] as const)
    if (next[key] !== base[key]) throw new Error(`a change must not touch the state's ${key}`);
  return next;
}

async function readSnapshot(options: LedgerOptions, before?: Snapshot): Promise<Snapshot> {
  const { store, initial } = options;
  const { state, revision } = await store.read();
  const expected = before?.state ?? initial();
  if (state === undefined) {
    if (expected.serial > 0) throw stateRemoved(store.where);
    return { state: expected, revision };
  }
  for (const key of ['project', 'environment'] as const)
    if (state[key] !== expected[key])
      throw foreignState(store.where, key, expected[key], state[key]);
  // Until something is written the lineage is only a proposal: another run's first state may come before ours.
  if (expected.serial > 0 && state.lineage !== expected.lineage)
    throw foreignState(store.where, 'lineage', expected.lineage, state.lineage);
  return { state, revision };
}

/** Ms. Grows, and differs between runs, so that two that collide do not go on doing so. */
function pauseBefore(tries: number, runId: string): number {
  const spread = Number.parseInt(digestOf([runId, tries]).slice(0, 6), 16) / 0xffffff;
  return Math.min(2 * tries, 25) * (0.5 + spread);
}
