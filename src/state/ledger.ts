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
  return new GroupCommit(options, await readSnapshot(options));
}

class GroupCommit implements Ledger {
  readonly #options: LedgerOptions;
  #latest: Snapshot;
  /** A write failed: what is stored now has to be read. */
  #isStale = false;
  #isPumping = false;
  #queue: Queued[] = [];

  constructor(options: LedgerOptions, latest: Snapshot) {
    this.#options = options;
    this.#latest = latest;
  }

  readonly current = (): State => this.#latest.state;
  readonly commit = (change: Change): Promise<State> => this.#enqueue(change);
  readonly refresh = (): Promise<State> => this.#enqueue(undefined);

  #enqueue(change: Change | undefined): Promise<State> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ change, resolve, reject });
      void this.#pump();
    });
  }

  /** Never rejects: whatever goes wrong belongs to those who wait for their group. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    // What is queued in the same turn shares the first write too.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#queue;
      this.#queue = [];
      await this.#settle(group);
    }
    this.#isPumping = false;
  }

  async #settle(group: readonly Queued[]): Promise<void> {
    try {
      const wantsFresh = group.some(({ change }) => change === undefined);
      if (this.#isStale || wantsFresh) await this.#read();
      const { state, failures } = await this.#write(group);
      for (const queued of group) {
        if (failures.has(queued)) queued.reject(failures.get(queued));
        else queued.resolve(state);
      }
    } catch (error) {
      this.#isStale = true;
      for (const { reject } of group) reject(error);
    }
  }

  /** Applies and writes the group, again and again while other runs write in between. */
  async #write(group: readonly Queued[]): Promise<Applied> {
    const { store, clock, runId } = this.#options;
    for (let tries = 1; ; tries += 1) {
      const base = this.#latest;
      const applied = applyAll(group, base.state);
      if (sameJson(applied.state, base.state)) return { ...applied, state: base.state };
      const next = { ...applied.state, serial: base.state.serial + 1 };
      const result = await store.write(next, base.revision);
      if (result.kind === 'written') {
        this.#latest = { state: next, revision: result.revision };
        return { ...applied, state: next };
      }
      if (tries >= MAX_TRIES) throw new StateMoved(store.where);
      if (tries > 1) await clock.sleep(pauseBefore(tries, runId));
      await this.#read();
    }
  }

  async #read(): Promise<void> {
    this.#latest = await readSnapshot(this.#options, this.#latest);
    this.#isStale = false;
  }
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
