import { describe, expect, it } from 'vitest';
import { type LaunchMark, rememberLaunch } from '../../src/model/launch-history.ts';
import type { LiveSession } from '../../src/model/session.ts';
import { emptyState, type State, type WorkerRecord } from '../../src/model/state.ts';
import { withEstimates } from '../../src/session/estimates.ts';
import { rememberMember } from '../../src/session/remember-member.ts';
import { runElsewhere } from '../../src/session/run-elsewhere.ts';
import { attemptKey, isOver, itemState, nextAssignments } from '../../src/session/session-items.ts';
import { resultOf } from '../../src/session/session-result.ts';
import {
  addSession,
  beginAttempt,
  endAttempt,
  endWorker,
  enterPhase,
  finishSession,
  joinWorker,
  leadSession,
  leaveWorkerOut,
  newSessionId,
  requireLive,
} from '../../src/session/session-state.ts';
import { formatState, parseState } from '../../src/state/state-text.ts';
import { LINEAGE } from '../state/support/states.ts';
import { liveSession, MINUTE, NOW, sessionItem, workerRecord } from './support.ts';

const ID = 'nightly-20261122-0200';
const web = sessionItem('vm-101', {
  retries: 1,
  vm: { vmid: 101, name: 'web', node: 'pve1' },
  repository: 'pbs',
});
const catalog = sessionItem('catalog');

function started(parts: Partial<LiveSession> = {}): State {
  let state = addSession(
    emptyState(LINEAGE, 'backup', ''),
    liveSession({
      items: [web, catalog],
      repositories: { pbs: { address: 'pbs:8007', maxConcurrent: 1 } },
      ...parts,
    }),
  );
  for (const [name, node] of [
    ['w1', 'pve1'],
    ['w2', 'pve2'],
  ] as const) {
    state = joinWorker(state, ID, name, { node, slots: 2, expectedAt: NOW });
    state = enterPhase(state, ID, name, 'start', NOW, 9100);
    state = enterPhase(state, ID, name, 'work', NOW + MINUTE);
  }
  return state;
}

function begin(state: State, item: string, worker = 'w1', at = NOW + MINUTE): State {
  return beginAttempt(state, ID, { item, worker, vmid: 9100, place: 'same-node', at });
}

function end(
  state: State,
  item: string,
  attempt: number,
  exitCode: number,
  at = NOW + 5 * MINUTE,
): State {
  return endAttempt(state, ID, {
    item,
    attempt,
    at,
    result: exitCode === 0 ? 'ok' : 'failed',
    exitCode,
  });
}

describe('a session’s id', () => {
  it('is its name and time in UTC, and another one when two begin in one minute', () => {
    const state = started();
    expect(newSessionId('weekly', NOW, state)).toBe('weekly-20261122-0200');
    expect(newSessionId('nightly', NOW, state)).toBe(`${ID}-2`);
  });

  it('is never used twice', () => {
    expect(() => addSession(started(), liveSession())).toThrow('exists already');
  });
});

describe('an item', () => {
  it('is recorded before it is launched, under a key that names its attempt', () => {
    const state = begin(started(), 'vm-101');
    expect(requireLive(state, ID).attempts).toEqual({
      'vm-101': [
        {
          worker: 'w1',
          vmid: 9100,
          place: 'same-node',
          startedAt: NOW + MINUTE,
          result: 'running',
        },
      ],
    });
    expect(attemptKey(ID, 'vm-101', 1)).toBe('nightly-20261122-0200/vm-101/1');
  });

  it('never runs twice at once, and never again after it succeeded', () => {
    const running = begin(started(), 'vm-101');
    expect(() => begin(running, 'vm-101', 'w2')).toThrow('is running, not waiting');
    expect(() => begin(end(running, 'vm-101', 1, 0), 'vm-101')).toThrow('is ok, not waiting');
  });

  it('that failed is tried again as often as its retries allow, in another worker first', () => {
    let state = end(begin(started(), 'vm-101'), 'vm-101', 1, 3);
    const { assignments } = nextAssignments(requireLive(state, ID), state, NOW + 5 * MINUTE);
    expect(assignments).toContainEqual({ item: 'vm-101', worker: 'w2', place: 'other-node' });
    state = end(begin(state, 'vm-101', 'w2'), 'vm-101', 2, 3);
    expect(itemState(requireLive(state, ID), web)).toBe('failed');
    expect(() => begin(state, 'vm-101')).toThrow('is failed, not waiting');
  });

  it('keeps the first result that was saved: an answer may come twice', () => {
    const state = end(begin(started(), 'vm-101'), 'vm-101', 1, 0);
    expect(end(state, 'vm-101', 1, 3)).toBe(state);
  });

  it('that was lost with its VM gets a new attempt; one that was stopped does not', () => {
    const lost = endAttempt(begin(started(), 'vm-101'), ID, {
      item: 'vm-101',
      attempt: 1,
      at: NOW,
      result: 'lost',
    });
    expect(itemState(requireLive(lost, ID), web)).toBe('waiting');
    const stopped = endAttempt(begin(started(), 'vm-101'), ID, {
      item: 'vm-101',
      attempt: 1,
      at: NOW,
      result: 'stopped',
    });
    expect(itemState(requireLive(stopped, ID), web)).toBe('failed');
  });

  it('is not begun while another session fills its repository', () => {
    const other = liveSession({
      id: 'other',
      name: 'weekly',
      items: [web],
      attempts: {
        'vm-101': [{ worker: 'w9', vmid: 9109, place: 'no-vm', startedAt: NOW, result: 'running' }],
      },
    });
    const state = addSession(started(), other);
    expect(begin(state, 'vm-101')).toBe(state);
    const next = nextAssignments(requireLive(state, ID), state, NOW + MINUTE);
    expect(next.assignments.map(({ item }) => item)).toEqual(['catalog']);
    expect(next.waiting).toEqual([{ item: 'vm-101', reason: { kind: 'repository', name: 'pbs' } }]);
  });

  it('of a guest that hangs past its timeout keeps its room in the repository until it is off, but not for ever', () => {
    const HOUR = 60 * MINUTE;
    const files = sessionItem('vm-106', { repository: 'pbs' });
    const hung = begin(started({ items: [web, files] }), 'vm-101');
    const later = NOW + web.timeout + HOUR;
    const startsAt = (state: State, at: number) => begin(state, 'vm-106', 'w2', at) !== state;
    expect(startsAt(hung, later)).toBe(false);
    const givenUp = enterPhase(
      leaveWorkerOut(hung, ID, 'w1', 'no answer'),
      ID,
      'w1',
      'stop',
      later,
    );
    expect(startsAt(givenUp, later + MINUTE)).toBe(false);
    expect(startsAt(givenUp, later + HOUR)).toBe(true);
    const off = endAttempt(givenUp, ID, { item: 'vm-101', attempt: 1, at: later, result: 'lost' });
    expect(startsAt(off, later + MINUTE)).toBe(true);
    const { assignments } = nextAssignments(requireLive(hung, ID), hung, later);
    expect(assignments).toEqual([]);
  });

  it('is not begun while another session of the name runs it: until its worker is taken over, or not at all', () => {
    const runs = (worker: string, name = 'nightly') => {
      const attempt = { worker, vmid: 9109, place: 'no-vm', startedAt: NOW } as const;
      const attempts = { 'vm-101': [{ ...attempt, result: 'running' as const }] };
      const own = { node: 'pve3', slots: 2, expectedAt: NOW };
      const state = joinWorker(started(), ID, 'joining', own);
      return addSession(state, liveSession({ id: 'lost', name, items: [web], attempts }));
    };
    const verdict = (state: State) => {
      const session = requireLive(state, ID);
      const { impossible } = nextAssignments(session, state, NOW + MINUTE);
      return [runElsewhere(session, state).map(({ willEnd }) => willEnd), impossible];
    };
    expect(verdict(runs('w9'))).toEqual([[false], ['vm-101']]);
    expect(verdict(runs('joining'))).toEqual([[true], []]);
    const alone = leaveWorkerOut(runs('joining'), ID, 'joining', 'vm-101 runs in it');
    expect(verdict(endWorker(alone, ID, 'joining', NOW))).toEqual([[false], ['vm-101']]);
    expect(verdict(runs('w1'))).toEqual([[], []]);
    expect(verdict(runs('w9', 'weekly'))).toEqual([[], []]);
  });

  it('goes to nobody who is left out or powered off', () => {
    let state = leaveWorkerOut(started(), ID, 'w1', 'gateway: 10.20.0.1 does not answer');
    state = endWorker(state, ID, 'w2', NOW + MINUTE);
    const next = nextAssignments(requireLive(state, ID), state, NOW + MINUTE);
    expect(next).toEqual({ assignments: [], waiting: [], impossible: ['catalog', 'vm-101'] });
  });
});

describe('a session', () => {
  it('goes on under another run after its own died', () => {
    expect(requireLive(leadSession(started(), ID, 'run-2'), ID).run).toBe('run-2');
  });

  it('is over when nothing waits and nothing runs', () => {
    const state = end(begin(started(), 'vm-101'), 'vm-101', 1, 0);
    expect(isOver(requireLive(state, ID))).toBe(false);
    expect(isOver(requireLive(end(begin(state, 'catalog'), 'catalog', 1, 1), ID))).toBe(true);
  });

  it('ends as one line, ok only if every item succeeded', () => {
    let state = end(begin(started(), 'vm-101'), 'vm-101', 1, 0);
    state = leaveWorkerOut(state, ID, 'w2', 'test failed');
    expect(finishSession(state, ID, NOW + 9 * MINUTE).sessions[ID]).toEqual({
      kind: 'ended',
      id: ID,
      name: 'nightly',
      work: 'backup',
      startedAt: NOW,
      endedAt: NOW + 9 * MINUTE,
      outcome: 'failed',
      ok: 1,
      failed: 0,
      notRun: 1,
      workers: 2,
      leftOut: 1,
    });
    const all = end(begin(state, 'catalog'), 'catalog', 1, 0);
    expect(finishSession(all, ID, NOW).sessions[ID]).toMatchObject({ outcome: 'ok', ok: 2 });
    expect(finishSession(all, ID, NOW, true).sessions[ID]).toMatchObject({
      outcome: 'interrupted',
    });
  });

  it('that ended changes no more', () => {
    const ended = finishSession(started(), ID, NOW);
    expect(() => begin(ended, 'vm-101')).toThrow('has ended');
    expect(() => finishSession(ended, ID, NOW)).toThrow('has ended');
  });

  it('is kept among the last 50: records of dead runs do not pile up (W26)', () => {
    let state = started();
    for (let night = 0; night < 60; night += 1) {
      state = addSession(state, liveSession({ id: `n-${night}`, startedAt: NOW + night }));
      state = finishSession(state, `n-${night}`, NOW + night);
    }
    const kept = Object.values(state.sessions);
    expect(kept.filter(({ kind }) => kind === 'ended')).toHaveLength(50);
    expect(Object.keys(state.sessions)).toContain('n-59');
    expect(Object.keys(state.sessions)).not.toContain('n-9');
    expect(kept.filter(({ kind }) => kind === 'live').map(({ id }) => id)).toEqual([ID]);
  });

  it('is a valid state file while it runs and after it ended', () => {
    const live = enterPhase(end(begin(started(), 'vm-101'), 'vm-101', 1, 0), ID, 'w1', 'stop', NOW);
    const withWorker = { ...live, workers: { w1: workerRecord(9100, 'pve1') } };
    const remembered = rememberMember(endWorker(withWorker, ID, 'w1', NOW + 900), ID, 'w1');
    for (const state of [remembered, finishSession(remembered, ID, NOW + MINUTE)])
      expect(parseState(new TextEncoder().encode(formatState(state)))).toEqual({
        kind: 'state',
        state,
      });
  });
});

describe('what earlier sessions took', () => {
  it('is what the next one expects: per item, else their mean, else ten minutes', () => {
    const took = (state: State, minutes: number): State => {
      const running = begin(addSession(state, liveSession({ items: [web] })), 'vm-101', 'w1', NOW);
      return finishSession(
        end(running, 'vm-101', 1, 0, NOW + minutes * MINUTE),
        ID,
        NOW + minutes * MINUTE,
      );
    };
    const nobody = emptyState(LINEAGE, 'backup', '');
    const once = took(nobody, 8);
    const twice = took({ ...once, sessions: {} }, 4);
    const guess = (state: State) =>
      withEstimates([web, catalog], state.history?.nightly).map(({ estimate }) => estimate);
    expect(guess(nobody)).toEqual([
      { ms: 10 * MINUTE, from: 'default' },
      { ms: 10 * MINUTE, from: 'default' },
    ]);
    expect(guess(once)).toEqual([
      { ms: 8 * MINUTE, from: 'item' },
      { ms: 8 * MINUTE, from: 'session' },
    ]);
    expect(guess(twice)[0]).toEqual({ ms: 6 * MINUTE, from: 'item' });
  });

  it('forgets failures: they say nothing about how long the work takes', () => {
    const failed = finishSession(end(begin(started(), 'vm-101'), 'vm-101', 1, 3), ID, NOW);
    expect(failed.history).toEqual({ nightly: { items: {} } });
  });
});

describe('what earlier launches took', () => {
  const at = (seconds: number) => NOW + seconds * 1000;
  const timesAfter = (marks: readonly LaunchMark[], last: WorkerRecord['last'] = {}) => {
    const workers = { w1: workerRecord(9100, 'pve1', { last }) };
    const state = { ...emptyState(LINEAGE, 'backup', ''), workers };
    return rememberLaunch(state, 'w1', marks, at(200)).workers.w1?.last.launch;
  };
  const patched = (seconds: number) => {
    return { result: 'patched' as const, at: at(seconds), packages: [], rebooted: true };
  };

  it('is remembered phase by phase; both turns count after a reboot', () => {
    const marks = [
      { phase: 'deploy', at: at(0) },
      { phase: 'start', at: at(10) },
      { phase: 'test', at: at(30) },
      { phase: 'patch', at: at(32) },
      { phase: 'test', at: at(100) },
      { phase: 'work', at: at(103) },
      { phase: 'stop', at: at(195) },
    ] as const;
    const times = { deploy: 10_000, start: 20_000, test: 5000, patch: 68_000, stop: 5000 };
    expect(timesAfter(marks, { patch: patched(90) })).toEqual(times);
  });

  it('leaves out a patch that was skipped, and the phase that it was powered off in', () => {
    const skipped = [
      { phase: 'start', at: at(0) },
      { phase: 'test', at: at(20) },
      { phase: 'patch', at: at(21) },
      { phase: 'work', at: at(22) },
      { phase: 'stop', at: at(190) },
    ] as const;
    const known = { patch: patched(-60), launch: { patch: 50_000, start: 40_000 } };
    const times = { patch: 50_000, start: 30_000, test: 1000, stop: 10_000 };
    expect(timesAfter(skipped, known)).toEqual(times);
    const failed = [
      { phase: 'start', at: at(0) },
      { phase: 'test', at: at(20) },
      { phase: 'stop', at: at(140) },
    ] as const;
    expect(timesAfter(failed)).toEqual({ start: 20_000, stop: 60_000 });
  });
});

describe('two sessions of one name that live', () => {
  /** The other one took w1 when this one let go of it, and an item of both runs there since. */
  const taken = (at: number): State => {
    const attempt = { worker: 'w1', vmid: 9100, place: 'no-vm', startedAt: at } as const;
    const other = liveSession({
      id: 'other',
      items: [catalog],
      attempts: { catalog: [{ ...attempt, result: 'running' }] },
    });
    return addSession(started(), other);
  };

  it.each([
    ['is powered off', (state: State) => endWorker(state, ID, 'w1', NOW + 5 * MINUTE)],
    ['is left out', (state: State) => leaveWorkerOut(state, ID, 'w1', 'agent silent')],
  ])('run no item twice at once, also in a worker that %s in one of them before', (_how, leave) => {
    const state = leave(taken(NOW + 10 * MINUTE));
    const at = NOW + 11 * MINUTE;
    const { assignments, impossible } = nextAssignments(requireLive(state, ID), state, at);
    expect(assignments.map(({ item }) => item)).toEqual(['vm-101']);
    expect(impossible).toEqual(['catalog']);
  });

  it('begin no item that the other one has begun since it was looked for', () => {
    const state = endWorker(taken(NOW + 10 * MINUTE), ID, 'w1', NOW + 5 * MINUTE);
    expect(begin(state, 'catalog', 'w2', NOW + 11 * MINUTE)).toBe(state);
  });
});

describe('the report', () => {
  it('holds every attempt, each worker’s launch and what each repository was used for', () => {
    let state = end(begin(started(), 'vm-101'), 'vm-101', 1, 3);
    state = end(begin(state, 'vm-101', 'w2', NOW + 6 * MINUTE), 'vm-101', 2, 0, NOW + 8 * MINUTE);
    state = enterPhase(state, ID, 'w2', 'stop', NOW + 9 * MINUTE);
    state = endWorker(state, ID, 'w2', NOW + 10 * MINUTE);
    const result = resultOf(requireLive(state, ID), NOW + 10 * MINUTE, {
      interrupted: false,
      leftRunning: [],
    });
    expect(result).toMatchObject({ id: ID, tookMs: 10 * MINUTE, outcome: 'failed' });
    expect(
      result.items.map(({ item, result: how, attempts }) => [item, how, attempts.length]),
    ).toEqual([
      ['catalog', 'not-run', 0],
      ['vm-101', 'ok', 2],
    ]);
    expect(result.repositories).toEqual({ pbs: { items: 1, busyMs: 6 * MINUTE, peak: 1 } });
    expect(result.items.map(({ waitedMs }) => waitedMs)).toEqual([undefined, MINUTE]);
    expect(result.workers[1]?.phases).toEqual([
      { phase: 'start', start: 0, end: MINUTE },
      { phase: 'work', start: MINUTE, end: 9 * MINUTE },
      { phase: 'stop', start: 9 * MINUTE, end: 10 * MINUTE },
    ]);
  });

  it('of one that goes on has no negative times where the clock of this machine is behind', () => {
    const state = begin(started(), 'vm-101', 'w2', NOW + 6 * MINUTE);
    const before = { interrupted: false, leftRunning: [], isLive: true };
    const result = resultOf(requireLive(state, ID), NOW - 5 * MINUTE, before);
    expect(result.tookMs).toBe(6 * MINUTE);
    const [attempt] = result.items.flatMap(({ attempts }) => attempts);
    expect(attempt).toMatchObject({ start: 6 * MINUTE, end: 6 * MINUTE });
  });
});
