import { describe, expect, test } from 'vitest';
import type { WorkerPlan } from '../../src/model/plan.ts';
import { GiB } from '../../src/model/quantity.ts';
import type { WorkerRecord } from '../../src/model/state.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import { confirm } from '../../src/plan/confirm.ts';
import { workerDigest } from '../../src/plan/worker-digest.ts';
import {
  deployed,
  edited,
  type Made,
  made,
  planOf,
  runOf,
  type Scene,
  withWorkers,
  workerIn,
} from './support/builders.ts';

const A: WorkerFields = { node: 'pve1' };
const GROWN = withWorkers({ a: { ...A, memory: 8 * GiB } });

function worker(change: Partial<WorkerRecord> = {}): Made {
  const whole = made(workerIn(withWorkers({ a: A }), 'a'), 9100);
  return { ...whole, record: { ...whole.record, ...change } };
}

function planned(scene: Scene): WorkerPlan {
  const found = planOf(scene).workers.find((each) => each.worker === 'a');
  if (found === undefined) throw new Error('nothing is planned');
  return found;
}

/** In use by a session when it was planned. */
function whileLeased(change: Partial<WorkerRecord>) {
  const { state, inventory } = deployed({
    a: worker({ ...change, lease: { run: 'r1', fence: 1 } }),
  });
  const session = runOf('r1', { kind: 'session', session: 'nightly-1' });
  return { state: { ...state, runs: { r1: session } }, inventory };
}

const QUARANTINE = { quarantine: { note: 'disk errors', by: 'ann' } };

describe('what waited for a lease', () => {
  test('goes on when its lease is free, and it is as it was', () => {
    const update = planned({ declaration: GROWN, ...whileLeased({}) });
    expect(update.held).toMatchObject({ why: 'leased' });
    const after = deployed({ a: worker() });
    expect(confirm(update, after.state, after.inventory)).toMatchObject({
      kind: 'run',
      worker: { actions: ['update'] },
    });
  });

  test('keeps its quarantine when the lease is free: nothing is launched', () => {
    const scene = { declaration: withWorkers({ a: A }), options: { test: true } };
    const launch = planned({ ...scene, ...whileLeased(QUARANTINE) });
    expect(launch.held).toMatchObject({ why: 'leased' });
    const after = deployed({ a: worker(QUARANTINE) });
    expect(confirm(launch, after.state, after.inventory)).toEqual({
      kind: 'stale',
      differences: ['it is held now: quarantined, ann: disk errors'],
    });
  });

  test('keeps its protection: it is not destroyed', () => {
    const destroy = planned({
      declaration: withWorkers({}),
      ...whileLeased({ protect: true }),
    });
    expect(destroy).toMatchObject({ actions: ['destroy'], held: { why: 'leased' } });
    const after = deployed({ a: worker({ protect: true }) });
    expect(confirm(destroy, after.state, after.inventory)).toMatchObject({
      kind: 'stale',
      differences: ['it is held now: protected, protect: true'],
    });
  });

  test('is left alone under HA, under a lock and in doubt', () => {
    const update = planned({ declaration: GROWN, ...whileLeased({}) });
    const underHa = deployed({ a: worker() }, { haManaged: [9100] });
    const locked = deployed({
      a: { ...worker(), config: edited(worker().config, { lock: 'backup' }) },
    });
    const doubtful = deployed({
      a: { ...worker(), config: edited(worker().config, { smbios1: null }) },
    });
    for (const [{ state, inventory }, why] of [
      [underHa, 'ha-managed'],
      [locked, 'locked'],
      [doubtful, 'guard'],
    ] as const)
      expect(confirm(update, state, inventory)).toMatchObject({
        kind: 'stale',
        differences: [expect.stringContaining(`it is held now: ${why}`)],
      });
  });
});

describe('guards', () => {
  const names = ['a', 'b', 'c', 'd'];

  test('workers in use count, because --wait destroys them when they are free', () => {
    const all = Object.fromEntries(
      names.map((name, index) => {
        const whole = made(workerIn(withWorkers({ [name]: A }), name), 9100 + index);
        return [name, { ...whole, record: { ...whole.record, lease: { run: 'r1', fence: 1 } } }];
      }),
    );
    const { state, inventory } = deployed(all);
    const plan = planOf({
      declaration: withWorkers({}, { guards: { maxDestroy: 1, forbid: [] } }),
      state: { ...state, runs: { r1: runOf('r1') } },
      inventory,
    });
    expect(plan.refusals.map(({ message }) => message)).toEqual([
      'this plan would destroy 4 workers: more than guards.maxDestroy 1 allows',
    ]);
    expect(plan.workers.map(({ held }) => held?.why)).toEqual(names.map(() => 'guard'));
  });
});

describe('the rest of an interrupted run', () => {
  const before = deployed({ a: worker() });
  const update = planned({ declaration: GROWN, ...before });
  const doingFor = (plan: WorkerPlan, action: string) => ({
    run: 'r0',
    action,
    step: action === 'update' ? 'set-config' : action,
    vmid: 9100,
    node: 'pve1',
    ...(plan.uuid === undefined ? {} : { uuid: plan.uuid }),
    plan: workerDigest(plan),
  });
  const begun = worker({ doing: doingFor(update, 'update') });

  test('goes on when nothing else happened', () => {
    const { state, inventory } = deployed({ a: begun });
    expect(confirm(update, state, inventory)).toEqual({ kind: 'run', worker: update });
  });

  test('does not go on under a lock or with a VM that somebody switched on', () => {
    const locked = deployed({ a: { ...begun, config: edited(begun.config, { lock: 'backup' }) } });
    expect(confirm(update, locked.state, locked.inventory)).toEqual({
      kind: 'stale',
      differences: ['it is held now: locked, lock backup'],
    });
    const on = deployed({ a: { ...begun, vm: { ...begun.vm, status: 'running' } } });
    expect(confirm(update, on.state, on.inventory)).toEqual({
      kind: 'stale',
      differences: ['shutdown would be needed now, and was not planned'],
    });
  });

  test('goes on with a VM that the same plan had switched on for its test', () => {
    const scene = { declaration: withWorkers({ a: A }), options: { test: true } };
    const launch = planned({ ...scene, ...before });
    const left = worker({ doing: doingFor(launch, 'test') });
    const on = deployed({ a: { ...left, vm: { ...left.vm, status: 'running' } } });
    expect(confirm(launch, on.state, on.inventory)).toEqual({ kind: 'run', worker: launch });
  });

  test('does not delete a volume that was attached since', () => {
    const destroy = planned({ declaration: withWorkers({}), ...before });
    const left = worker({ doing: doingFor(destroy, 'destroy') });
    const more = edited(left.config, { scsi1: 'local-lvm:vm-9100-disk-1,size=8G' });
    const { state, inventory } = deployed({ a: { ...left, config: more } });
    expect(confirm(destroy, state, inventory)).toEqual({
      kind: 'stale',
      differences: ['the volume local-lvm:vm-9100-disk-1 (8 GiB) would be deleted too'],
    });
  });

  test('another plan for the same entry, with other changes agreed to, is compared', () => {
    const drifted = { ...begun, config: edited(begun.config, { cores: '8' }) };
    const { state, inventory } = deployed({ a: drifted });
    const other = planned({ declaration: GROWN, state, inventory });
    expect(other.actions).toEqual(update.actions);
    expect(workerDigest(other)).not.toBe(workerDigest(update));
    // Begun by the plan that shows the drift; the older one knows nothing of it.
    const later = { ...drifted.record, doing: doingFor(other, 'update') };
    const now = deployed({ a: { ...drifted, record: later } });
    expect(confirm(update, now.state, now.inventory)).toMatchObject({
      kind: 'stale',
      differences: ['cpu.cores was 6 when this was planned and is 8 now (vm 9100)'],
    });
  });
});
