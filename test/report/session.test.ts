import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../src/model/session.ts';
import type { SessionPlan } from '../../src/model/session-plan.ts';
import type { ItemOutcome, SessionResult } from '../../src/model/session-result.ts';
import { widthOf } from '../../src/report/layout.ts';
import { sessionMarkdown } from '../../src/report/markdown/session-markdown.ts';
import { PLAIN } from '../../src/report/paint.ts';
import { eventMessage } from '../../src/report/progress/event-json.ts';
import { eventLines } from '../../src/report/progress/event-lines.ts';
import { sessionGantt } from '../../src/report/session/session-gantt.ts';
import { sessionJunit } from '../../src/report/session/session-junit.ts';
import { sessionMetrics } from '../../src/report/session/session-metrics.ts';
import { sessionPlanText } from '../../src/report/session/session-plan-text.ts';
import { sessionResultText } from '../../src/report/session/session-result-text.ts';
import { MINUTE, NOW, sessionItem, sessionSpec } from '../session/support.ts';

const web = sessionItem('vm-101', {
  vm: { vmid: 101, name: 'web', node: 'pve1' },
  estimate: { ms: 9 * MINUTE, from: 'item' },
});
const wiki = sessionItem('vm-106', { vm: { vmid: 106, name: 'wiki', node: 'pve3' } });

function plan(parts: Partial<SessionPlan> = {}): SessionPlan {
  return {
    session: 'nightly',
    kind: 'backup',
    selects: {},
    placement: 'preferSameNode',
    reserve: 0,
    guards: sessionSpec().guards,
    repositories: { 'pbs-main': { address: 'pbs:8007', maxConcurrent: 8 } },
    workers: [
      {
        worker: 'backup-pve1',
        node: 'pve1',
        vmid: 9100,
        actions: ['launch'],
        slots: 4,
        launch: { times: {}, from: 'worker' },
        readyAt: 21_000,
      },
      {
        worker: 'backup-pve2',
        node: 'pve2',
        vmid: 9101,
        actions: ['configure', 'deploy', 'launch'],
        slots: 4,
        launch: { times: {}, from: 'default' },
        readyAt: 111_000,
      },
    ],
    leftOut: [
      {
        worker: 'backup-pve3',
        node: 'pve3',
        why: 'leased',
        by: 'session weekly-1',
        named: false,
        until: NOW,
      },
    ],
    items: [
      {
        item: web,
        run: {
          worker: 'backup-pve1',
          node: 'pve1',
          place: 'same-node',
          start: 21_000,
          end: 21_000 + 9 * MINUTE,
        },
      },
      {
        item: wiki,
        run: {
          worker: 'backup-pve2',
          node: 'pve2',
          place: 'other-node',
          start: 111_000,
          end: 111_000 + 10 * MINUTE,
          waitedFor: { kind: 'slots' },
        },
      },
    ],
    forecast: {
      totalMs: 12 * MINUTE,
      itemsEndMs: 711_000,
      bound: { ms: 11 * MINUTE, by: { kind: 'repository', name: 'pbs-main' } },
      waits: [
        {
          from: 21_000,
          to: 2 * MINUTE,
          reason: { kind: 'repository', name: 'pbs-main' },
          items: 3,
        },
      ],
      savings: [{ what: { kind: 'slot', worker: 'backup-pve1' }, ms: 3 * MINUTE }],
      overNetwork: 1,
    },
    leftForApply: [{ action: 'destroy', workers: 1 }],
    warnings: [],
    refusals: [],
    ...parts,
  };
}

function outcome(item: string, parts: Partial<ItemOutcome> = {}): ItemOutcome {
  const attempt = {
    worker: 'backup-pve1',
    node: 'pve1',
    place: 'same-node' as const,
    start: 21_000,
    end: 580_000,
    exitCode: 0,
  };
  return { item, result: 'ok', attempts: [attempt], ...parts };
}

function result(parts: Partial<SessionResult> = {}): SessionResult {
  const failed = {
    worker: 'backup-pve1',
    node: 'pve1',
    place: 'other-node' as const,
    start: 0,
    end: 688_000,
    exitCode: 3,
  };
  return {
    id: 'nightly-20261122-0200',
    name: 'nightly',
    kind: 'backup',
    startedAt: NOW,
    tookMs: 1_544_000,
    outcome: 'failed',
    items: [
      outcome('vm-107', {
        vm: { vmid: 107, name: 'db', node: 'pve2' },
        result: 'failed',
        attempts: [failed, failed],
      }),
      outcome('vm-101', { vm: { vmid: 101, name: 'web', node: 'pve1' } }),
      outcome('vm-105', {
        vm: { vmid: 105, name: 'ldap', node: 'pve3' },
        attempts: [{ ...failed, worker: 'backup-pve2', end: 280_000, exitCode: 0 }],
      }),
    ],
    workers: [
      {
        worker: 'backup-pve1',
        node: 'pve1',
        vmid: 9100,
        items: 2,
        phases: [{ phase: 'start', start: 0, end: 20_000 }],
      },
      {
        worker: 'backup-pve3',
        node: 'pve3',
        vmid: 9102,
        items: 0,
        phases: [],
        leftOut: 'gateway: no answer',
      },
    ],
    repositories: {},
    leftRunning: [],
    ...parts,
  };
}

const view = { program: 'muster', paint: PLAIN, verbose: false };

describe('the plan of a session', () => {
  it('shows workers, items in their order, what binds, what would help, and the next command', () => {
    const next = { program: 'muster', flags: '', reviewDigest: 'ab'.repeat(32) };
    expect(sessionPlanText(plan(), { ...view, next }).split('\n')).toEqual([
      'Session  nightly: backup, 2 items, 2 workers, 8 slots (pbs-main: 8)',
      '',
      '  +  backup-pve2  deploy, launch  on pve2, vm 9101  4 slots  ready after 1 m 51 s',
      '  >  backup-pve1  launch          on pve1, vm 9100  4 slots  ready after 21 s',
      '  ?  backup-pve3  left out  on pve3  leased: session weekly-1, until 2026-11-22 02:00 UTC',
      '  Not part of a session, left for "muster apply": 1 to destroy',
      '',
      'Start  Worker       Item    VM    Takes',
      ' 0:21  backup-pve1  vm-101  web     9 m  same node',
      ' 1:51  backup-pve2  vm-106  wiki   10 m  other node  a guess; waits for slots',
      '',
      'Total    12 m, power-off included; no order is faster than 11 m, by the limit of pbs-main',
      "Network  1 item read from another node than the VM's",
      'Waits    0:21 to 2:00: up to 3 items for room in pbs-main',
      'Faster   one more slot in backup-pve1 saves 3 m',
      '',
      'Next     muster apply --with-session nightly                     plan again, run it',
      '         muster plan --with-session nightly --out muster.plan    save it, to run just this',
      '',
    ]);
    const saved = sessionPlanText(plan(), { ...view, next: { ...next, savedAs: 's.plan' } });
    expect(saved).toContain('\nSaved    s.plan   review digest abababababababab\n');
    expect(saved).toContain('\nNext     muster apply s.plan    run it, once, as it was reviewed\n');
  });

  it('is short where there are many items, and whole with --verbose', () => {
    const items = Array.from({ length: 30 }, (_, index) => ({ item: sessionItem(`i${index}`) }));
    expect(sessionPlanText(plan({ items }), view)).toContain('and 10 more: --verbose shows all');
    expect(sessionPlanText(plan({ items }), { ...view, verbose: true })).toContain(
      'no worker  i29',
    );
  });

  it('says what stands against it, and then no command to run it', () => {
    const diagnostic = {
      severity: 'error',
      code: 'too-few-items',
      message: 'session nightly has 0 of at least 1 items',
      labels: [],
    } as const;
    const text = sessionPlanText(
      plan({ items: [], refusals: [{ exitCode: 6, diagnostic }] }),
      view,
    );
    expect(text).toContain('has 0 of at least 1 items');
    expect(text).toContain('Refused: nothing would be powered on.');
    expect(text).not.toContain('Next');
  });
});

describe('the report of a session', () => {
  it('shows failures first, how often each item was tried, and what to type next', () => {
    expect(sessionResultText(result(), view).split('\n')).toEqual([
      'Item    VM    Worker            Took  Result',
      'vm-107  db    backup-pve1  11 m 28 s  FAILED exit 3, 2 attempts',
      'vm-101  web   backup-pve1   9 m 19 s  ok',
      'vm-105  ldap  backup-pve2   4 m 40 s  ok   read from pve3 over the network',
      '',
      'Session nightly: 2 items ok, 1 FAILED; 1 worker left out; 0 workers left running; 25 m 44 s.',
      'Next     muster sessions show nightly-20261122-0200 vm-107    output of the failed item',
      '         muster apply --with-session nightly --item vm-107    run it again',
      '',
    ]);
  });

  it('with --verbose shows what each item waited for its slot, and what each repository had to do', () => {
    const told = result({
      items: [outcome('vm-101', { waitedMs: 90_000 }), outcome('vm-102')],
      repositories: { 'pbs-main': { items: 2, busyMs: 600_000, peak: 2 } },
    });
    const lines = sessionResultText(told, { ...view, verbose: true }).split('\n');
    expect(lines[0]).toMatch(/^Item +VM +Worker +Waited +Took +Result$/);
    expect(lines[1]).toMatch(/^vm-101 .* 1 m 30 s +\S.* ok/);
    expect(lines).toContain('Repository  Items  Busy  At once');
    expect(lines).toContain('pbs-main    2      10 m  at most 2');
    const markdown = sessionMarkdown(told, { project: 'p', environment: '', program: 'muster' });
    expect(markdown).toContain('Repositories: `pbs-main` 2 items, 10 m, at most 2 at once.');
    expect(sessionMetrics(told)).toContain(
      'muster_session_item_waited_seconds{session="nightly",item="vm-101"} 90',
    );
  });

  it('with --verbose shows how long each worker took for each phase, and why one was left out', () => {
    const launches = ['deploy', 'start', 'agent', 'test', 'patch', 'work', 'stop'] as const;
    const long = launches.map((phase, index) => {
      return { phase, start: index * 1_000_000, end: (index + 1) * 1_000_000 - 1_000 };
    });
    const [first, second] = result().workers;
    if (first === undefined || second === undefined) throw new Error('there are two workers');
    const told = result({ workers: [{ ...first, phases: long }, second] });
    const lines = sessionResultText(told, { ...view, verbose: true }).split('\n');
    const at = lines.findIndex((line) => line.startsWith('Worker'));
    expect(lines.slice(at, at + 4)).toEqual([
      'Worker       VM    Items  Deploy  Start  Agent   Test  Patch   Work   Stop',
      'backup-pve1  9100  2       16:39  16:39  16:39  16:39  16:39  16:39  16:39',
      'backup-pve3  9102  0',
      '    left out: gateway: no answer',
    ]);
  });

  it('tells of items that were stopped or ran into their time limit, not of the signal that ended them', () => {
    const attempt = { worker: 'a', node: 'n', place: 'no-vm' as const, start: 0, end: 1000 };
    const ended = [{ ...attempt, exitCode: 143 }];
    const told = result({
      outcome: 'interrupted',
      items: [
        outcome('one', { result: 'stopped', attempts: ended }),
        outcome('two', { result: 'timeout', attempts: ended }),
      ],
      workers: [],
    });
    const markdown = sessionMarkdown(told, { project: 'p', environment: '', program: 'muster' });
    const texts = [sessionResultText(told, view), sessionJunit(told), markdown];
    for (const text of texts) {
      expect(text).not.toContain('143');
      expect(text).toContain('timeout');
    }
    expect(texts[0]).toMatch(/^one .* STOPPED$/m);
    expect(texts[0]).toContain('Session nightly interrupted: 0 items ok, 1 FAILED, 1 STOPPED;');
  });

  it('offers nothing to run again when all went well, or when the session has no name', () => {
    const good = result({ items: [outcome('a')], outcome: 'ok', workers: [] });
    expect(sessionResultText(good, view)).not.toContain('Next');
    const { name: _, ...adHoc } = result();
    expect(sessionResultText(adHoc, view)).not.toContain('--with-session');
  });

  it('puts a worker that is still on before everything else', () => {
    expect(
      sessionResultText(result({ workers: [], leftRunning: ['backup-pve2'] }), view),
    ).toContain(
      '1 worker left running (backup-pve2); 25 m 44 s.\nNext     muster shutdown backup-pve2\n',
    );
  });

  it('lets no name act on the terminal, nor widen the page', () => {
    const nasty = '\u001b[31mevil\n'.repeat(20);
    const bad = result({
      id: nasty,
      items: [outcome(nasty, { result: 'failed', vm: { vmid: 1, name: nasty, node: nasty } })],
    });
    const texts = [
      sessionResultText(bad, { ...view, verbose: true }),
      sessionPlanText(plan({ session: nasty, items: [{ item: sessionItem(nasty) }] }), view),
    ];
    for (const text of texts) {
      expect(text).not.toContain('\u001b');
      for (const line of text.split('\n'))
        if (!line.startsWith('Next') && !line.startsWith(' '))
          expect(widthOf(line)).toBeLessThanOrEqual(100);
    }
  });
});

describe('the Gantt diagram', () => {
  it('has a section per worker: its launch, then its items', () => {
    expect(sessionGantt(plan()).split('\n')).toEqual([
      'gantt',
      '    title nightly as predicted, 12 m',
      '    dateFormat YYYY-MM-DD HH:mm:ss',
      '    axisFormat %H:%M',
      '    todayMarker off',
      '    section backup-pve1',
      '    launch :active, 2000-01-01 00:00:00, 2000-01-01 00:00:21',
      '    vm-101 web :2000-01-01 00:00:21, 2000-01-01 00:09:21',
      '    section backup-pve2',
      '    launch :active, 2000-01-01 00:00:00, 2000-01-01 00:01:51',
      '    vm-106 wiki :2000-01-01 00:01:51, 2000-01-01 00:11:51',
      '',
    ]);
  });

  it('marks failed attempts of a session that ran, at the time of the clock', () => {
    const text = sessionGantt(result());
    expect(text).toContain('    vm-107 db :crit, 2026-11-22 02:00:00, 2026-11-22 02:11:28');
    expect(text).toContain('    vm-101 web :done, 2026-11-22 02:00:21, 2026-11-22 02:09:40');
  });

  it('is not broken by names: no colon, fence, comment, or word that begins a statement', () => {
    const names = [
      'a:b',
      '```',
      '%% x',
      'section evil',
      'x;#y',
      '2026-11-22',
      '<script>',
      'click a',
      '',
    ];
    const items = names.map((name) => ({
      item: sessionItem(name),
      run: { worker: 'title', node: 'n', place: 'no-vm' as const, start: 0, end: 1000 },
    }));
    const lines = sessionGantt(plan({ items })).split('\n').slice(5, -1);
    for (const line of lines) {
      const text =
        line
          .slice(4)
          .replace(/^section /, '')
          .split(' :')[0] ?? '';
      expect(text).not.toMatch(/[:`%;#<>]|^(section|click|title|\d{4}-)|^$/);
    }
  });
});

describe('what a session tells while it goes on', () => {
  const events: readonly SessionEvent[] = [
    {
      kind: 'item-start',
      at: 21_000,
      worker: 'backup-pve1',
      item: 'vm-101',
      vm: 'web',
      place: 'same-node',
      attempt: 1,
      attempts: 2,
    },
    { kind: 'item-done', at: 580_000, worker: 'backup-pve1', item: 'vm-101', tookMs: 559_000 },
    {
      kind: 'item-failed',
      at: 842_000,
      worker: 'backup-pve1',
      item: 'vm-107',
      result: 'failed',
      exitCode: 3,
      tookMs: 662_000,
      attempt: 1,
      attempts: 2,
      lastLine: 'Error: datastore store1 is full',
    },
    {
      kind: 'item-failed',
      at: 900_000,
      worker: 'backup-pve1',
      item: 'vm-107',
      result: 'timeout',
      exitCode: 143,
      tookMs: 1000,
      attempt: 2,
      attempts: 2,
    },
    {
      kind: 'item-failed',
      at: 901_000,
      worker: 'backup-pve1',
      item: 'vm-108',
      result: 'stopped',
      exitCode: 143,
      tookMs: 2000,
      attempt: 1,
      attempts: 2,
    },
  ];

  it('is one line per event, with the time of the clock', () => {
    expect(events.flatMap((event) => eventLines(event, { worker: 11, startedAt: NOW }))).toEqual([
      '  02:00:21  backup-pve1  vm-101      started: web (same node, attempt 1 of 2)',
      '  02:09:40  backup-pve1  vm-101      done: exit 0 in 9 m 19 s',
      '  02:14:02  backup-pve1  vm-107      FAILED: exit 3 in 11 m 2 s, attempt 1 of 2',
      '                                     last line: "Error: datastore store1 is full"',
      '  02:15:00  backup-pve1  vm-107      FAILED: timeout in 1 s, no attempt left',
      '  02:15:01  backup-pve1  vm-108      stopped after 2 s',
    ]);
  });

  it('is one object per event for programs', () => {
    const messages = events.map((event) => eventMessage(event));
    expect(messages.map(({ type }) => type)).toEqual([
      'item_start',
      'item_complete',
      'item_errored',
      'item_errored',
      'item_errored',
    ]);
    expect(messages[2]?.item).toMatchObject({ item: 'vm-107', exitCode: 3, attempt: 1 });
  });
});
