import { describe, expect, test } from 'vitest';
import type { Guards } from '../../src/model/declaration.ts';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';
import type { WorkerPlan } from '../../src/model/plan.ts';
import { applyGuards } from '../../src/plan/guards.ts';
import { withoutPassedHolds } from '../../src/plan/passed-holds.ts';
import { requireKnown } from '../../src/plan/restrict.ts';
import { stopWhenHopeless } from '../../src/plan/stops.ts';
import {
  deployed,
  edited,
  inventoryOf,
  made,
  NOW,
  optionsOf,
  planOf,
  runOf,
  stateOf,
  vm,
  withWorkers,
  workerIn,
} from './support/builders.ts';

const declaration = withWorkers({ a: { node: 'pve1' } });
const resting = made(workerIn(declaration, 'a'), 9100);

describe('guards', () => {
  const worker = (name: string, change: Partial<WorkerPlan>): WorkerPlan => ({
    worker: name,
    actions: [],
    reasons: [],
    changes: [],
    node: 'pve1',
    frees: [],
    ...change,
  });
  const workers = [
    worker('a', { actions: ['destroy'] }),
    worker('b', { actions: ['replace'] }),
    worker('c', { actions: ['replace'], held: { why: 'locked', by: 'lock clone' } }),
    worker('d', { actions: ['replace'], held: { why: 'protected', by: 'protect: true' } }),
  ];

  test.each<[string, Guards, readonly string[], readonly string[]]>([
    ['none', { forbid: [] }, [], []],
    ['a limit that is kept', { forbid: [], maxDestroy: 1, maxReplace: 2 }, [], []],
    [
      'too many replaces, those that only wait among them',
      { forbid: [], maxReplace: 1 },
      ['b', 'c'],
      ['this plan would replace 2 workers: more than guards.maxReplace 1 allows'],
    ],
    [
      'too many destroys',
      { forbid: [], maxDestroy: 0 },
      ['a'],
      ['this plan would destroy 1 worker: more than guards.maxDestroy 0 allows'],
    ],
    [
      'a forbidden action, and one that is not planned',
      { forbid: ['destroy', 'update'] },
      ['a'],
      ['this plan would destroy 1 worker: more than guards.forbid destroy allows'],
    ],
  ])('%s (P17)', (_, guards, held, refused) => {
    const result = applyGuards(workers, guards);
    const names = result.workers.filter((each) => each.held?.why === 'guard');
    expect(names.map((each) => each.worker)).toEqual(held);
    expect(result.refusals.map(({ message }) => message)).toEqual(refused);
  });
});

describe('a saved plan whose hold has passed', () => {
  const leased = { ...resting.record, lease: { run: 'r1', fence: 1 } };
  const { inventory } = deployed({ a: resting });
  const state = stateOf({ a: leased }, { runs: { r1: runOf('r1') } });
  const bigger = withWorkers({ a: { node: 'pve1', memory: 2 ** 30 } });
  const saved = planOf({ declaration: bigger, state, inventory });
  const heldNow = (later: typeof state, seen = inventory) =>
    withoutPassedHolds(saved, later, seen).workers.map(({ held }) => held?.why);

  test('is held while the run lives', () => {
    expect(saved.workers).toMatchObject([{ actions: ['update'], held: { why: 'leased' } }]);
    expect(heldNow(state)).toEqual(['leased']);
  });

  test('names the job that leads the session which holds it, and whom to ask', () => {
    const jobUrl = 'https://git.example.net/backup/-/jobs/8812';
    const night = runOf('r1', { kind: 'session', session: 'nightly-1', jobUrl });
    const held = stateOf({ a: leased }, { runs: { r1: night } });
    expect(planOf({ declaration: bigger, state: held, inventory }).workers[0]?.held).toEqual({
      why: 'leased',
      by: 'session nightly-1',
      remedy: `It is led by ${night.who} (pid ${night.pid} on ${night.host}), ${jobUrl}. Wait for it to end, or use --wait.`,
    });
  });

  test('is free when the run has ended, or gives no sign of life', () => {
    expect(heldNow(stateOf({ a: resting.record }))).toEqual([undefined]);
    const silent = { runs: { r1: runOf('r1', { beat: NOW - 3_600_000 }) } };
    expect(heldNow(stateOf({ a: leased }, silent))).toEqual([undefined]);
  });

  test('stays held when what was reviewed is not what would be done any more', () => {
    const edit = edited(resting.config, { memory: '4096' });
    const seen = { ...inventory, configs: { ...inventory.configs, 9100: edit } };
    expect(heldNow(stateOf({ a: resting.record }), seen)).toEqual(['leased']);
  });

  test('stays held when its record is gone: its VM would be another one', () => {
    expect(heldNow(stateOf(), inventoryOf({ vms: { 9100: vm(9100) } }))).toEqual(['leased']);
  });
});

describe('a plan that can not be', () => {
  const stopped = (work: () => void) => {
    try {
      work();
    } catch (error) {
      if (error instanceof DiagnosticsError)
        return error.diagnostics.map(({ code, detail }) => [code, ...(detail ?? [])]);
      throw error;
    }
    return [];
  };

  test.each([
    ['target', ['b'], [['unknown-worker', 'workers: a']]],
    ['force', ['a'], []],
  ] as const)('--%s %j', (flag, names, expected) => {
    const options = optionsOf({ [flag]: names });
    expect(stopped(() => requireKnown(options, new Set(['a'])))).toEqual(expected);
  });

  test('a name where there is no worker at all', () => {
    expect(stopped(() => requireKnown(optionsOf({ exclude: ['b'] }), new Set()))).toEqual([
      ['unknown-worker', 'workers: none'],
    ]);
  });

  test.each([
    ['8.3.5', [['pve-too-old']]],
    ['7.4', [['pve-too-old']]],
    ['8.4.1', []],
    ['10.0', []],
    ['unknown', []],
  ])('Proxmox VE %s', (version, expected) => {
    const cluster = { ...inventoryOf().cluster, version };
    const situation = { declaration, state: stateOf(), options: {} };
    expect(
      stopped(() => stopWhenHopeless({ ...situation, inventory: inventoryOf({ cluster }) })),
    ).toEqual(expected);
  });

  test('a cluster that shows none of the recorded nodes', () => {
    const situation = { declaration, state: stateOf(), options: {} };
    expect(
      stopped(() => stopWhenHopeless({ ...situation, inventory: inventoryOf({ nodes: {} }) })),
    ).toEqual([['other-cluster', 'nodes seen: none']]);
  });
});
