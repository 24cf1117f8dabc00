import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/model/event.ts';
import type { ActionKind, Plan, WorkerPlan } from '../../src/model/plan.ts';
import { widthOf } from '../../src/report/layout.ts';
import { eventMessage } from '../../src/report/progress/event-json.ts';
import { eventLines } from '../../src/report/progress/event-lines.ts';
import { diagnosticMessage } from '../../src/report/progress/json-message.ts';
import { liveLines, NOTHING_LIVE, nextLive } from '../../src/report/progress/live-block.ts';
import {
  changeSummaryMessage,
  planMessages,
  plannedChangeMessage,
} from '../../src/report/progress/plan-messages.ts';
import { resultMessages } from '../../src/report/progress/result-messages.ts';
import { type Told, tellOrNot } from '../../src/report/progress/waiting-filter.ts';
import { driftPlan, workerOf } from './plans.ts';

const COLUMNS = { worker: 11 };

const EVENTS: readonly RunEvent[] = [
  {
    kind: 'action-start',
    at: 0,
    worker: 'backup-pve1',
    action: 'deploy',
    message: 'cloning template 9000 to vm 9100',
  },
  {
    kind: 'progress',
    at: 10_000,
    worker: 'backup-pve1',
    action: 'deploy',
    step: 'clone',
    message: '',
    waitingFor: 'waiting-for-clone',
    waitedMs: 10_000,
    deadlineMs: 1_800_000,
  },
  { kind: 'action-done', at: 24_000, worker: 'backup-pve1', action: 'deploy', tookMs: 24_000 },
  {
    kind: 'step-done',
    at: 112_000,
    worker: 'backup-pve2',
    action: 'test',
    step: 'test',
    message: 'at "repository:pbs-main" (8 passed, 1 failed, 1 not run)',
    failed: true,
    detail: [
      'seen: 192.168.2.58 -> pbs.example.net:8007: no answer in 5 s',
      'hint: gateway 192.168.2.1 answers; a hop after it drops port 8007',
    ],
  },
  { kind: 'skipped', at: 113_000, worker: 'backup-pve3', why: 'backup-pve2 failed' },
  { kind: 'warning', at: 114_000, message: 'a beat could not be saved' },
];

const LINES = `\
  0:10  backup-pve1  clone       waiting-for-clone, 10 s of 30 m
  1:52  backup-pve2  test        FAILED at "repository:pbs-main" (8 passed, 1 failed, 1 not run)
                                 seen: 192.168.2.58 -> pbs.example.net:8007: no answer in 5 s
                                 hint: gateway 192.168.2.1 answers; a hop after it drops port 8007
  1:53  backup-pve3  skipped     backup-pve2 failed
  1:54               warning     a beat could not be saved
`;

describe('eventLines', () => {
  it('P22: tells time, worker, step, and what is waited for with its deadline; steps stand for their action', () => {
    const lines = EVENTS.flatMap((event) => eventLines(event, COLUMNS));
    expect(lines.map((line) => `${line}\n`).join('')).toBe(LINES);
  });

  it('lets nothing that a guest says act on the terminal', () => {
    const lines = eventLines(
      {
        kind: 'action-failed',
        at: 0,
        worker: 'w\u001b[2J',
        action: 'test',
        tookMs: 5,
        error: 'x\r\nfake  line\u202e',
        remedy: '\u0007',
      },
      { worker: 5 },
    );
    expect(lines.join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(lines.join('\n')).toContain('\\r\\nfake');
  });
});

describe('tellOrNot', () => {
  it('P11: in a pipe, tells a wait when it begins and then every 30 s, and everything else always', () => {
    const wait = (at: number, waitingFor = 'waiting-for-clone'): RunEvent => ({
      kind: 'progress',
      at,
      worker: 'w',
      action: 'deploy',
      step: 'clone',
      message: '',
      waitingFor,
    });
    let told: Told = {};
    const tell = (event: RunEvent) => {
      const next = tellOrNot(event, told);
      told = next.told;
      return next.tell;
    };
    expect([0, 1000, 29_000, 30_000, 31_000].map((at) => tell(wait(at)))).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
    expect(tell(wait(32_000, 'waiting-for-agent'))).toBe(true);
    expect(tell({ kind: 'note', at: 33_000, message: 'x' })).toBe(true);
  });
});

describe('the live block', () => {
  it('has one line per busy worker, with the time its step takes, until it ends', () => {
    const states = EVENTS.slice(0, 2).reduce(
      (state, event) => nextLive(state, event).state,
      NOTHING_LIVE,
    );
    const terminal = { columns: 80, rows: 10 };
    expect(liveLines(states, 12_000, COLUMNS, terminal)).toEqual([
      '  0:02  backup-pve1  clone       waiting-for-clone, 10 s of 30 m',
    ]);
    const ended = EVENTS[2];
    if (ended === undefined) throw new Error('the list of events is shorter than it was');
    const after = nextLive(states, ended);
    expect(after.scroll).toBe(true);
    expect(liveLines(after.state, 24_000, COLUMNS, terminal)).toEqual([]);
  });

  it('of a session has a line per item that runs; what a worker was launched with is gone by then', () => {
    const at = { worker: 'backup-pve1', action: 'session', step: 'start', message: '' } as const;
    const item = { worker: 'backup-pve1', item: 'vm-101', attempt: 1, attempts: 1 } as const;
    const waits = { ...at, kind: 'progress', at: 3000, waitingFor: 'waiting-for-agent' } as const;
    const starts = { ...item, kind: 'item-start', at: 20_000, vm: 'web', place: 'no-vm' } as const;
    const other = { ...starts, item: 'vm-102', vm: 'db', at: 30_000 };
    const state = [waits, starts, other].reduce(
      (before, event) => nextLive(before, event).state,
      NOTHING_LIVE,
    );
    const columns = { ...COLUMNS, startedAt: Date.UTC(2026, 10, 22, 2) };
    const terminal = { columns: 80, rows: 10 };
    expect(liveLines(state, 60_000, columns, terminal)).toEqual([
      '      0:40  backup-pve1  vm-101      web',
      '      0:30  backup-pve1  vm-102      db',
    ]);
    const done = { kind: 'item-done', at: 60_000, tookMs: 1, worker: 'backup-pve1' } as const;
    const after = nextLive(state, { ...done, item: 'vm-101' });
    expect(liveLines(after.state, 60_000, columns, terminal)).toHaveLength(1);
    expect(nextLive(state, waits).scroll).toBe(false);
  });

  it('drops a step that is done, though nothing follows it', () => {
    const step = { worker: 'a', action: 'session', step: 'patch', message: 'x' } as const;
    const begun = nextLive(NOTHING_LIVE, { ...step, kind: 'progress', at: 0 }).state;
    const after = nextLive(begun, { ...step, kind: 'step-done', at: 9 });
    expect(liveLines(after.state, 10, COLUMNS, { columns: 80, rows: 10 })).toEqual([]);
  });

  it('is never wider or taller than it may be, so that it can be drawn over', () => {
    let state = NOTHING_LIVE;
    for (let index = 0; index < 30; index += 1) {
      const message = 'x'.repeat(200);
      const worker = `w${index}`;
      const step = {
        kind: 'progress',
        at: index,
        worker,
        action: 'test',
        step: 's',
        message,
      } as const;
      state = nextLive(state, step).state;
    }
    const lines = liveLines(state, 100, { worker: 3 }, { columns: 60, rows: 5 });
    expect(lines).toHaveLength(6);
    expect(lines.every((line) => widthOf(line) < 60)).toBe(true);
    expect(lines.at(-1)).toContain('and 25 more');
  });
});

describe('JSON messages', () => {
  it("use the message types of Terraform's machine readable UI", () => {
    expect(EVENTS.map((event) => eventMessage(event).type)).toEqual([
      'apply_start',
      'apply_progress',
      'apply_complete',
      'apply_progress',
      'skipped',
      'diagnostic',
    ]);
    expect(
      eventMessage(EVENTS[2] ?? EVENTS[0] ?? { kind: 'note', at: 0, message: '' }),
    ).toMatchObject({
      '@level': 'info',
      '@module': 'muster',
      type: 'apply_complete',
      hook: {
        resource: { addr: 'muster_worker.backup-pve1' },
        action: 'update',
        actions: ['deploy'],
        elapsed_seconds: 24,
      },
    });
  });

  it('call the configure of a new worker its creation, and nothing else', () => {
    const said = (action: ActionKind, planned?: WorkerPlan) => {
      const event = { kind: 'action-start', at: 0, worker: 'w', action, message: '' } as const;
      const { hook } = eventMessage(event, { planned }) as { hook: { action: string } };
      return hook.action;
    };
    const fresh = workerOf('w', { actions: ['configure', 'deploy', 'test'], reasons: ['new'] });
    expect(fresh.actions.map((action) => said(action, fresh))).toEqual([
      'create',
      'update',
      'update',
    ]);
    const known = workerOf('w', { actions: ['configure'], reasons: ['declaration-changed'] });
    expect([said('configure', known), said('configure')]).toEqual(['update', 'update']);
    expect([said('destroy'), said('forget'), said('replace')]).toEqual([
      'delete',
      'remove',
      'replace',
    ]);
  });

  it('say why something is destroyed or replaced in the words of the stream, not of the plan', () => {
    const why = (parts: Partial<WorkerPlan>) =>
      (plannedChangeMessage(workerOf('w', parts)).change as { reason?: string }).reason;
    expect(why({ actions: ['destroy'], reasons: ['undeclared'] })).toBe(
      'delete_because_no_resource_config',
    );
    expect(why({ actions: ['destroy'], reasons: ['requested'] })).toBe(undefined);
    expect(why({ actions: ['replace'], reasons: ['requested'] })).toBe('requested');
    expect(why({ actions: ['replace'], reasons: ['image-changed'] })).toBe('cannot_update');
    expect(why({ actions: ['update'], reasons: ['drift'] })).toBe(undefined);
  });

  it('call the summary of a destroy one', () => {
    const plan = driftPlan();
    const result = { run: 'r', outcomes: [], interrupted: false, leftRunning: [], tookMs: 0 };
    const operation = (destroy: boolean) =>
      resultMessages({ ...plan, options: { ...plan.options, destroy } }, result)[0]?.changes;
    expect(operation(true)).toMatchObject({ operation: 'destroy' });
    expect(operation(false)).toMatchObject({ operation: 'apply' });
  });

  it('of a plan hold what its text says below the workers: refusals, preflight, warnings, findings', () => {
    const problem = {
      severity: 'error',
      code: 'max-destroy',
      message: 'too many',
      labels: [],
    } as const;
    const plan = {
      ...driftPlan(),
      refusals: [problem],
      preflight: [
        { result: 'ok', code: 'privileges', message: 'all' },
        { result: 'fail', code: 'no-space', message: 'full', worker: 'w', remedy: 'Free some.' },
        { result: 'warn', code: 'thin', message: 'thin' },
      ],
      warnings: [{ ...problem, severity: 'warning', code: 'slots' }],
      findings: [{ code: 'orphan', message: 'a VM nobody knows', worker: 'x' }],
    } as const satisfies Plan;
    const told = planMessages(plan, '1').filter(({ type }) => type === 'diagnostic');
    expect(told.map(({ diagnostic }) => diagnostic)).toMatchObject([
      { severity: 'error', code: 'max-destroy' },
      { severity: 'error', code: 'no-space', address: 'muster_worker.w', detail: 'Free some.' },
      { severity: 'warning', code: 'thin' },
      { severity: 'warning', code: 'slots' },
      { severity: 'warning', code: 'orphan', address: 'muster_worker.x' },
    ]);
  });

  it('count a replace as one to add and one to remove, and held workers apart', () => {
    const { changes } = changeSummaryMessage(driftPlan());
    expect(changes).toMatchObject({
      add: 2,
      change: 2,
      remove: 2,
      held: { leased: 1, unreachable: 1 },
    });
  });

  it('show a held worker as no operation', () => {
    const held = workerOf('w', { actions: ['update'], held: { why: 'leased', by: 'x' } });
    expect(plannedChangeMessage(held).change).toMatchObject({
      action: 'noop',
      actions: ['update'],
    });
  });

  it('call forgetting a worker "remove", as Terraform does there and not in its plan', () => {
    const forgotten = workerOf('w', { actions: ['forget'] });
    expect(plannedChangeMessage(forgotten).change).toMatchObject({ action: 'remove' });
  });

  it('carry the place of a diagnostic', () => {
    const label = { file: 'muster.yaml', line: 3, column: 5, endLine: 3, endColumn: 9 };
    const message = diagnosticMessage({
      severity: 'error',
      code: 'x',
      message: 'wrong',
      labels: [label],
    });
    expect(message.diagnostic).toMatchObject({
      severity: 'error',
      summary: 'wrong',
      range: {
        filename: 'muster.yaml',
        start: { line: 3, column: 5 },
        end: { line: 3, column: 9 },
      },
    });
  });
});
