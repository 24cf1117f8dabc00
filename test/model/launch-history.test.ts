import { describe, expect, test } from 'vitest';
import { type LaunchMark, rememberLaunch, smoothed } from '../../src/model/launch-history.ts';
import type { LaunchPhase } from '../../src/model/session.ts';
import type { WorkerRecord } from '../../src/model/state.ts';
import { stateWith } from '../state/support/states.ts';

const MARKS: readonly LaunchMark[] = marks(
  ['deploy', 0],
  ['start', 100],
  ['agent', 110],
  ['test', 130],
  ['patch', 160],
  ['work', 200],
  ['stop', 900],
);

function marks(...pairs: readonly (readonly [LaunchPhase, number])[]): readonly LaunchMark[] {
  return pairs.map(([phase, at]) => ({ phase, at }));
}

function stateOf(last: WorkerRecord['last'] = {}) {
  const state = stateWith('a');
  const record = state.workers.a;
  if (record === undefined) throw new Error('the record is there');
  return { ...state, workers: { a: { ...record, last } } };
}

const patched = (at: number) => ({
  patch: { result: 'patched', at, packages: [], rebooted: false } as const,
});

function launchOf(seen: readonly LaunchMark[], offAt: number, last: WorkerRecord['last'] = {}) {
  return rememberLaunch(stateOf(last), 'a', seen, offAt).workers.a?.last.launch;
}

describe('what a launch took', () => {
  test('is remembered phase by phase; work is not', () => {
    const launch = launchOf(MARKS, 930, patched(190));
    const took = { deploy: 100, start: 10, agent: 20, test: 30, patch: 40, stop: 30 };
    expect(launch).toStrictEqual(took);
  });

  test('knows a patch only when the worker was patched since it began', () => {
    expect(launchOf(MARKS, 930, patched(159))).not.toHaveProperty('patch');
    expect(launchOf(MARKS, 930, patched(160))).toHaveProperty('patch', 40);
    expect(launchOf(MARKS, 930)).not.toHaveProperty('patch');
  });

  test('says nothing about a phase that it was powered off in', () => {
    const launch = launchOf(marks(['start', 0], ['agent', 10], ['stop', 500]), 530);
    expect(launch).toEqual({ start: 10, stop: 30 });
    expect(launchOf(marks(['start', 0]), 530)).toBeUndefined();
    expect(launchOf(marks(['stop', 0], ['start', 50], ['agent', 60]), 90)).toEqual({ start: 10 });
  });

  test('counts both turns of a test that a reboot repeated', () => {
    const turns = marks(['test', 0], ['patch', 10], ['test', 50], ['work', 75], ['stop', 80]);
    expect(launchOf(turns, 80, patched(20))).toMatchObject({ test: 35, patch: 40, stop: 0 });
  });

  test('is never negative, also when the clock was set back', () => {
    expect(launchOf(marks(['start', 100], ['agent', 40]), 50)).toEqual({ start: 0 });
  });

  test('moves what was known half of the way, and keeps phases that it did not have', () => {
    const before = { launch: { start: 30, update: 7 } };
    expect(launchOf(marks(['start', 0], ['agent', 10]), 20, before)).toEqual({
      start: 20,
      update: 7,
    });
    expect([smoothed(undefined, 10), smoothed(10, 21)]).toEqual([10, 16]);
  });

  test('changes no state when it tells nothing new', () => {
    const same = stateOf({ launch: { start: 10 } });
    expect(rememberLaunch(same, 'a', marks(['start', 0], ['agent', 10]), 20)).toBe(same);
  });
});
