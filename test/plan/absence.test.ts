import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../src/model/inventory.ts';
import type { ActionKind, PlanOptions, Reason, WorkerPlan } from '../../src/model/plan.ts';
import type { Doing, WorkerRecord } from '../../src/model/state.ts';
import {
  deployed,
  inventoryOf,
  node,
  planOf,
  type Scene,
  stateOf,
  uuidOf,
  vm,
  withWorkers,
} from './support/builders.ts';
import { bearing, ownerOf } from './support/marked.ts';
import { A, one, resting, twisted } from './support/scenes.ts';

const declaration = withWorkers({ a: A });
const { vm: _vm, observed: _observed, image: _image, ...configured } = resting().record;

function doing(action: Doing['action'], step: string, vmid?: number): Doing {
  const ref = vmid === undefined ? {} : { vmid, node: 'pve1', uuid: uuidOf(vmid) };
  return { run: 'dead', action, step, plan: 'p', ...ref };
}

/** What is planned for `a`; undefined: nothing. */
function planned(scene: Scene): WorkerPlan | undefined {
  return planOf(scene).workers.find(({ worker }) => worker === 'a');
}

describe('what a dead run was doing with a worker that has no VM', () => {
  const left = (record: Partial<WorkerRecord>) =>
    planned({
      declaration,
      state: stateOf({ a: { ...configured, ...record } }),
      inventory: inventoryOf({ absent: { 9100: 'gone', 9105: 'gone' } }),
    });

  test.each<[string, Doing, ActionKind]>([
    [
      'its VM was being made: it goes on, under the same id',
      doing('deploy', 'clone', 9105),
      'deploy',
    ],
    ['only its record was written: that is done again', doing('configure', 'record'), 'configure'],
    ['its VM was deleted: it is Configured', doing('destroy', 'delete', 9105), 'configure'],
    ['it was being powered off: that is over', doing('shutdown', 'shutdown'), 'configure'],
  ])('%s', (_, was, action) => {
    expect(left({ doing: was })).toMatchObject({ actions: [action], reasons: ['interrupted'] });
  });

  test('its id is kept for the VM that was being made, as long as nobody has it', () => {
    expect(left({ doing: doing('deploy', 'clone', 9105) })?.vmid).toBe(9105);
    const taken = planned({
      declaration,
      state: stateOf({ a: { ...configured, doing: doing('deploy', 'clone', 9105) } }),
      inventory: inventoryOf({ vms: { 9105: vm(9105, { kind: 'lxc' }) } }),
    });
    expect(taken).toMatchObject({ actions: ['deploy'], vmid: 9100 });
  });

  test('it had a VM, which is gone by now: it is Configured, and bears no id', () => {
    const plan = left({ ...resting().record, doing: doing('update', 'write', 9100) });
    expect(plan).toMatchObject({ actions: ['configure'], reasons: ['vm-gone', 'interrupted'] });
    expect(plan).not.toHaveProperty('vmid');
  });
});

describe('what somebody asked for, where the VM can not be reached', () => {
  const lost = (options: Partial<PlanOptions>, fields = A, record = resting().record) =>
    planned({
      declaration: withWorkers({ a: fields }),
      state: stateOf({ a: record }),
      inventory: inventoryOf({
        nodes: { pve1: node({ online: false }), pve2: node() },
        absent: { 9100: 'unreachable' },
      }),
      options,
    });

  test.each<[string, Partial<PlanOptions>, readonly ActionKind[], readonly Reason[]]>([
    ['nothing', {}, [], []],
    ['a test', { test: true }, ['test'], ['requested']],
    ['a new VM', { replace: ['a'] }, ['replace'], ['requested']],
    ['both', { replace: ['a'], test: true }, ['replace', 'test'], ['requested']],
    ['no VM', { destroy: true }, ['destroy'], ['requested']],
  ])('%s: it is shown, and waits', (_, options, actions, reasons) => {
    expect(lost(options)).toMatchObject({ actions, reasons, held: { why: 'unreachable' } });
  });

  test('a worker that is disabled is not tested', () => {
    expect(lost({ test: true }, { ...A, enabled: false })).toMatchObject({ actions: [] });
  });

  test('a VM that was only begun is not there to be destroyed', () => {
    const begun = { ...configured, doing: doing('deploy', 'clone', 9100) };
    expect(lost({ destroy: true }, A, begun)).toMatchObject({ actions: [] });
  });
});

describe('a VM with all marks that no record names', () => {
  const marked = (change: Parameters<typeof ownerOf>[1], facts: Parameters<typeof vm>[1] = {}) => ({
    inventory: inventoryOf({
      vms: { 9105: vm(9105, facts) },
      configs: { 9105: bearing(ownerOf(9105, change)) },
    }),
    state: stateOf({ b: { ...configured, declared: { ...configured.declared, node: 'pve2' } } }),
  });
  const both = withWorkers({ a: A, b: { node: 'pve2' } });

  test('is adopted, powered off first when it runs, and changed in place only', () => {
    const plan = planned({ declaration: both, ...marked({}, { status: 'running' }) });
    expect(plan).toMatchObject({
      actions: ['shutdown', 'adopt', 'update'],
      reasons: ['left-running', 'orphan'],
      vmid: 9105,
      uuid: uuidOf(9105),
    });
    expect(plan?.changes[0]).toMatchObject({ path: 'power', before: 'running', after: 'off' });
  });

  test('is adopted under its own id, whatever id is declared', () => {
    const declared = withWorkers({ a: { ...A, vmid: 9107 } });
    const plan = planned({ declaration: declared, ...marked({}) });
    expect(plan?.actions).toEqual(['adopt', 'update']);
    expect(plan?.changes.map(({ path }) => path)).not.toContain('vmid');
  });

  test.each([
    ['of another worker', { worker: 'z' }],
    ['of another project', { project: 'web' }],
    ['of another environment', { environment: 'staging' }],
  ])('%s is not taken for it', (_, change) => {
    expect(planned({ declaration: both, ...marked(change) })).toMatchObject({
      actions: ['configure'],
      reasons: ['new'],
    });
  });
});

describe('a worker whose declared node has left', () => {
  test('is left out, and not forgotten, when its VM is on another one', () => {
    const { record } = resting();
    const moved = twisted(resting(), {
      record: {
        declared: { ...record.declared, node: 'pve8' },
        vm: { vmid: 9100, node: 'pve1', uuid: uuidOf(9100) },
      },
    });
    const plan = planOf({
      declaration: withWorkers({ a: { node: 'pve8' } }),
      ...deployed({ a: moved }),
    });
    expect(plan.workers).toEqual([]);
    expect(plan.warnings).toMatchObject([{ severity: 'warning', code: 'unknown-node' }]);
  });
});

describe('a worker that is not declared any more', () => {
  const gone = (record: WorkerRecord, change: Partial<Inventory>, options = {}): Scene => ({
    declaration: withWorkers({}),
    state: stateOf({ a: record }),
    inventory: inventoryOf(change),
    options,
  });
  const { record } = resting();
  const clone = { ...configured, doing: doing('deploy', 'clone', 9100) };
  const locked = { vms: { 9100: vm(9100, { lock: 'clone' }) } };

  test.each<[string, Scene, object]>([
    [
      'its VM can not be seen: it waits',
      gone(record, { absent: { 9100: 'invisible' } }),
      { actions: ['destroy'], reasons: ['undeclared'], held: { why: 'invisible' } },
    ],
    [
      'its VM is being cloned: it waits for that',
      gone(clone, locked),
      { actions: ['destroy'], reasons: ['undeclared'], held: { why: 'locked', by: 'lock clone' } },
    ],
    [
      'nobody looked: it is destroyed as recorded',
      gone(record, {}, { refresh: false }),
      { actions: ['destroy'], reasons: ['undeclared'], vmid: 9100, frees: [] },
    ],
    [
      'its VM is gone: it is forgotten',
      gone(record, { absent: { 9100: 'gone' } }),
      { actions: ['forget'], reasons: ['undeclared', 'vm-gone'] },
    ],
    [
      'its VM never was: it is forgotten',
      gone(clone, { absent: { 9100: 'gone' } }),
      { actions: ['forget'], reasons: ['undeclared'] },
    ],
  ])('%s', (_, scene, expected) => {
    expect(planned(scene)).toMatchObject(expected);
  });
});

describe('without a refresh', () => {
  test('a new worker is new', () => {
    const plan = planOf({ declaration, options: { refresh: false } });
    expect(one(plan)).toMatchObject({ actions: ['configure'], reasons: ['new'] });
  });
});
