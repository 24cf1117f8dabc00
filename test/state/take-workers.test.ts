import { describe, expect, it } from 'vitest';
import { registerRun, takeLeases } from '../../src/model/runs.ts';
import type { RunRecord, State } from '../../src/model/state.ts';
import { setDoing } from '../../src/model/transitions.ts';
import { openLedger } from '../../src/state/ledger.ts';
import type { ProcessPort } from '../../src/state/process-facts.ts';
import { startRun } from '../../src/state/start-run.ts';
import { type TakeOptions, takeWorkers } from '../../src/state/take-workers.ts';
import { watchRuns } from '../../src/state/watch-runs.ts';
import { type ManualClock, manualClock } from './support/clocks.ts';
import { type MemoryStore, memoryStore } from './support/memory-store.ts';
import { runRecord, stateWith } from './support/states.ts';

const SECOND = 1000;
const MINUTE = 60_000;

/** Workers a and b are held by run r1, which last gave a beat so long ago. */
function heldState(clock: ManualClock, age: number, run: Partial<RunRecord> = {}): State {
  const record = runRecord('r1', { ...run, beat: clock.now() - age });
  const state = registerRun({ ...stateWith('a', 'b'), serial: 1 }, record);
  return takeLeases(state, 'r1', ['a', 'b'], () => false).state;
}

async function taker(store: MemoryStore, clock: ManualClock, processes?: ProcessPort) {
  const initial = () => stateWith();
  const ledger = await openLedger({ store, initial, runId: 'r2', clock });
  const clusterTime = () => clock.now();
  const { beat: _, startedAt: __, ...record } = runRecord('r2', { host: 'runner-2' });
  const run = await startRun({ ledger, clock, clusterTime, run: record });
  const watch = watchRuns({
    clock,
    clusterTime,
    ...(processes === undefined ? {} : { processes }),
  });
  const waits: number[] = [];
  const options: TakeOptions = {
    ledger: run.ledger,
    runId: run.id,
    workers: ['a'],
    watch,
    clock,
    requestDeadlineMs: 30 * SECOND,
    onWait: (_runs, ms) => waits.push(ms),
  };
  return { run, options, waits };
}

/** Lets time pass until the promise is settled, and tells how much did. */
async function settledAfter<T>(clock: ManualClock, promise: Promise<T>) {
  const begin = clock.monotonic();
  let result: T | undefined;
  const done = promise.then((value) => {
    result = value;
  });
  for (let tries = 0; tries < 300 && result === undefined; tries += 1) await clock.advance(SECOND);
  await done;
  if (result === undefined) throw new Error('it never settled');
  return { result, ms: clock.monotonic() - begin };
}

describe('workers of a dead run', () => {
  it('are taken after its expired beat was seen to stand still, and not before (P14)', async () => {
    const clock = manualClock();
    const store = memoryStore(heldState(clock, 5 * MINUTE));
    const { run, options, waits } = await taker(store, clock);
    const { result, ms } = await settledAfter(clock, takeWorkers(options));
    expect(waits).toEqual([40 * SECOND]);
    expect(ms).toBeGreaterThanOrEqual(40 * SECOND);
    expect(result.refused).toEqual([]);
    expect(result.takenFrom.map(({ id }) => id)).toEqual(['r1']);
    expect(result.state.workers.a?.lease).toEqual({ run: 'r2', fence: 3 });
    await run.end();
  });

  it('keep the record of what was being done, for whoever goes on with it (P13)', async () => {
    const clock = manualClock();
    const doing = { run: 'r1', action: 'deploy', step: 'clone', plan: 'd1', upid: 'UPID:pve1:1:' };
    const store = memoryStore(setDoing(heldState(clock, 5 * MINUTE), 'a', doing));
    const { run, options } = await taker(store, clock);
    const { result } = await settledAfter(clock, takeWorkers(options));
    expect(result.state.workers.a?.doing).toEqual(doing);
    await run.end();
  });

  it('are taken without a watch when its process is proven dead, after what it sent has arrived (P15)', async () => {
    const clock = manualClock();
    const pidProof = { startTime: '5', bootId: 'b-1', pidNamespace: 'pid:[1]' };
    const held = heldState(clock, 10 * SECOND, { host: 'runner-2', pid: 99, pidProof });
    const unanswered = { run: 'r1', action: 'deploy', step: 'clone', plan: 'd1' };
    const store = memoryStore(setDoing(held, 'a', unanswered));
    const { run, options, waits } = await taker(store, clock, machine);
    const { result, ms } = await settledAfter(clock, takeWorkers(options));
    expect(waits).toEqual([30 * SECOND]);
    expect(ms).toBe(30 * SECOND);
    expect(result.state.workers.a?.lease?.run).toBe('r2');
    await run.end();
  });
});

describe('workers of a run whose process is proven dead', () => {
  it('are taken at once when nothing it sent can still be on its way (P13)', async () => {
    const clock = manualClock();
    const pidProof = { startTime: '5', bootId: 'b-1', pidNamespace: 'pid:[1]' };
    const held = heldState(clock, 10 * SECOND, { host: 'runner-2', pid: 99, pidProof });
    const answered = {
      run: 'r1',
      action: 'deploy',
      step: 'clone',
      plan: 'd1',
      upid: 'UPID:pve1:1:',
    };
    const store = memoryStore(setDoing(held, 'a', answered));
    const { run, options, waits } = await taker(store, clock, machine);
    const { ms } = await settledAfter(clock, takeWorkers(options));
    expect(waits).toEqual([]);
    expect(ms).toBeLessThanOrEqual(SECOND);
    await run.end();
  });
});

describe('workers of a living run', () => {
  it('are refused at once with their holder', async () => {
    const clock = manualClock();
    const { run, options, waits } = await taker(memoryStore(heldState(clock, MINUTE)), clock);
    const { result } = await settledAfter(clock, takeWorkers({ ...options, workers: ['a', 'x'] }));
    expect(waits).toEqual([]);
    expect(result.refused.map(({ worker, holder }) => [worker, holder.id])).toEqual([['a', 'r1']]);
    expect(result.unknown).toEqual(['x']);
    await run.end();
  });

  it('are refused when its beat moves while it is watched, however late it is', async () => {
    const clock = manualClock();
    const store = memoryStore(heldState(clock, 5 * MINUTE));
    const { run, options } = await taker(store, clock);
    const other = await openLedger({ store, initial: () => stateWith(), runId: 'r1', clock });
    const taking = takeWorkers(options);
    const beating = (async () => {
      for (let i = 0; i < 10; i += 1) {
        await clock.sleep(20 * SECOND);
        await other.commit((state) => {
          const r1 = state.runs.r1;
          return r1 === undefined
            ? state
            : { ...state, runs: { ...state.runs, r1: { ...r1, beat: r1.beat + SECOND } } };
        });
      }
    })();
    const { result } = await settledAfter(clock, taking);
    expect(result.refused.map(({ holder }) => holder.id)).toEqual(['r1']);
    expect(result.state.workers.a?.lease?.run).toBe('r1');
    await settledAfter(
      clock,
      beating.then(() => true),
    );
    await run.end();
  });
});

describe('workers of a run that has ended', () => {
  it('are free', async () => {
    const clock = manualClock();
    const held = heldState(clock, 0);
    const { run, options, waits } = await taker(memoryStore({ ...held, runs: {} }), clock);
    const { result } = await settledAfter(clock, takeWorkers(options));
    expect(result.state.workers.a?.lease?.run).toBe('r2');
    expect(waits).toEqual([]);
    await run.end();
  });
});

/** A machine on which process 99 is not running. */
const machine: ProcessPort = {
  pid: 7,
  host: 'runner-2',
  user: undefined,
  env: () => undefined,
  readFile: async (path) =>
    new Map([
      ['/proc/sys/kernel/random/boot_id', 'b-1\n'],
      ['/proc/self/stat', '7 (node) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 11 0 8800 0 0'],
      ['/proc/1/stat', '1 (init) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 2 0 0'],
    ]).get(path),
  readLink: async () => 'pid:[1]',
};
