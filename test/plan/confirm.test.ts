import { describe, expect, test } from 'vitest';
import type { WorkerPlan } from '../../src/model/plan.ts';
import { GiB } from '../../src/model/quantity.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import { confirm } from '../../src/plan/confirm.ts';
import { workerDigest } from '../../src/plan/worker-digest.ts';
import {
  config,
  deployed,
  edited,
  inventoryOf,
  type Made,
  made,
  planOf,
  runOf,
  type Scene,
  stateOf,
  uuidOf,
  vm,
  withWorkers,
  workerIn,
} from './support/builders.ts';

const A: WorkerFields = { node: 'pve1' };
const declaration = withWorkers({ a: { ...A, memory: 8 * GiB } });

function worker(fields: WorkerFields = A): Made {
  return made(workerIn(withWorkers({ a: fields }), 'a'), 9100);
}

function planned(scene: Scene, name = 'a'): WorkerPlan {
  const found = planOf(scene).workers.find((each) => each.worker === name);
  if (found === undefined) throw new Error('nothing is planned');
  return found;
}

describe('confirm', () => {
  const before = deployed({ a: worker() });
  const update = planned({ declaration, ...before });

  test('as it was when this was planned: run', () => {
    expect(confirm(update, before.state, before.inventory)).toMatchObject({
      kind: 'run',
      worker: { actions: ['update'], changes: [{ path: 'memory' }] },
    });
  });

  test('another worker’s change and a new serial do not make it stale (P18)', () => {
    const state = {
      ...before.state,
      serial: 99,
      workers: { ...before.state.workers, b: worker().record },
    };
    expect(confirm(update, state, before.inventory).kind).toBe('run');
  });

  test('its own lease does not stand in its way', () => {
    const { record } = worker();
    const state = stateOf(
      { a: { ...record, lease: { run: 'r1', fence: 1 } } },
      { runs: { r1: runOf('r1') } },
    );
    expect(confirm(update, state, before.inventory).kind).toBe('run');
  });

  test('done already: done, so the same file can be applied twice', () => {
    const after = deployed({ a: worker({ ...A, memory: 8 * GiB }) });
    expect(confirm(update, after.state, after.inventory)).toEqual({ kind: 'done' });
  });

  test('changed by hand since: stale, with what was and what is', () => {
    const edit = { ...worker(), config: edited(worker().config, { cores: '8', memory: '1024' }) };
    const { inventory } = deployed({ a: edit });
    expect(confirm(update, before.state, inventory)).toEqual({
      kind: 'stale',
      differences: [
        'cpu.cores was 6 when this was planned and is 8 now (vm 9100)',
        'memory was 6 GiB when this was planned and is 1 GiB now (vm 9100)',
      ],
    });
  });

  test('switched on since: stale, because nobody agreed to power it off', () => {
    const on = deployed({ a: { ...worker(), vm: { ...worker().vm, status: 'running' } } });
    expect(confirm(update, on.state, on.inventory)).toMatchObject({
      kind: 'stale',
      differences: [
        'shutdown would be needed now, and was not planned',
        expect.stringContaining('power'),
      ],
    });
  });

  test('switched off since: the rest of what was agreed', () => {
    const on = deployed({ a: { ...worker(), vm: { ...worker().vm, status: 'running' } } });
    const both = planned({ declaration, ...on });
    expect(both.actions).toEqual(['shutdown', 'update']);
    expect(confirm(both, before.state, before.inventory)).toMatchObject({
      kind: 'run',
      worker: { actions: ['update'] },
    });
  });

  test('locked since: stale, and the lock is named (P44)', () => {
    const locked = deployed({
      a: { ...worker(), config: edited(worker().config, { lock: 'backup' }) },
    });
    expect(confirm(update, locked.state, locked.inventory)).toMatchObject({
      kind: 'stale',
      differences: ['it is held now: locked, lock backup'],
    });
  });

  test('gone since: stale', () => {
    const inventory = inventoryOf({ absent: { 9100: 'gone' } });
    expect(confirm(update, before.state, inventory).kind).toBe('stale');
  });

  test('another VM under that id: stale, never written (P25)', () => {
    const inventory = inventoryOf({
      vms: { 9100: vm(9100) },
      configs: { 9100: config({ smbios1: 'uuid=3cbeced6-cd59-41d3-9956-8966812c39e5' }) },
    });
    expect(confirm(update, before.state, inventory).kind).toBe('stale');
  });
});

describe('confirm of other actions', () => {
  test('a deploy: run, and done when another run made the VM', () => {
    const scene = { declaration: withWorkers({ a: { ...A, deploy: 'eager' as const } }) };
    const deploy = planned(scene);
    expect(confirm(deploy, stateOf(), inventoryOf())).toMatchObject({
      kind: 'run',
      worker: { actions: ['configure', 'deploy'], vmid: 9100 },
    });
    const after = deployed({ a: worker({ ...A, deploy: 'eager' }) });
    expect(confirm(deploy, after.state, after.inventory)).toEqual({ kind: 'done' });
  });

  test('what an interrupted run of this plan began goes on', () => {
    const deploy = planned({ declaration: withWorkers({ a: { ...A, deploy: 'eager' as const } }) });
    const { vm: _, observed: _o, ...configured } = worker().record;
    const doing = {
      run: 'r1',
      action: 'deploy',
      step: 'clone',
      vmid: 9100,
      node: 'pve1',
      uuid: uuidOf(9100),
      plan: workerDigest(deploy),
    };
    const state = stateOf({ a: { ...configured, doing } });
    expect(confirm(deploy, state, inventoryOf())).toEqual({ kind: 'run', worker: deploy });
  });

  test('a destroy: run; stale when a volume came that nobody saw; done when the record is gone', () => {
    const before = deployed({ a: worker() });
    const destroy = planned({ declaration: withWorkers({}), ...before });
    expect(confirm(destroy, before.state, before.inventory).kind).toBe('run');
    const more = {
      ...worker(),
      config: edited(worker().config, { scsi1: 'local-lvm:vm-9100-disk-1,size=8G' }),
    };
    const { inventory } = deployed({ a: more });
    expect(confirm(destroy, before.state, inventory)).toMatchObject({
      kind: 'stale',
      differences: ['the volume local-lvm:vm-9100-disk-1 (8 GiB) would be deleted too'],
    });
  });

  test('a forget is done when the record is gone', () => {
    const { vm: _, ...record } = worker().record;
    const forget = planned({ declaration: withWorkers({}), state: stateOf({ a: record }) });
    expect(confirm(forget, stateOf({ a: record }), inventoryOf()).kind).toBe('run');
    expect(confirm(forget, stateOf(), inventoryOf())).toEqual({ kind: 'done' });
  });

  test('a rename: before and after its record was renamed', () => {
    const before = deployed({ a: worker() });
    const rename = planned(
      { declaration: withWorkers({ b: A }, { renamed: { a: 'b' } }), ...before },
      'b',
    );
    const expected = { kind: 'run', worker: { actions: ['rename', 'update'], from: 'a' } };
    expect(confirm(rename, before.state, before.inventory)).toMatchObject(expected);
    const renamed = stateOf({ b: worker().record });
    expect(confirm(rename, renamed, before.inventory)).toMatchObject(expected);
  });

  test('an adoption: run, with the VM it was planned for', () => {
    const { inventory } = deployed({ a: worker() });
    const adopt = planned({ declaration: withWorkers({ a: A }), inventory });
    expect(confirm(adopt, stateOf(), inventory)).toMatchObject({
      kind: 'run',
      worker: { actions: ['adopt'], uuid: uuidOf(9100) },
    });
  });

  test('a shutdown is not made stale by other drift', () => {
    const on = deployed({ a: { ...worker(), vm: { ...worker().vm, status: 'running' } } });
    const off = planned({
      declaration: withWorkers({ a: A }),
      ...on,
      options: { only: ['shutdown'] },
    });
    const drifted = deployed({
      a: {
        ...worker(),
        vm: { ...worker().vm, status: 'running' },
        config: edited(worker().config, { memory: '1024' }),
      },
    });
    expect(confirm(off, drifted.state, drifted.inventory)).toMatchObject({
      kind: 'run',
      worker: { actions: ['shutdown'] },
    });
  });

  test('a requested replace and a requested destroy are what they were', () => {
    const before = deployed({ a: worker() });
    const scene = { declaration: withWorkers({ a: A }), ...before };
    const replace = planned({ ...scene, options: { replace: ['a'] } });
    expect(confirm(replace, before.state, before.inventory)).toMatchObject({
      kind: 'run',
      worker: { actions: ['replace'], vmid: 9100 },
    });
    const destroy = planned({ ...scene, options: { destroy: true } });
    expect(confirm(destroy, before.state, before.inventory)).toMatchObject({
      kind: 'run',
      worker: { actions: ['destroy'] },
    });
  });
});

describe('what came between plan and apply', () => {
  const before = deployed({ a: worker() });
  const update = planned({ declaration, ...before });
  const recordOf = (change: Partial<Made['record']>) =>
    stateOf({ a: { ...worker().record, ...change } });

  test('its node left the cluster: that is not done, nor is it done there', () => {
    const elsewhere = withWorkers({ a: { node: 'pve2' } });
    const configure = planned({ declaration: elsewhere });
    const { pve2: _, ...nodes } = inventoryOf().nodes;
    expect(confirm(configure, stateOf(), inventoryOf({ nodes }))).toEqual({
      kind: 'stale',
      differences: [
        'it is held now: guard, worker a is declared for node pve2, which the cluster does not have',
      ],
    });
  });

  test('another VM is recorded for it: stale, with both (P25)', () => {
    const shutdown = planned({
      declaration: withWorkers({ a: A }),
      ...deployed({ a: { ...worker(), vm: { ...worker().vm, status: 'running' } } }),
    });
    const other = made(workerIn(withWorkers({ a: A }), 'a'), 9101, { status: 'running' });
    const after = deployed({ a: other });
    expect(confirm(shutdown, after.state, after.inventory)).toEqual({
      kind: 'stale',
      differences: [`its VM was ${uuidOf(9100)} when this was planned and is ${uuidOf(9101)} now`],
    });
  });

  test('something that only the record says does not make it stale', () => {
    const { declared } = worker().record;
    const state = recordOf({ declared: { ...declared, labels: { site: 'north' } } });
    expect(confirm(update, state, before.inventory)).toMatchObject({
      kind: 'run',
      worker: { actions: ['update'], changes: [{ path: 'memory' }, { cost: 'record' }] },
    });
  });

  test('a value that somebody took away is called unset', () => {
    const q35 = { ...A, options: { machine: 'q35' } };
    const deep = deployed({ a: worker(q35) });
    const plan = planned({
      declaration: withWorkers({ a: { ...q35, memory: 8 * GiB } }),
      ...deep,
    });
    const edit = { ...worker(q35), config: edited(worker(q35).config, { machine: null }) };
    expect(confirm(plan, deep.state, deployed({ a: edit }).inventory)).toEqual({
      kind: 'stale',
      differences: ['options.machine was q35 when this was planned and is unset now (vm 9100)'],
    });
  });

  test('a replace whose old VM is gone goes on, under the new uuid', () => {
    const replace = planned({
      declaration: withWorkers({ a: A }),
      ...before,
      options: { replace: ['a'] },
    });
    const { vm: _, ...rest } = worker().record;
    const doing = {
      run: 'r0',
      action: 'replace',
      step: 'clone',
      vmid: 9101,
      node: 'pve1',
      uuid: uuidOf(9101),
    };
    const begun = (plan: string) => stateOf({ a: { ...rest, doing: { ...doing, plan } } });
    const inventory = inventoryOf();
    expect(confirm(replace, begun(workerDigest(replace)), inventory)).toEqual({
      kind: 'run',
      worker: replace,
    });
    expect(confirm(replace, begun('of another plan'), inventory).kind).toBe('stale');
  });
});

describe('confirm of an orphan that is to be destroyed (P33)', () => {
  const { inventory } = deployed({ a: worker() });
  const orphan = planned({
    declaration: withWorkers({}),
    inventory,
    options: { prune: true },
  });
  const seen = (change: Partial<Made>) => deployed({ a: { ...worker(), ...change } }).inventory;

  test('as it was: run', () => {
    expect(confirm(orphan, stateOf(), inventory)).toEqual({ kind: 'run', worker: orphan });
  });

  test('gone: done, and not seen any more: stale', () => {
    expect(confirm(orphan, stateOf(), inventoryOf({ absent: { 9100: 'gone' } }))).toEqual({
      kind: 'done',
    });
    expect(confirm(orphan, stateOf(), inventoryOf())).toEqual({
      kind: 'stale',
      differences: ["vm 9100 can't be seen any more"],
    });
  });

  test.each([
    ['without its card', { description: null }],
    ['without its tag', { tags: null }],
    ['with another uuid', { smbios1: `uuid=${uuidOf(1)}` }],
  ])('%s it is nobody’s to destroy', (_, change) => {
    const edit = edited(worker().config, change);
    expect(confirm(orphan, stateOf(), seen({ config: edit }))).toEqual({
      kind: 'stale',
      differences: ['vm 9100 is not an orphan of this project any more'],
    });
  });

  test('taken in since, by its own worker or by another one, it is no orphan any more (P25)', () => {
    const { vm: _, ...withoutVm } = worker().record;
    for (const workers of [{ a: worker().record }, { a: withoutVm }, { b: worker().record }])
      expect(confirm(orphan, stateOf(workers), inventory)).toEqual({
        kind: 'stale',
        differences: ['vm 9100 is not an orphan of this project any more'],
      });
  });

  test('switched on, or with a volume that nobody saw: stale', () => {
    const running = seen({ vm: { ...worker().vm, status: 'running' } });
    expect(confirm(orphan, stateOf(), running)).toEqual({
      kind: 'stale',
      differences: ['shutdown would be needed now, and was not planned'],
    });
    const more = edited(worker().config, { scsi1: 'local-lvm:vm-9100-disk-1,size=8G' });
    expect(confirm(orphan, stateOf(), seen({ config: more }))).toEqual({
      kind: 'stale',
      differences: ['the volume local-lvm:vm-9100-disk-1 (8 GiB) would be deleted too'],
    });
  });
});
