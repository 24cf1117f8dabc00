import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../src/model/inventory.ts';
import type { PlanOptions } from '../../src/model/plan.ts';
import type { WorkerRecord } from '../../src/model/state.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import {
  config,
  declarationOf,
  deployed,
  edited,
  inventoryOf,
  type Made,
  made,
  NOW,
  node,
  planOf,
  runOf,
  stateOf,
  uuidOf,
  vm,
  withWorkers,
  workerIn,
} from './support/builders.ts';

const A: WorkerFields = { node: 'pve1' };
const nobody = withWorkers({});
const both = { pve1: node(), pve2: node() };

function worker(fields: WorkerFields = A): Made {
  return made(workerIn(withWorkers({ a: fields }), 'a'), 9100);
}

/** Of a worker whose VM was never made, or is recorded no more. */
function without(record: WorkerRecord, change: Partial<WorkerRecord> = {}): WorkerRecord {
  const { vm: _, ...rest } = record;
  return { ...rest, ...change };
}

/** A deploy that a dead run began. */
const doing = {
  run: 'dead',
  action: 'deploy',
  step: 'clone',
  vmid: 9100,
  node: 'pve9',
  uuid: uuidOf(9100),
  plan: 'p',
};

describe('a node that left the cluster (P39)', () => {
  const gone = { ...worker().record, vm: { vmid: 9100, node: 'pve9', uuid: uuidOf(9100) } };
  const message = (state: ReturnType<typeof stateOf>, declaration = nobody) => {
    const { workers, findings } = planOf({ declaration, state });
    return {
      actions: workers.flatMap(({ actions }) => actions),
      said: findings.map((finding) => finding.message),
    };
  };

  test('with a worker that is declared for another one: it is Configured there', () => {
    const plan = planOf({ declaration: withWorkers({ a: A }), state: stateOf({ a: gone }) });
    expect(plan.workers).toMatchObject([
      { actions: ['configure'], reasons: ['node-gone'], node: 'pve9' },
    ]);
  });

  test('with an undeclared worker: its record goes, and its VM is named', () => {
    expect(message(stateOf({ a: gone }))).toEqual({
      actions: ['forget'],
      said: [
        'pve9, the node of a (vm 9100), is not in the cluster any more; its record is dropped',
      ],
    });
  });

  test('with a VM that was only begun there: the node that the worker was declared for is named', () => {
    const begun = without(
      { ...worker().record, declared: { ...gone.declared, node: 'pve9' } },
      { doing },
    );
    expect(message(stateOf({ a: begun }))).toEqual({
      actions: ['forget'],
      said: ['pve9, the node of a, is not in the cluster any more; its record is dropped'],
    });
  });

  test('with a worker that is still declared for it and never had a VM: forgotten', () => {
    const declared = { ...gone.declared, node: 'pve9' };
    const state = stateOf({ a: without({ ...worker().record, declared }) });
    expect(message(state, withWorkers({ a: { node: 'pve9' } }))).toEqual({
      actions: ['forget'],
      said: ['pve9, the node of a, is not in the cluster any more; its record is dropped'],
    });
  });

  test('declared for one that never was: left out, and the record stays', () => {
    const plan = planOf({
      declaration: withWorkers({ a: { node: 'pve9' } }),
      state: stateOf({ a: without(worker().record) }),
    });
    expect(plan.workers).toEqual([]);
    expect(plan.warnings).toMatchObject([{ code: 'unknown-node', detail: ['nodes: pve1, pve2'] }]);
  });
});

describe('a worker without a VM', () => {
  test('whose image has another name now: the record follows', () => {
    const images = {
      ...declarationOf().images,
      again: { kind: 'template', template: { by: 'vmid', vmid: 9001 }, clone: 'full' },
    } as const;
    const plan = planOf({
      declaration: withWorkers({ a: { ...A, image: 'again' } }, { images }),
      state: stateOf({ a: without(worker().record) }),
    });
    expect(plan.workers).toMatchObject([
      { actions: ['configure'], changes: [{ path: 'image', before: 'debian', after: 'again' }] },
    ]);
  });

  test('is not looked for without a refresh', () => {
    const plan = planOf({
      declaration: withWorkers({ a: A }),
      state: stateOf({ a: without(worker().record) }),
      options: { refresh: false },
    });
    expect(plan).toMatchObject({ workers: [], unchanged: 1 });
  });

  test('and without a record: its node is the declared one', () => {
    expect(planOf({ declaration: withWorkers({ a: A }) }).workers).toMatchObject([
      { node: 'pve1' },
    ]);
  });
});

describe('--destroy of what is not simply there', () => {
  const destroy = (
    made: Made,
    change: Partial<Inventory> = {},
    options: Partial<PlanOptions> = {},
  ) =>
    planOf({
      declaration: withWorkers({ a: A }),
      ...deployed({ a: made }, change),
      options: { destroy: true, ...options },
    }).workers[0];

  test('a VM whose clone has not ended waits for it (P44)', () => {
    const locked = { ...worker(), config: edited(worker().config, { lock: 'clone' }) };
    expect(destroy(locked)).toMatchObject({
      actions: ['destroy'],
      reasons: ['requested'],
      held: { why: 'locked', by: 'lock clone' },
      node: 'pve1',
    });
  });

  test('without a refresh nothing is listed that nobody saw', () => {
    expect(destroy(worker(), {}, { refresh: false })).toMatchObject({
      actions: ['destroy'],
      reasons: ['requested'],
      frees: [],
      vmid: 9100,
      uuid: uuidOf(9100),
    });
  });

  test('on a node that is offline it is held, though the list still shows it (P27)', () => {
    expect(destroy(worker(), { nodes: { ...both, pve1: node({ online: false }) } })).toMatchObject({
      actions: ['destroy'],
      held: { why: 'unreachable', by: 'node pve1 is offline' },
    });
  });
});

describe('whose VM it is', () => {
  const twin = (own: Partial<Made['record']>, meta: string | null, seen: string | null = null) => {
    const resting = worker();
    const config = edited(resting.config, { meta });
    const other = edited(resting.config, { meta: seen });
    return planOf({
      declaration: withWorkers({ a: { ...A, memory: 2 ** 30 } }),
      ...deployed(
        { a: { ...resting, record: { ...resting.record, ...own }, config } },
        { vms: { 9105: vm(9105) }, configs: { 9105: other } },
      ),
    });
  };
  const codes = (plan: ReturnType<typeof planOf>) => plan.findings.map(({ code }) => code);

  test.each([
    [
      'its record knows no ctime',
      { vm: { vmid: 9100, node: 'pve1', uuid: uuidOf(9100) } },
      'ctime=1795337979',
    ],
    ['its ctime is another one', {}, 'ctime=1'],
    ['it shows no ctime', {}, null],
    ['its ctime is no number', {}, 'ctime=soon'],
  ])('ambiguous beside a twin when %s (W21)', (_, own, meta) => {
    const plan = twin(own, meta);
    expect(codes(plan)).toContain('ambiguous');
    expect(plan.workers.flatMap(({ actions }) => actions)).toEqual([]);
  });

  test('its own when only it was made then', () => {
    const plan = twin({}, 'ctime=1795337979', 'ctime=1');
    expect(codes(plan)).not.toContain('ambiguous');
    expect(plan.workers).toMatchObject([{ actions: ['update'], vmid: 9100 }]);
  });
});

describe('what stays when its place can not be reached', () => {
  test('a worker that was removed is forgotten all the same: nothing is done to its VM', () => {
    const plan = planOf({
      declaration: withWorkers({}, { removed: ['a'] }),
      ...deployed({ a: worker() }, { nodes: { ...both, pve1: node({ online: false }) } }),
    });
    expect(plan.workers).toMatchObject([{ actions: ['forget'], reasons: ['removed'] }]);
    expect(plan.workers[0]).not.toHaveProperty('held');
  });
});

describe('protection that stands in the way of a new VM (P16)', () => {
  test('what only the record says is recorded meanwhile', () => {
    const images = {
      other: { kind: 'template', template: { by: 'vmid', vmid: 9001 }, clone: 'full' },
    } as const;
    const before = { ...A, protect: true };
    const plan = planOf({
      declaration: withWorkers(
        { a: { ...before, image: 'other', labels: { site: 'north' } } },
        { images: { ...declarationOf().images, ...images } },
      ),
      ...deployed({ a: worker(before) }),
    });
    expect(plan.workers).toMatchObject([
      { actions: ['configure'], changes: [{ path: 'labels.site', cost: 'record' }] },
    ]);
    expect(plan.findings).toMatchObject([{ code: 'replace-waits' }]);
  });
});

describe('--refresh-only', () => {
  const refreshed = (change: Partial<Inventory>, fields: WorkerFields = A) =>
    planOf({
      declaration: withWorkers({ a: fields }),
      ...deployed({ a: worker() }, change),
      options: { refreshOnly: true },
    }).workers;

  test('says where a VM can not be looked for', () => {
    expect(refreshed({ nodes: { ...both, pve1: node({ online: false }) } })).toMatchObject([
      { actions: [], held: { why: 'unreachable' } },
    ]);
  });

  test('does not say what holds an action that it leaves out', () => {
    const drifted = edited(worker().config, { memory: '1024', lock: 'backup' });
    const [found] = refreshed({ configs: { 9100: drifted } });
    expect(found).toMatchObject({ actions: [], changes: [{ path: 'memory' }] });
    expect(found).not.toHaveProperty('held');
  });

  test('drops the record of a VM that is gone, unless a run holds it', () => {
    const { record } = worker();
    const scene = {
      declaration: withWorkers({ a: A }),
      inventory: inventoryOf({ absent: { 9100: 'gone' } }),
      options: { refreshOnly: true },
    };
    const leased = { ...record, lease: { run: 'r1', fence: 1 } };
    expect(planOf({ ...scene, state: stateOf({ a: record }) }).workers).toMatchObject([
      { actions: ['configure'], reasons: ['vm-gone'] },
    ]);
    const state = stateOf({ a: leased }, { runs: { r1: runOf('r1', { beat: NOW }) } });
    expect(planOf({ ...scene, state }).workers).toMatchObject([
      { actions: ['configure'], held: { why: 'leased' } },
    ]);
  });
});

describe('what is said of a worker', () => {
  const failed = (checks: NonNullable<WorkerRecord['last']['test']>['checks']) => {
    const resting = worker();
    const record = {
      ...resting.record,
      last: { test: { result: 'failed', at: NOW, checks } as const },
    };
    return planOf({
      declaration: withWorkers({ a: A }),
      ...deployed({ a: { ...resting, record } }),
    }).findings.map(({ message }) => message);
  };

  test('which check of its last test failed, if one did', () => {
    const check = { id: 'gateway', result: 'fail', ms: 1, seen: 'no answer' } as const;
    expect(failed([check])).toEqual(['the last test of a failed at "gateway": no answer']);
    expect(failed([])).toEqual(['the last test of a failed']);
  });

  test('a container that has its id now, without a name', () => {
    const plan = planOf({
      declaration: withWorkers({ a: A }),
      state: stateOf({ a: worker().record }),
      inventory: inventoryOf({ vms: { 9100: vm(9100, { kind: 'lxc' }) } }),
    });
    expect(plan.findings[0]?.message).toMatch(/is another one now: container without a name/);
  });

  test('an id that a guest without a name has is still taken (P24)', () => {
    const plan = () =>
      planOf({
        declaration: withWorkers({ a: { ...A, vmid: 9105 } }),
        inventory: inventoryOf({
          vms: { 9105: vm(9105, { node: 'pve2' }) },
          configs: { 9105: config({}) },
        }),
      });
    expect(plan).toThrow(/vm id 9105, declared for a, is taken by another guest on pve2/);
  });
});
