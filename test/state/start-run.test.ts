import { describe, expect, it } from 'vitest';
import { Fenced } from '../../src/model/errors.ts';
import type { Ledger, StateStore } from '../../src/model/ports.ts';
import { takeLeases } from '../../src/model/runs.ts';
import { emptyState, type RunRecord, type State } from '../../src/model/state.ts';
import { openLedger } from '../../src/state/ledger.ts';
import { type LiveRun, startRun } from '../../src/state/start-run.ts';
import { type ManualClock, manualClock } from './support/clocks.ts';
import { memoryStore } from './support/memory-store.ts';
import { LINEAGE, runRecord, stateWith } from './support/states.ts';

const SECOND = 1000;
const MINUTE = 60_000;

function ledgerOf(store: StateStore, clock: ManualClock): Promise<Ledger> {
  const initial = () => emptyState(LINEAGE, 'backup', '');
  return openLedger({ store, initial, runId: 'any', clock });
}

async function start(
  store: StateStore,
  clock: ManualClock,
  run: Partial<RunRecord> = {},
  onTrouble?: (error: unknown) => void,
): Promise<LiveRun> {
  const { beat: _, startedAt: __, ...rest } = runRecord('r1', run);
  return startRun({
    ledger: await ledgerOf(store, clock),
    clock,
    clusterTime: () => clock.now() + 0.25,
    run: rest,
    ...(onTrouble === undefined ? {} : { onTrouble }),
  });
}

const latest = (store: ReturnType<typeof memoryStore>): State => {
  const state = store.history().at(-1);
  if (state === undefined) throw new Error('nothing is stored');
  return state;
};

const workers: State = { ...stateWith('a'), serial: 1 };
const rename = (name: string) => (state: State) => ({ ...state, cluster: { name } });

describe('a run', () => {
  it('is registered with a beat in cluster time, and removed with its leases when it ends', async () => {
    const [store, clock] = [memoryStore(workers), manualClock()];
    const run = await start(store, clock);
    await run.ledger.commit((state) => takeLeases(state, 'r1', ['a'], () => false).state);
    expect(latest(store).runs.r1?.beat).toBe(clock.now() + 1);
    expect(latest(store).workers.a?.lease?.run).toBe('r1');
    await run.end();
    expect(latest(store).runs).toEqual({});
    expect(latest(store).workers.a?.lease).toBeUndefined();
  });

  it('beats every 30 s, and not more often when it writes anyway', async () => {
    const [store, clock] = [memoryStore(), manualClock()];
    const run = await start(store, clock);
    await clock.advance(90 * SECOND);
    expect(store.writes()).toBe(4);
    for (let i = 0; i < 6; i += 1) {
      await clock.advance(20 * SECOND);
      await run.ledger.commit(rename(`n${i}`));
    }
    expect(store.writes()).toBe(10);
    expect(latest(store).runs.r1?.beat).toBe(clock.now());
    await run.end();
  });

  it('neither writes nor beats for a change that changes nothing', async () => {
    const [store, clock] = [memoryStore(), manualClock()];
    const run = await start(store, clock);
    const before = store.writes();
    await run.ledger.commit((state) => ({ ...state, nodes: { ...state.nodes } }));
    expect(store.writes()).toBe(before);
    await run.end();
  });

  it('stops its heartbeat when it ends, and may end twice', async () => {
    const [store, clock] = [memoryStore(), manualClock()];
    const run = await start(store, clock);
    await run.end();
    await run.end();
    const after = store.writes();
    await clock.advance(10 * MINUTE);
    expect(store.writes()).toBe(after);
    expect(run.lost.aborted).toBe(false);
  });
});

describe('fencing', () => {
  it.each([
    ['apply', 2 * MINUTE],
    ['session', 10 * MINUTE],
  ] as const)('lets an %s start only what ends before its beat expires', async (kind, ttl) => {
    const [store, clock] = [memoryStore(), manualClock()];
    const run = await start({ ...store, write: once(store) }, clock, { kind });
    await clock.advance(ttl - 30 * SECOND - 1);
    expect(() => run.mayStart(30 * SECOND)).not.toThrow();
    await clock.advance(1);
    expect(() => run.mayStart(30 * SECOND)).toThrow(Fenced);
    expect(() => run.mayStart(10 * SECOND)).not.toThrow();
  });

  it('goes on when beats get through again, and tells of those that did not', async () => {
    const [store, clock] = [memoryStore(), manualClock()];
    const troubles: unknown[] = [];
    const run = await start(store, clock, {}, (error) => troubles.push(error));
    store.failNext('refused');
    await clock.advance(30 * SECOND);
    expect(troubles.map(String)).toEqual(['Error: the disk is on fire']);
    await clock.advance(5 * SECOND);
    expect(() => run.mayStart(119 * SECOND)).not.toThrow();
    await run.end();
  });

  it('counts the time that the machine was suspended', async () => {
    const [store, clock] = [memoryStore(), manualClock()];
    const run = await start(store, clock);
    clock.suspend(10 * MINUTE);
    expect(() => run.mayStart(SECOND)).toThrow(Fenced);
    await run.renew();
    expect(() => run.mayStart(SECOND)).not.toThrow();
    await run.end();
  });

  it('does not take a write for a beat before it is acknowledged', async () => {
    const [store, clock] = [memoryStore(), manualClock()];
    let answer = () => {};
    let isSlow = false;
    const run = await start(
      {
        ...store,
        write: async (next, basedOn) => {
          if (isSlow) await new Promise<void>((resolve) => (answer = resolve));
          return store.write(next, basedOn);
        },
      },
      clock,
    );
    isSlow = true;
    const commit = run.ledger.commit(rename('late'));
    await clock.advance(115 * SECOND);
    expect(() => run.mayStart(30 * SECOND)).toThrow(Fenced);
    isSlow = false;
    answer();
    await commit;
    // Acknowledged now, but the beat in it is as old as the write.
    expect(() => run.mayStart(30 * SECOND)).toThrow(Fenced);
    await run.renew();
    expect(() => run.mayStart(30 * SECOND)).not.toThrow();
    await run.end();
  });
});

describe('a run that was taken over', () => {
  async function takenOver() {
    const [store, clock] = [memoryStore(workers), manualClock()];
    const run = await start(store, clock);
    await run.ledger.commit((state) => takeLeases(state, 'r1', ['a'], () => false).state);
    const taker = await start(store, clock, { id: 'r2' });
    await taker.ledger.commit((state) => takeLeases(state, 'r2', ['a'], () => true).state);
    return { store, clock, run, taker };
  }

  it('can’t write any more: its change is refused, not merged', async () => {
    const { store, run, taker } = await takenOver();
    await expect(run.ledger.commit(rename('mine'))).rejects.toThrow(Fenced);
    expect(latest(store).cluster).toBeUndefined();
    expect(() => run.mayStart(0)).toThrow(Fenced);
    await taker.end();
  });

  it('is told so by its next heartbeat', async () => {
    const { clock, run, taker } = await takenOver();
    expect(run.lost.aborted).toBe(false);
    await clock.advance(30 * SECOND);
    expect(run.lost.aborted).toBe(true);
    expect(run.lost.reason).toBeInstanceOf(Fenced);
    await taker.end();
  });

  it('takes nothing with it when it ends', async () => {
    const { store, run, taker } = await takenOver();
    await run.end();
    expect(latest(store).workers.a?.lease?.run).toBe('r2');
    expect(Object.keys(latest(store).runs)).toEqual(['r2']);
    await taker.end();
  });
});

/** Lets the first write through, and then none. */
function once(store: StateStore): StateStore['write'] {
  let count = 0;
  return async (next, basedOn) => {
    count += 1;
    if (count > 1) throw new Error('no way to the store');
    return store.write(next, basedOn);
  };
}
