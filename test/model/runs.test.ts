import { describe, expect, it } from 'vitest';
import { Fenced } from '../../src/model/errors.ts';
import {
  beat,
  deadByPid,
  endRun,
  holderOf,
  interrupted,
  isExpired,
  registerRun,
  releaseLeases,
  requireLease,
  requireRun,
  runLost,
  takeLeases,
} from '../../src/model/runs.ts';
import type { RunRecord, State } from '../../src/model/state.ts';
import { forgetWorker, recordDeclared, setDoing } from '../../src/model/transitions.ts';
import { runRecord, stateWith, workerSpec } from '../state/support/states.ts';

const MINUTE = 60_000;
const nobodyIsDead = () => false;

function withRuns(state: State, ...runs: readonly RunRecord[]): State {
  return runs.reduce(registerRun, state);
}

function taken(state: State, run: string, ...workers: readonly string[]): State {
  return takeLeases(state, run, workers, nobodyIsDead).state;
}

describe('leases', () => {
  it('lets different runs hold different workers, and refuses a worker that a living run holds', () => {
    const state = withRuns(stateWith('a', 'b'), runRecord('r1'), runRecord('r2'));
    const first = taken(state, 'r1', 'a');
    const second = takeLeases(first, 'r2', ['a', 'b'], nobodyIsDead);
    expect(second.refused).toEqual([{ worker: 'a', holder: runRecord('r1') }]);
    expect(second.state.workers.a?.lease?.run).toBe('r1');
    expect(second.state.workers.b?.lease?.run).toBe('r2');
  });

  it('changes nothing when a run takes what it holds already', () => {
    const state = taken(withRuns(stateWith('a'), runRecord('r1')), 'r1', 'a');
    expect(takeLeases(state, 'r1', ['a'], nobodyIsDead)).toEqual({
      state,
      refused: [],
      unknown: [],
    });
    expect(taken(state, 'r1', 'a')).toBe(state);
  });

  it('tells a worker without a record from a leased one', () => {
    const state = withRuns(stateWith('a'), runRecord('r1'));
    const outcome = takeLeases(state, 'r1', ['constructor', 'b'], nobodyIsDead);
    expect(outcome.unknown).toEqual(['constructor', 'b']);
    expect(outcome.refused).toEqual([]);
  });

  it('gives each lease of a worker a higher fence than any before', () => {
    let state = withRuns(stateWith('a'), runRecord('r1'), runRecord('r2'));
    const fences: (number | undefined)[] = [];
    for (const run of ['r1', 'r2', 'r1', 'r2']) {
      state = taken(state, run, 'a');
      fences.push(state.workers.a?.lease?.fence);
      state = releaseLeases(state, run, ['a']);
    }
    expect(fences).toEqual([1, 2, 3, 4]);
  });

  it('gives a worker that was forgotten and came back a higher fence than its guest has seen', () => {
    let state = taken(withRuns(stateWith('a'), runRecord('r1')), 'r1', 'a');
    const seen = state.workers.a?.lease?.fence ?? 0;
    state = { ...forgetWorker(state, 'a'), serial: 7 };
    state = taken(recordDeclared(state, 'a', workerSpec()), 'r1', 'a');
    expect(state.workers.a?.lease?.fence).toBeGreaterThan(seen);
  });

  it('releases only the workers that were named, and only the own ones', () => {
    let state = withRuns(stateWith('a', 'b', 'c'), runRecord('r1'), runRecord('r2'));
    state = taken(taken(state, 'r1', 'a', 'b'), 'r2', 'c');
    const some = releaseLeases(state, 'r1', ['a', 'c']);
    expect(Object.values(some.workers).map((record) => record.lease?.run)).toEqual([
      undefined,
      'r1',
      'r2',
    ]);
    expect(releaseLeases(some, 'r3')).toBe(some);
    expect(releaseLeases(some, 'r1', ['nobody'])).toBe(some);
  });

  it('goes with the run that ends, and what was begun counts as interrupted from then on', () => {
    const doing = { run: 'r1', action: 'deploy', step: 'clone', plan: 'd1', vmid: 9100 };
    let state = withRuns(stateWith('a'), runRecord('r1'));
    state = endRun(setDoing(taken(state, 'r1', 'a'), 'a', doing), 'r1');
    expect(state.runs).toEqual({});
    const record = state.workers.a;
    expect(record?.lease).toBeUndefined();
    expect(record !== undefined && interrupted(record, state, 0)).toBe(true);
  });
});

describe('taking over (P14)', () => {
  const dead = (run: RunRecord) => run.id === 'r1';

  it('takes a dead run’s worker, and the dead run may not write any more', () => {
    let state = withRuns(stateWith('a', 'b'), runRecord('r1'), runRecord('r2'));
    state = taken(state, 'r1', 'a', 'b');
    state = takeLeases(state, 'r2', ['a'], dead).state;
    expect(state.workers.a?.lease).toEqual({ run: 'r2', fence: 2 });
    expect(() => beat(state, 'r1', 2_000_000)).toThrow(Fenced);
    expect(() => requireRun(state, 'r1')).toThrow(/taken over by run r2/);
    expect(() => requireLease(state, 'r1', 'b')).toThrow(Fenced);
  });

  it('leaves the dead run’s other workers as they are, visibly lost', () => {
    let state = withRuns(stateWith('a', 'b'), runRecord('r1'), runRecord('r2'));
    state = takeLeases(taken(state, 'r1', 'a', 'b'), 'r2', ['a'], dead).state;
    const left = state.workers.b;
    expect(left?.lease?.run).toBe('r1');
    expect(left !== undefined && runLost(left, state, 1_000_000)).toBe(true);
  });

  it('lets anybody take what a run left that was taken over, and then forgets that run', () => {
    let state = withRuns(stateWith('a', 'b'), runRecord('r1'), runRecord('r2'));
    state = takeLeases(taken(state, 'r1', 'a', 'b'), 'r2', ['a'], dead).state;
    state = taken(state, 'r2', 'b');
    expect(Object.keys(state.runs)).toEqual(['r2']);
  });

  it('refuses a lease to a run that is not registered any more', () => {
    expect(() => takeLeases(stateWith('a'), 'r9', ['a'], nobodyIsDead)).toThrow(Fenced);
  });
});

describe('a run’s beat', () => {
  it.each([
    ['apply', 2 * MINUTE],
    ['session', 10 * MINUTE],
  ] as const)('of an %s is good for %i ms', (kind, ttl) => {
    const run = runRecord('r1', { kind });
    expect(isExpired(run, run.beat + ttl)).toBe(false);
    expect(isExpired(run, run.beat + ttl + 1)).toBe(true);
  });

  it('is the cluster’s time, and never an earlier one', () => {
    const state = withRuns(stateWith(), runRecord('r1'));
    expect(beat(state, 'r1', 1_030_000).runs.r1?.beat).toBe(1_030_000);
    expect(beat(state, 'r1', 999_000).runs.r1?.beat).toBe(1_000_001);
  });

  it('changes also when the cluster’s clock stands still or steps back a little', () => {
    const state = withRuns(stateWith(), runRecord('r1', { beat: 5000 }));
    expect(beat(state, 'r1', 5000).runs.r1?.beat).toBe(5001);
    expect(beat(state, 'r1', 4000).runs.r1?.beat).toBe(5001);
  });

  it('follows a cluster clock that was set back far, so that the run can expire at all', () => {
    const state = withRuns(stateWith(), runRecord('r1', { beat: 60 * MINUTE }));
    expect(beat(state, 'r1', MINUTE).runs.r1?.beat).toBe(MINUTE);
  });

  it('decides who holds a worker', () => {
    const state = taken(withRuns(stateWith('a'), runRecord('r1')), 'r1', 'a');
    const record = state.workers.a;
    if (record === undefined) throw new Error('the record is there');
    expect(holderOf(record, state, 1_000_000 + MINUTE)?.id).toBe('r1');
    expect(holderOf(record, state, 1_000_000 + 3 * MINUTE)).toBeUndefined();
    expect(runLost(record, state, 1_000_000 + 3 * MINUTE)).toBe(true);
  });
});

describe('a process id (P15)', () => {
  const pidProof = { startTime: '76403', bootId: 'b-1', pidNamespace: 'pid:[4026531836]' };
  const run = runRecord('r1', { pidProof });
  const here = { host: 'runner-1', ...pidProof };

  it.each([
    ['alive', 'with the same start time', here],
    ['dead', 'when no such process is there', { ...here, startTime: undefined }],
    ['dead', 'when the id was given to a later process', { ...here, startTime: '99999' }],
    ['unknown', 'after a reboot', { ...here, startTime: undefined, bootId: 'b-2' }],
    ['unknown', 'in another container', { ...here, startTime: undefined, pidNamespace: 'pid:[7]' }],
    ['unknown', 'on another host', { ...here, startTime: undefined, host: 'runner-2' }],
    ['unknown', 'where nothing is known', undefined],
  ] as const)('proves its run %s %s', (verdict, _, seen) => {
    expect(deadByPid(run, seen)).toBe(verdict);
  });

  it('proves nothing for a run that left no proof', () => {
    expect(deadByPid(runRecord('r1'), { ...here, startTime: undefined })).toBe('unknown');
  });
});
