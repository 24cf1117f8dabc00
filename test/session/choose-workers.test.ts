import { describe, expect, it } from 'vitest';
import type { WorkerPlan } from '../../src/model/plan.ts';
import { emptyState, type State, type WorkerRecord } from '../../src/model/state.ts';
import { type ChooseInput, chooseWorkers } from '../../src/session/choose-workers.ts';
import { runRecord } from '../state/support/states.ts';
import { desiredWorker, liveSession, MINUTE, NOW, sessionSpec, workerRecord } from './support.ts';

const desired = [
  desiredWorker('backup-pve1', 'pve1', { labels: { site: 'north' } }),
  desiredWorker('backup-pve2', 'pve2', { labels: { site: 'south' } }),
];

function state(parts: Partial<State> = {}): State {
  const workers: Readonly<Record<string, WorkerRecord>> = {
    'backup-pve1': workerRecord(9101, 'pve1'),
    'backup-pve2': workerRecord(9102, 'pve2'),
  };
  return { ...emptyState('l', 'backup', ''), workers, ...parts };
}

function input(parts: Partial<ChooseInput> = {}): ChooseInput {
  return {
    session: 'nightly',
    spec: sessionSpec(),
    desired: { workers: desired, contents: {}, repositories: [] },
    plan: { workers: [], findings: [], preflight: [] },
    state: state(),
    now: NOW,
    ...parts,
  };
}

function planOf(worker: string, parts: Partial<WorkerPlan>): ChooseInput['plan'] {
  const plan: WorkerPlan = {
    worker,
    actions: [],
    reasons: [],
    changes: [],
    node: 'pve1',
    frees: [],
    ...parts,
  };
  return { workers: [plan], findings: [], preflight: [] };
}

function names(choice: ReturnType<typeof chooseWorkers>) {
  return choice.chosen.map((worker) => worker.desired.name);
}

const JOB = 'https://git.example.net/backup/-/jobs/8812';
const LEADER = `session other-1 is led by ci@runner-1 (pid 812 on runner-1), ${JOB}`;

/** Leased by a run with that beat, for a session that should end half an hour from now. */
function leased(beat: number): State {
  const record = workerRecord(9101, 'pve1', { lease: { run: 'r1', fence: 1 } });
  return state({
    workers: { ...state().workers, 'backup-pve1': record },
    runs: { r1: runRecord('r1', { kind: 'session', session: 'other-1', beat, jobUrl: JOB }) },
    sessions: { 'other-1': liveSession({ id: 'other-1', expectedEnd: NOW + 30 * MINUTE }) },
  });
}

describe('the workers of a session', () => {
  it('are every enabled one unless names or labels choose some', () => {
    const choose = (workers: { names?: readonly string[]; labels?: Record<string, string> }) =>
      names(chooseWorkers(input({ spec: sessionSpec({ workers }) })));
    expect(choose({})).toEqual(['backup-pve1', 'backup-pve2']);
    expect(choose({ labels: { site: 'south' } })).toEqual(['backup-pve2']);
    expect(choose({ names: ['backup-pve1'] })).toEqual(['backup-pve1']);
    expect(choose({ names: ['backup-pve1'], labels: { site: 'south' } })).toEqual([]);
  });

  it('are deployed when they have no VM, updated when they differ, and launched', () => {
    const bare = state({ workers: { 'backup-pve1': workerRecord(9101, 'pve1') } });
    const plan = planOf('backup-pve1', { actions: ['shutdown', 'update', 'test'] });
    const { chosen } = chooseWorkers(input({ state: bare, plan }));
    expect(chosen.map(({ actions }) => actions)).toEqual([
      ['shutdown', 'update', 'launch'],
      ['deploy', 'launch'],
    ]);
  });

  it('go without one that needs a new VM: a session never destroys anything', () => {
    const plan = planOf('backup-pve1', {
      actions: ['replace'],
      reasons: ['image-changed'],
      changes: [{ path: 'image', before: 'a', after: 'b', causes: ['image'], cost: 'rebuild' }],
    });
    const choice = chooseWorkers(input({ plan }));
    expect(names(choice)).toEqual(['backup-pve2']);
    expect(choice.leftOut).toEqual([
      {
        worker: 'backup-pve1',
        node: 'pve1',
        named: false,
        why: 'needs-replace',
        by: 'image changed',
      },
    ]);
    expect(choice.warnings).toMatchObject([{ remedy: 'muster apply --target backup-pve1' }]);
    expect(choice.refusals).toEqual([]);
  });

  it('go without disabled, quarantined and unreachable ones, and say why', () => {
    const quarantine = { note: 'disk errors', by: 'anna', until: NOW + MINUTE };
    const three = [...desired, desiredWorker('backup-pve3', 'pve3', { enabled: false })];
    const choice = chooseWorkers(
      input({
        desired: { workers: three, contents: {}, repositories: [] },
        state: state({
          workers: {
            ...state().workers,
            'backup-pve1': workerRecord(9101, 'pve1', { quarantine }),
          },
        }),
        plan: planOf('backup-pve2', {
          node: 'pve2',
          held: { why: 'unreachable', by: '595 No route to host' },
        }),
      }),
    );
    expect(choice.chosen).toEqual([]);
    expect(choice.leftOut.map(({ worker, why, by }) => [worker, why, by])).toEqual([
      ['backup-pve1', 'quarantined', 'anna: disk errors'],
      ['backup-pve2', 'unreachable', '595 No route to host'],
      ['backup-pve3', 'disabled', 'enabled: false'],
    ]);
    expect(choice.refusals.map(({ exitCode }) => exitCode)).toEqual([6]);
  });

  it('takes one back whose quarantine is over', () => {
    const quarantine = { note: 'disk errors', by: 'anna', until: NOW - 1 };
    const workers = { 'backup-pve1': workerRecord(9101, 'pve1', { quarantine }) };
    expect(names(chooseWorkers(input({ state: state({ workers }) })))).toContain('backup-pve1');
  });

  it('does without one that reserve leaves no slot', () => {
    const choice = chooseWorkers(input({ spec: sessionSpec({ reserve: 4 }) }));
    expect(choice.leftOut.map(({ why, by }) => [why, by])).toEqual([
      ['no-slots', 'reserve: 4 of 4 slots'],
      ['no-slots', 'reserve: 4 of 4 slots'],
    ]);
  });
});

describe('a leased worker', () => {
  it('is left to the session that holds it, which is named with its expected end (W25)', () => {
    const choice = chooseWorkers(input({ state: leased(NOW) }));
    expect(choice.leftOut).toMatchObject([
      { worker: 'backup-pve1', why: 'leased', by: 'session other-1', until: NOW + 30 * MINUTE },
    ]);
    expect(choice.refusals).toEqual([]);
  });

  it('that the session names makes it end with 4 and the holder with its job, before anything is powered on', () => {
    const spec = sessionSpec({ workers: { names: ['backup-pve1', 'backup-pve2'] } });
    const { refusals } = chooseWorkers(input({ spec, state: leased(NOW) }));
    expect(refusals.map(({ exitCode, diagnostic }) => [exitCode, diagnostic.message])).toEqual([
      [4, 'backup-pve1, which session nightly names, is leased by session other-1'],
    ]);
    expect(refusals.map(({ diagnostic }) => diagnostic.detail)).toEqual([[LEADER]]);
  });

  it('whose run is dead is taken', () => {
    expect(names(chooseWorkers(input({ state: leased(NOW - 60 * MINUTE) })))).toContain(
      'backup-pve1',
    );
  });

  it('too many of which leave fewer than minWorkers: exit 4, because waiting helps', () => {
    const guards = { minItems: 1, minWorkers: 2, waitForWorkers: 0 };
    const { refusals } = chooseWorkers(
      input({ spec: sessionSpec({ guards }), state: leased(NOW) }),
    );
    expect(refusals).toMatchObject([
      {
        exitCode: 4,
        diagnostic: {
          code: 'too-few-workers',
          detail: ['backup-pve1: leased (session other-1)', LEADER],
        },
      },
    ]);
  });
});

describe('a mistake', () => {
  it('in a name is told with what was meant', () => {
    const spec = sessionSpec({ workers: { names: ['backup-pev1'] } });
    const { problems, refusals } = chooseWorkers(input({ spec }));
    expect(problems).toMatchObject([
      { code: 'unknown-worker', remedy: 'Did you mean "backup-pve1"?' },
    ]);
    expect(refusals.map(({ exitCode }) => exitCode)).toEqual([6]);
  });

  it('that selects nobody is told as such', () => {
    const spec = sessionSpec({ workers: { labels: { site: 'west' } } });
    const { problems, refusals } = chooseWorkers(input({ spec }));
    expect(problems).toMatchObject([{ code: 'selects-nobody' }]);
    expect(refusals).toEqual([]);
  });
});
