import { describe, expect, it } from 'vitest';
import { Fenced } from '../../src/model/errors.ts';
import {
  describeRun,
  dropExpiredRuns,
  endRun,
  expectedEnd,
  holderName,
  interrupted,
  registerRun,
  requireLease,
  requireRun,
  runLost,
  takeLeases,
  whereabouts,
} from '../../src/model/runs.ts';
import type { RunRecord, State } from '../../src/model/state.ts';
import { setDoing } from '../../src/model/transitions.ts';
import { liveSession } from '../session/support.ts';
import { runRecord, stateWith } from '../state/support/states.ts';

const BEAT = 1_000_000;
const EXPIRED = BEAT + 120_001;
const doing = { run: 'r1', action: 'deploy', step: 'clone', plan: 'd1', vmid: 9100 };

function withRuns(state: State, ...runs: readonly RunRecord[]): State {
  return runs.reduce(registerRun, state);
}

function taken(state: State, run: string, workers: readonly string[], dead = ''): State {
  return takeLeases(state, run, workers, ({ id }) => id === dead).state;
}

function leasesOf(state: State): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(state.workers).map(([name, { lease }]) => [name, lease?.run]),
  );
}

/** r1 held all; r2 took `a` from it. It was doing something with `b`, and nothing with `c`. */
function takenOver(): State {
  const runs = withRuns(stateWith('a', 'b', 'c'), runRecord('r1'), runRecord('r2'));
  const held = setDoing(taken(runs, 'r1', ['a', 'b', 'c']), 'b', doing);
  return taken(held, 'r2', ['a'], 'r1');
}

describe('the end of a run', () => {
  it('frees what a run that was taken over had begun nothing with, and keeps what it had', () => {
    const ended = endRun(takenOver(), 'r2');
    expect(leasesOf(ended)).toEqual({ a: undefined, b: 'r1', c: undefined });
    expect(Object.keys(ended.runs)).toEqual(['r1']);
  });

  it('frees nothing of a run that lives', () => {
    const runs = withRuns(stateWith('a', 'b'), runRecord('r1'), runRecord('r2'));
    const ended = endRun(taken(taken(runs, 'r1', ['a']), 'r2', ['b']), 'r2');
    expect(leasesOf(ended)).toEqual({ a: 'r1', b: undefined });
    expect(Object.keys(ended.runs)).toEqual(['r1']);
  });

  it('of which nothing is known changes nothing', () => {
    const state = takenOver();
    expect(endRun(state, 'r9')).toBe(state);
  });

  it('fences it', () => {
    expect(() => requireRun(stateWith(), 'r1')).toThrow(Fenced);
    expect(() => requireRun(stateWith(), 'r1')).toThrow(
      'run r1 has ended, or another run ended it',
    );
  });

  it('takes a lease also of a worker that is not known (any more)', () => {
    const state = withRuns(stateWith('a'), runRecord('r1'));
    expect(() => requireLease(state, 'r1', 'b')).toThrow('run r1 does not hold worker b');
  });
});

describe('runs that expired', () => {
  const late = runRecord('r2', { beat: EXPIRED });

  it('are dropped with the leases of workers that they had begun nothing with', () => {
    const runs = withRuns(stateWith('a', 'b', 'c'), runRecord('r1'), late);
    const state = taken(setDoing(taken(runs, 'r1', ['a', 'b']), 'b', doing), 'r2', ['c']);
    const dropped = dropExpiredRuns(state, EXPIRED);
    // r1 stays visible as the run that left b unfinished.
    expect(leasesOf(dropped)).toEqual({ a: undefined, b: 'r1', c: 'r2' });
    expect(Object.keys(dropped.runs)).toEqual(['r1', 'r2']);
  });

  it('are forgotten when they hold nothing; living ones stay, holding nothing either', () => {
    const state = taken(withRuns(stateWith('a'), runRecord('r1'), late), 'r1', ['a']);
    const dropped = dropExpiredRuns(state, EXPIRED);
    expect(leasesOf(dropped)).toEqual({ a: undefined });
    expect(Object.keys(dropped.runs)).toEqual(['r2']);
  });

  it('are not there: nothing changes', () => {
    const state = taken(withRuns(stateWith('a'), runRecord('r1'), late), 'r1', ['a']);
    expect(dropExpiredRuns(state, BEAT)).toBe(state);
  });
});

describe('a run that was taken over', () => {
  it('stays lost to the first that took it over', () => {
    const third = registerRun(takenOver(), runRecord('r3'));
    expect(taken(third, 'r3', ['b']).runs.r1?.lostTo).toBe('r2');
  });

  it('is forgotten with its last lease, a run that lives is not', () => {
    const third = registerRun(takenOver(), runRecord('r3'));
    expect(Object.keys(taken(third, 'r2', ['b', 'c']).runs)).toEqual(['r2', 'r3']);
  });

  it('leaves the state alone where nothing is to be taken', () => {
    const state = takenOver();
    expect(taken(state, 'r2', ['a'])).toBe(state);
  });
});

describe('a lease', () => {
  it('is lost with its run, and not while that lives', () => {
    const state = taken(withRuns(stateWith('a', 'b'), runRecord('r1')), 'r1', ['a']);
    const lost = (name: 'a' | 'b', at: number) => {
      const record = state.workers[name];
      return record !== undefined && runLost(record, state, at);
    };
    expect([lost('a', BEAT), lost('a', EXPIRED), lost('b', EXPIRED)]).toEqual([false, true, false]);
  });
});

describe('work that was begun', () => {
  it('is interrupted when its run lives no more, and only then', () => {
    const held = taken(withRuns(stateWith('a'), runRecord('r1')), 'r1', ['a']);
    const begun = setDoing(held, 'a', doing);
    const record = (state: State) => state.workers.a ?? expect.fail('the record is there');
    expect(interrupted(record(begun), begun, BEAT)).toBe(false);
    expect(interrupted(record(begun), begun, EXPIRED)).toBe(true);
    expect(interrupted(record(held), held, EXPIRED)).toBe(false);
  });
});

describe('who leads a run', () => {
  const job = 'https://ci.example.net/jobs/7';
  const apply = runRecord('r1');
  const session = runRecord('r2', { kind: 'session', session: 'nightly-1', jobUrl: job });

  it('is said with the place, and the job where there is one', () => {
    expect(whereabouts(apply)).toBe('ci@runner-1 (pid 812 on runner-1)');
    expect(whereabouts(session)).toBe(`ci@runner-1 (pid 812 on runner-1), ${job}`);
    expect(describeRun(apply)).toBe('apply r1 of ci@runner-1 (pid 812 on runner-1)');
    expect(describeRun(session)).toContain('session nightly-1 of ci@runner-1');
  });

  it('is a session’s name where a line has room for no more', () => {
    expect(holderName(session)).toBe('session nightly-1');
    expect(holderName(apply)).toBe(describeRun(apply));
  });

  it.each([
    ['when its session should be over', session, 10, 20],
    ['nothing once that is past', session, 20, undefined],
    ['nothing of a run without a session', apply, 10, undefined],
    ['nothing of a session that nobody knows', { ...session, session: 'x' }, 10, undefined],
  ])('can tell %s', (_, run, now, end) => {
    const sessions = { 'nightly-1': liveSession({ expectedEnd: 20 }) };
    expect(expectedEnd(run, { sessions }, now)).toBe(end);
  });
});
