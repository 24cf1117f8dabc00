import { describe, expect, test } from 'vitest';
import { descriptionOf } from '../../src/model/card.ts';
import type { Inventory } from '../../src/model/inventory.ts';
import type { State, WorkerRecord } from '../../src/model/state.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import { confirm } from '../../src/plan/confirm.ts';
import { recoverState } from '../../src/plan/recover.ts';
import {
  config,
  deployed,
  desiredOf,
  edited,
  inventoryOf,
  LINEAGE,
  made,
  planOf,
  stateOf,
  uuidOf,
  vm,
  withWorkers,
  workerIn,
} from './support/builders.ts';

const A: WorkerFields = { node: 'pve2' };
const declaration = withWorkers({ a: A });

/** A clone for `a` was begun by a run that is dead; whether it was sent is not known. */
function begun(step = 'clone'): State {
  const { spec } = workerIn(declaration, 'a');
  const record: WorkerRecord = {
    declared: spec,
    protect: false,
    last: {},
    doing: {
      run: 'dead',
      action: 'deploy',
      step,
      vmid: 9100,
      node: 'pve2',
      uuid: uuidOf(9100),
      plan: 'p',
    },
  };
  return stateOf({ a: record });
}

function plannedWith(inventory: Inventory) {
  const state = begun();
  const plan = planOf({ declaration, state, inventory }).workers.find(
    ({ worker }) => worker === 'a',
  );
  if (plan === undefined) throw new Error('nothing is planned');
  return { plan, state };
}

describe('a deploy that was interrupted', () => {
  test('of a clone onto another node: it goes on there, though the config still lies beside the template', () => {
    const inventory = inventoryOf({
      vms: { 9100: vm(9100, { node: 'pve1', lock: 'clone' }) },
      configs: { 9100: config({ lock: 'clone', description: ' qmclone temporary file' }) },
    });
    const { plan, state } = plannedWith(inventory);
    expect(plan).toMatchObject({ actions: ['deploy'], node: 'pve2', vmid: 9100 });
    expect(confirm(plan, state, inventory)).toMatchObject({
      kind: 'run',
      worker: { actions: ['deploy'], node: 'pve2' },
    });
  });

  test('whose clone has its card and no other mark yet: it is seen, and goes on', () => {
    const owner = { lineage: LINEAGE, project: 'backup', environment: 'production', worker: 'a' };
    const card = descriptionOf({ ...owner, uuid: uuidOf(9100) }, undefined, 'muster.yaml');
    const inventory = inventoryOf({
      vms: { 9100: vm(9100, { node: 'pve2' }) },
      configs: { 9100: config({ description: card, smbios1: `uuid=${uuidOf(1)}` }) },
    });
    const { plan, state } = plannedWith(inventory);
    expect(plan).toMatchObject({ actions: ['deploy'], vmid: 9100, uuid: uuidOf(9100) });
    expect(confirm(plan, state, inventory).kind).toBe('run');
    const destroyed = planOf({ declaration: withWorkers({}), state, inventory }).workers[0];
    expect(destroyed).toMatchObject({ worker: 'a', actions: ['destroy'] });
    if (destroyed !== undefined) expect(confirm(destroyed, state, inventory).kind).toBe('run');
  });

  test('whose id is taken by what the token may not see: another id, and nothing is held', () => {
    const inventory = inventoryOf({ absent: { 9100: 'invisible' } });
    const { plan, state } = plannedWith(inventory);
    expect(plan).toMatchObject({ actions: ['deploy'], reasons: ['interrupted'], vmid: 9101 });
    expect(plan.held).toBeUndefined();
    expect(confirm(plan, state, inventory).kind).toBe('run');
  });

  test('whose id a foreign VM or a container took: another id (P25)', () => {
    const foreign = config({ smbios1: `uuid=${uuidOf(7)}` });
    const other = { vms: { 9100: vm(9100, { name: 'shop' }) }, configs: { 9100: foreign } };
    const container = {
      vms: { 9100: vm(9100, { kind: 'lxc' }) },
      absent: { 9100: 'gone' },
    } as const;
    for (const seen of [other, container]) {
      const { plan } = plannedWith(inventoryOf(seen));
      expect(plan).toMatchObject({ actions: ['deploy'], vmid: 9101 });
      expect(plan.held).toBeUndefined();
    }
  });

  test('of a worker that is not declared any more, under an id that can’t be seen: it waits, and is not forgotten', () => {
    const inventory = inventoryOf({ absent: { 9100: 'invisible' } });
    const plan = planOf({ declaration: withWorkers({}), state: begun(), inventory });
    expect(plan.workers).toMatchObject([{ actions: ['destroy'], held: { why: 'invisible' } }]);
  });
});

describe('a VM with a card only, which no record names', () => {
  const owner = { lineage: LINEAGE, project: 'backup', environment: 'production', worker: 'a' };
  const card = descriptionOf({ ...owner, uuid: uuidOf(9105) }, undefined, 'muster.yaml');
  const inventory = inventoryOf({
    vms: { 9105: vm(9105) },
    configs: { 9105: config({ description: card, smbios1: `uuid=${uuidOf(1)}` }) },
  });

  test('is reported as half made, and neither taken in nor pruned', () => {
    for (const options of [{}, { prune: true }]) {
      const plan = planOf({ declaration: withWorkers({}), inventory, options });
      expect(plan.workers).toEqual([]);
      expect(plan.findings).toMatchObject([{ code: 'half-made', worker: 'a', vmid: 9105 }]);
    }
  });

  test('with a lock that its clone left: what root has to run is said (P13)', () => {
    const locked = config({ description: card, smbios1: `uuid=${uuidOf(1)}`, lock: 'clone' });
    const plan = planOf({
      declaration: withWorkers({}),
      inventory: inventoryOf({ vms: { 9105: vm(9105) }, configs: { 9105: locked } }),
    });
    expect(plan.findings).toMatchObject([
      {
        code: 'needs-root-unlock',
        remedy: expect.stringContaining('qm unlock 9105 && qm destroy 9105 --purge'),
      },
    ]);
  });

  test('is no copy: a copy of a worker has its serial and its tag', () => {
    const whole = made(workerIn(declaration, 'a'), 9100);
    const copy = edited(whole.config, {
      smbios1: (whole.config.values.smbios1 ?? '').replace(uuidOf(9100), uuidOf(3)),
    });
    const scene = deployed({ a: whole }, { vms: { 9106: vm(9106) }, configs: { 9106: copy } });
    const { findings } = planOf({ declaration, ...scene });
    expect(findings).toMatchObject([{ code: 'copy', vmid: 9106 }]);
  });
});

describe('recovery', () => {
  test('takes no drive for its own that a worker is not made with', () => {
    const whole = made(workerIn(declaration, 'a'), 9100);
    const more = edited(whole.config, { scsi1: 'local-lvm:vm-200-disk-0,size=500G' });
    const { inventory } = deployed({ a: { ...whole, config: more } });
    const desired = desiredOf(declaration, inventory).workers;
    const { state, recovered } = recoverState({
      declaration,
      desired,
      state: undefined,
      inventory,
      lineage: undefined,
    });
    expect(recovered).toHaveLength(1);
    const gone = planOf({ declaration: withWorkers({}), state, inventory });
    expect(gone.refusals.map(({ code }) => code)).toEqual(['foreign-volume']);
    expect(gone.workers).toMatchObject([{ actions: ['destroy'], held: { why: 'guard' } }]);
  });
});
