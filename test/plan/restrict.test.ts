import { describe, expect, test } from 'vitest';
import type { ActionKind, Change, PlanOptions, WorkerPlan } from '../../src/model/plan.ts';
import { inScope, requireKnown, restrict } from '../../src/plan/restrict.ts';
import { optionsOf, planOf, withWorkers } from './support/builders.ts';

const change = (path: string, cause: 'declaration' | 'drift'): Change => ({
  path,
  before: 1,
  after: 2,
  causes: [cause],
  cost: 'in-place',
});
const power = change('power', 'drift');
const memory = change('memory', 'declaration');
const cores = change('cpu.cores', 'drift');

function workerPlan(actions: readonly ActionKind[], more: Partial<WorkerPlan> = {}): WorkerPlan {
  return {
    worker: 'a',
    actions,
    reasons: ['left-running', 'declaration-changed', 'drift'],
    changes: [power, memory, cores],
    node: 'pve1',
    frees: ['local-lvm:vm-9100-disk-0'],
    ...more,
  };
}

const held = { why: 'locked', by: 'lock backup' } as const;

describe('what is left of a worker’s plan', () => {
  test.each<[string, Partial<PlanOptions>, WorkerPlan, Partial<WorkerPlan>]>([
    ['everything, when nothing is said', {}, workerPlan(['shutdown', 'update']), {}],
    [
      'the power-off alone, with the change that it makes',
      { only: ['shutdown'] },
      workerPlan(['shutdown', 'update']),
      { actions: ['shutdown'], changes: [power] },
    ],
    [
      'an action among others keeps every change',
      { only: ['shutdown', 'update'] },
      workerPlan(['shutdown', 'update', 'test']),
      { actions: ['shutdown', 'update'] },
    ],
    [
      'nothing, when none of its actions is asked for: no reason, no change, no volume',
      { only: ['test'] },
      workerPlan(['update']),
      { actions: [], reasons: [], changes: [], frees: [] },
    ],
    [
      'all of it, when all of it is asked for',
      { only: ['shutdown'] },
      workerPlan(['shutdown']),
      {},
    ],
    ['a worker at rest as it is', { only: ['shutdown'] }, workerPlan([]), {}],
    [
      'a destroy and the power-off before it',
      { destroy: true },
      workerPlan(['shutdown', 'destroy', 'configure']),
      { actions: ['shutdown', 'destroy'] },
    ],
  ])('%s', (_, options, plan, expected) => {
    expect(restrict(plan, optionsOf(options))).toEqual({ ...plan, ...expected });
  });

  test.each<[string, WorkerPlan, Partial<WorkerPlan>]>([
    ['what drifted, and no action', workerPlan(['shutdown', 'update'], { held }), { actions: [] }],
    [
      'the record of a VM that is gone',
      workerPlan(['configure', 'deploy'], { reasons: ['vm-gone', 'eager'], held }),
      { actions: ['configure'], reasons: ['vm-gone'], held },
    ],
    [
      'the record of a VM whose node is gone',
      workerPlan(['forget'], { reasons: ['undeclared', 'node-gone'] }),
      { actions: ['forget'], reasons: ['node-gone'] },
    ],
    [
      'why its VM can not be looked at',
      workerPlan([], { reasons: [], held }),
      { actions: [], reasons: [], held },
    ],
  ])('with --refresh-only: %s', (_, plan, expected) => {
    const reasons = ['left-running', 'drift'];
    const { held: _held, ...rest } = plan;
    const left = { ...rest, reasons, changes: [power, cores], frees: [], ...expected };
    expect(restrict(plan, optionsOf({ refreshOnly: true }))).toEqual(left);
  });
});

describe('the workers that are looked at', () => {
  test.each<[string, Partial<PlanOptions>, readonly string[]]>([
    ['all', {}, ['a', 'b']],
    ['those that are named', { target: ['a', 'c'] }, ['a']],
    ['all but those that are left out', { exclude: ['a'] }, ['b']],
    ['none, when only orphans are asked for', { pruneOnly: [9100] }, []],
  ])('%s', (_, options, names) => {
    expect(['a', 'b'].filter((name) => inScope(name, optionsOf(options)))).toEqual(names);
  });

  test('of very many, the first twenty are named where one is not known', () => {
    const many = Array.from({ length: 25 }, (_, index) => `w-${String(index).padStart(2, '0')}`);
    const workers = Object.fromEntries(many.reverse().map((name) => [name, { node: 'pve1' }]));
    const plan = () => planOf({ declaration: withWorkers(workers), options: { replace: ['x'] } });
    const detail = [`workers: ${many.sort().slice(0, 20).join(', ')}`];
    expect(plan).toThrow(
      expect.objectContaining({ diagnostics: [expect.objectContaining({ detail })] }),
    );
  });

  test('--force names an orphan that is destroyed, and nothing else does', () => {
    const unknown = (options: Partial<PlanOptions>) => () =>
      requireKnown(optionsOf(options), new Set(['b', 'a']), new Set(['orphan']));
    expect(unknown({ force: ['orphan', 'a'] })).not.toThrow();
    expect(unknown({ target: ['orphan'] })).toThrow('--target: there is no worker orphan');
    expect(unknown({ force: ['c'] })).toThrow('--force: there is no worker c');
  });
});
