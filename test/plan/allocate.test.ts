import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../src/model/inventory.ts';
import type { WorkerPlan } from '../../src/model/plan.ts';
import type { WorkerRecord } from '../../src/model/state.ts';
import { allocateVmids, takenVmids } from '../../src/plan/allocate.ts';
import {
  desiredOf,
  inventoryOf,
  stateOf,
  uuidOf,
  vm,
  withWorkers,
  workerIn,
} from './support/builders.ts';
import { A, resting } from './support/scenes.ts';

const { vm: _, ...configured } = resting().record;

function planned(change: Partial<WorkerPlan>): WorkerPlan {
  return {
    ...{ worker: 'a', actions: ['deploy'], reasons: [], changes: [], node: 'pve1', frees: [] },
    ...change,
  };
}

describe('an id that is declared', () => {
  const desired = workerIn(withWorkers({ a: { ...A, vmid: 9105 } }), 'a');
  const other = inventoryOf({ vms: { 9105: vm(9105, { name: 'web' }) } });
  const codes = (
    change: Partial<WorkerPlan>,
    record?: Partial<WorkerRecord>,
    seen: Inventory = other,
  ) => {
    const state = stateOf(record === undefined ? {} : { a: { ...configured, ...record } });
    return takenVmids([planned({ desired, ...change })], state, seen).map(({ code }) => code);
  };
  const recorded = { vm: { vmid: 9105, node: 'pve1', uuid: uuidOf(9105) } };
  const begun = {
    doing: {
      ...{ run: 'r', action: 'deploy', step: 'clone', plan: 'p' },
      ...{ vmid: 9105, node: 'pve1', uuid: uuidOf(9105) },
    },
  };
  const uuid = uuidOf(9105);

  test.each<[string, Partial<WorkerPlan>, Partial<WorkerRecord> | undefined, boolean]>([
    ['nobody knows the VM that has it', {}, undefined, true],
    ['its own VM has it', { vmid: 9105, uuid }, recorded, false],
    [
      'its VM has another one so far',
      { vmid: 9100, uuid: uuidOf(9100) },
      { vm: { vmid: 9100, node: 'pve1', uuid: uuidOf(9100) } },
      true,
    ],
    ['another VM took the place of its own', { vmid: 9105 }, recorded, true],
    ['its VM is being made there', {}, begun, false],
    ['it has no VM', {}, {}, true],
    ['the VM that it adopts has it', { actions: ['adopt'], vmid: 9105, uuid }, undefined, false],
    [
      'it had another name when its VM was recorded',
      { worker: 'b', from: 'a', vmid: 9105, uuid },
      recorded,
      false,
    ],
  ])('is taken or not: %s', (_, change, record, taken) => {
    expect(codes(change, record)).toEqual(taken ? ['vmid-taken'] : []);
  });

  test('is free where no VM has it, and none is asked for where none is declared', () => {
    expect(codes({}, undefined, inventoryOf())).toEqual([]);
    expect(codes({ desired: workerIn(withWorkers({ a: A }), 'a') })).toEqual([]);
    const { desired: _desired, ...undeclared } = planned({});
    expect(takenVmids([undeclared], stateOf(), other)).toEqual([]);
  });
});

describe('an id that is given out', () => {
  const given = (workers: readonly WorkerPlan[], change: Partial<Inventory> = {}) => {
    const desired = desiredOf(withWorkers({ z: { ...A, vmid: 9101 } }));
    const { workers: all } = allocateVmids(workers, desired, stateOf(), inventoryOf(change), {
      from: 9100,
      to: 9104,
    });
    return all.map(({ vmid }) => vmid);
  };

  test('is the next one that is free, for those only that get a VM', () => {
    const workers = [
      planned({}),
      planned({ actions: ['update'] }),
      planned({ vmid: 9111 }),
      planned({}),
    ];
    expect(given(workers)).toEqual([9100, undefined, 9111, 9102]);
  });

  test.each<['gone' | 'invisible' | 'unreachable', number]>([
    ['gone', 9100],
    ['invisible', 9102],
    ['unreachable', 9102],
  ])('is none of a guest that is %s, unless it is gone', (absence, vmid) => {
    expect(given([planned({})], { absent: { 9100: absence } })).toEqual([vmid]);
  });
});
