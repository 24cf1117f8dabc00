import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../src/model/inventory.ts';
import type { ActionKind } from '../../src/model/plan.ts';
import { GiB } from '../../src/model/quantity.ts';
import {
  declarationOf,
  deployed,
  type Made,
  made,
  planOf,
  vm,
  withWorkers,
  workerIn,
} from './support/builders.ts';
import { A, one, resting, type Twist, twisted } from './support/scenes.ts';

const declaration = withWorkers({ a: A });
const POWER = {
  path: 'power',
  before: 'running',
  after: 'off',
  causes: ['drift'],
  cost: 'power-off',
};

function seen(twist: Twist, worker: Made = resting()) {
  return deployed({ a: twisted(worker, twist) });
}

describe('--destroy', () => {
  const options = { destroy: true };

  test('of a running VM: it is powered off first, and all that it frees is listed', () => {
    const plan = planOf({ declaration, ...seen({ vm: { status: 'running' } }), options });
    expect(one(plan)).toMatchObject({
      actions: ['shutdown', 'destroy'],
      reasons: ['left-running', 'requested'],
      changes: [POWER],
      frees: ['local-lvm:vm-9100-disk-0 (20 GiB)'],
    });
    expect(one(planOf({ declaration, ...seen({}), options }))).toMatchObject({
      actions: ['destroy'],
      reasons: ['requested'],
      changes: [],
    });
  });

  test('of a running VM that is not declared: as well', () => {
    const plan = planOf({ declaration: withWorkers({}), ...seen({ vm: { status: 'running' } }) });
    expect(one(plan)).toMatchObject({ actions: ['shutdown', 'destroy'], changes: [POWER] });
  });
});

describe('--replace', () => {
  const options = { replace: ['a'] };

  test('waits for volumes of somebody else, and names each', () => {
    const scsi = { scsi1: 'local-lvm:vm-500-disk-0,size=1G', scsi2: 'nfs:500/x.qcow2,size=1G' };
    const plan = planOf({ declaration, ...seen({ config: scsi }), options });
    expect(one(plan).held).toMatchObject({
      why: 'guard',
      by: 'volume of somebody else: scsi1: local-lvm:vm-500-disk-0, scsi2: nfs:500/x.qcow2',
    });
    expect(plan.refusals).toHaveLength(1);
  });

  test('without a refresh lists no volume that nobody saw', () => {
    const plan = planOf({ declaration, ...seen({}), options: { ...options, refresh: false } });
    expect(one(plan)).toMatchObject({ actions: ['replace'], frees: [] });
  });

  test('of a protected one changes what can be changed in place, and its record', () => {
    const fields = { ...A, protect: true };
    const changed = { ...fields, memory: 8 * GiB, labels: { site: 'north' } };
    const plan = planOf({
      declaration: withWorkers({ a: changed }),
      ...seen({}, resting(fields)),
      options,
    });
    expect(one(plan)).toMatchObject({
      actions: ['update'],
      changes: [{ path: 'memory' }, { path: 'labels.site' }],
    });
  });
});

describe('what a dead run was doing with a VM that is there', () => {
  const planned = (action: string, step: string) => {
    const doing = { run: 'dead', action, step, plan: 'p' };
    return one(planOf({ declaration, ...seen({ record: { doing } }) }));
  };

  test.each<[string, string, ActionKind]>([
    ['deploy', 'write', 'update'],
    ['update', 'write', 'update'],
    ['adopt', 'write', 'update'],
    ['replace', 'shutdown', 'replace'],
    ['replace', 'stop', 'replace'],
    ['replace', 'delete', 'replace'],
    ['replace', 'write', 'update'],
    ['configure', 'record', 'configure'],
    ['shutdown', 'shutdown', 'configure'],
    ['destroy', 'delete', 'configure'],
  ])('%s, as far as %s: %s', (action, step, expected) => {
    expect(planned(action, step)).toMatchObject({ actions: [expected], reasons: ['interrupted'] });
  });
});

describe('another node', () => {
  const moved = withWorkers({ a: { node: 'pve2' } });
  const storage = (name: string, enabled = true) => ({
    [`pve2/${name}`]: {
      ...{ node: 'pve2', storage: name, enabled, active: true, shared: false, type: 'lvmthin' },
      ...{ content: ['images'], total: 100 * GiB, available: 90 * GiB },
    },
  });

  test.each<[string, Inventory['storages'], ActionKind]>([
    ['that has its storage among others', { ...storage('nfs'), ...storage('local-lvm') }, 'update'],
    ['where its storage is disabled', storage('local-lvm', false), 'replace'],
    ['whose storages nobody knows', {}, 'update'],
  ])('%s: %s', (_, storages, action) => {
    const scene = deployed({ a: resting() }, { storages });
    expect(one(planOf({ declaration: moved, ...scene })).actions).toEqual([action]);
  });

  test('is reached by a move where nobody knows on which storage the VM lies', () => {
    const bare = { defaults: { image: 'debian' } };
    const worker = made(workerIn(withWorkers({ a: A }, bare), 'a'), 9100);
    const { observed: _, ...record } = worker.record;
    const scene = deployed({ a: { ...worker, record } }, { storages: storage('local-lvm') });
    const declared = withWorkers({ a: { node: 'pve2' } }, bare);
    const plan = planOf({ declaration: declared, ...scene, options: { refresh: false } });
    expect(plan.workers.flatMap(({ actions }) => actions)).not.toContain('replace');
  });
});

describe('another image by name', () => {
  const images = {
    ...declarationOf().images,
    other: { kind: 'template', template: { by: 'vmid', vmid: 9001 }, clone: 'full' },
  } as const;
  const template = { vms: { 9001: vm(9001, { template: true }) } };

  test('is recorded where the policy leaves the VM alone', () => {
    const fields = { ...A, onImageChange: 'nextDeploy' } as const;
    const plan = planOf({
      declaration: withWorkers({ a: { ...fields, image: 'other' } }, { images }),
      ...deployed({ a: resting(fields) }, template),
    });
    expect(one(plan)).toMatchObject({
      actions: ['configure'],
      changes: [{ path: 'image', before: 'debian', after: 'other', cost: 'record' }],
    });
    expect(plan.findings).toMatchObject([{ code: 'stale-image' }]);
  });

  test('is not recorded while the worker waits for its turn', () => {
    const all = withWorkers({ a: A, b: A });
    const workers = { a: made(workerIn(all, 'a'), 9100), b: made(workerIn(all, 'b'), 9101) };
    const other = { ...A, image: 'other' };
    const plan = planOf({
      declaration: withWorkers({ a: other, b: other }, { images }),
      ...deployed(workers, template),
    });
    expect(plan.workers.map(({ worker, actions }) => [worker, actions])).toEqual([
      ['a', ['replace']],
    ]);
  });
});
