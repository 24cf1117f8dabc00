import { describe, expect, test } from 'vitest';
import type { WorkerPlan } from '../../src/model/plan.ts';
import { GiB } from '../../src/model/quantity.ts';
import { confirm } from '../../src/plan/confirm.ts';
import { workerDigest } from '../../src/plan/worker-digest.ts';
import {
  config,
  deployed,
  inventoryOf,
  planOf,
  type Scene,
  stateOf,
  uuidOf,
  vm,
  withWorkers,
} from './support/builders.ts';
import { A, one, resting, twisted } from './support/scenes.ts';

const bigger = withWorkers({ a: { ...A, memory: 8 * GiB } });
const running = twisted(resting(), { vm: { status: 'running' } });

const planned = (scene: Scene): WorkerPlan => one(planOf(scene));

/** What a dead run of this very plan was doing. */
const begun = (plan: WorkerPlan, action: string, step: string, uuid = uuidOf(9100)) => ({
  ...{ run: 'r1', action, step, vmid: 9100, node: 'pve1' },
  ...{ uuid, plan: workerDigest(plan) },
});

describe('the rest of what an interrupted run of this plan began', () => {
  const update = planned({ declaration: bigger, ...deployed({ a: resting() }) });
  const half = { config: { memory: '4096' } };

  test('goes on, however far it came', () => {
    const record = { doing: begun(update, 'update', 'write') };
    const { state, inventory } = deployed({ a: twisted(resting(), { ...half, record }) });
    expect(confirm(update, state, inventory)).toEqual({ kind: 'run', worker: update });
  });

  test('is none when it was of another VM', () => {
    const record = { doing: begun(update, 'update', 'write', uuidOf(1)) };
    const { state, inventory } = deployed({ a: twisted(resting(), { ...half, record }) });
    expect(confirm(update, state, inventory)).toMatchObject({
      kind: 'stale',
      differences: ['memory was 6 GiB when this was planned and is 4 GiB now (vm 9100)'],
    });
  });

  test('powers off what it agreed to power off, and nothing that was switched on since', () => {
    const both = planned({ declaration: bigger, ...deployed({ a: running }) });
    const rest = (plan: WorkerPlan, action: string) => {
      const record = { doing: begun(plan, action, 'x') };
      const { state, inventory } = deployed({ a: twisted(running, { record }) });
      return confirm(plan, state, inventory);
    };
    expect(rest(both, 'shutdown')).toEqual({ kind: 'run', worker: both });
    expect(rest(update, 'update')).toEqual({
      kind: 'stale',
      differences: ['shutdown would be needed now, and was not planned'],
    });
  });

  test('lets a VM run that its own test started', () => {
    const tested = planned({
      declaration: bigger,
      ...deployed({ a: resting() }),
      options: { test: true },
    });
    const record = { doing: begun(tested, 'test', 'start') };
    const { state, inventory } = deployed({ a: twisted(running, { record }) });
    expect(confirm(tested, state, inventory)).toEqual({ kind: 'run', worker: tested });
  });
});

describe('confirm of a changed image', () => {
  const newer = {
    debian: { kind: 'template', template: { by: 'vmid', vmid: 9001 }, clone: 'full' },
  } as const;
  const template = { vms: { 9001: vm(9001, { template: true }) } };
  const declaration = withWorkers({ a: { ...A, memory: 8 * GiB } }, { images: newer });
  const { state, inventory } = deployed({ a: resting() }, template);

  test('a replace that was planned is one still', () => {
    const replace = planned({ declaration, state, inventory });
    expect(replace.actions).toEqual(['replace']);
    expect(confirm(replace, state, inventory)).toMatchObject({
      kind: 'run',
      worker: { actions: ['replace'] },
    });
  });

  test('a worker that waited for its turn does not take it by itself', () => {
    const replace = planned({ declaration, state, inventory });
    const changes = replace.changes.filter(({ path }) => path === 'memory');
    const waiting: WorkerPlan = { ...replace, actions: ['update'], changes, frees: [] };
    expect(confirm(waiting, state, inventory)).toMatchObject({
      kind: 'run',
      worker: { actions: ['update'], changes: [{ path: 'memory' }] },
    });
  });
});

describe('a VM that was gone when this was planned', () => {
  const absent = inventoryOf({ absent: { 9100: 'gone' } });
  const state = stateOf({ a: resting().record });

  test('is gone still: its record goes, or is Configured', () => {
    for (const declaration of [withWorkers({}), withWorkers({ a: A })]) {
      const plan = planned({ declaration, state, inventory: absent });
      expect(plan.reasons).toContain('vm-gone');
      expect(confirm(plan, state, absent)).toMatchObject({
        kind: 'run',
        worker: { actions: plan.actions, reasons: plan.reasons },
      });
    }
  });

  test('came back: it is not forgotten, and nothing is left to do', () => {
    const { inventory } = deployed({ a: resting() });
    const forget = planned({ declaration: withWorkers({}), state, inventory: absent });
    expect(confirm(forget, state, inventory)).toEqual({
      kind: 'stale',
      differences: ['destroy would be needed now, and was not planned'],
    });
    const configure = planned({ declaration: withWorkers({ a: A }), state, inventory: absent });
    expect(confirm(configure, state, inventory)).toEqual({ kind: 'done' });
  });
});

describe('a VM whose marks somebody changed since', () => {
  test('is stale, because nobody can tell whose it is', () => {
    const { state } = deployed({ a: resting() });
    const update = planned({ declaration: bigger, ...deployed({ a: resting() }) });
    const changed = twisted(resting(), { config: { smbios1: `uuid=${uuidOf(1)}` } });
    expect(confirm(update, state, deployed({ a: changed }).inventory)).toEqual({
      kind: 'stale',
      differences: [
        "it is held now: guard, vm 9100 can't be told for certain to be a: its SMBIOS uuid or serial was changed; nothing is written",
      ],
    });
  });

  test('is stale too where another VM has its id and it is looked for in vain', () => {
    const { state } = deployed({ a: resting() });
    const update = planned({ declaration: bigger, ...deployed({ a: resting() }) });
    const inventory = inventoryOf({
      vms: { 9100: vm(9100, { name: 'web' }) },
      configs: { 9100: config({ smbios1: `uuid=${uuidOf(1)}` }) },
    });
    expect(confirm(update, state, inventory)).toMatchObject({
      kind: 'stale',
      differences: ['configure would be needed now, and was not planned'],
    });
  });

  test('is stale when somebody restored a copy of it meanwhile (W21)', () => {
    const before = deployed({ a: resting() });
    const update = planned({ declaration: bigger, ...before });
    const copy = resting().config;
    const shouted = {
      ...copy.values,
      smbios1: (copy.values.smbios1 ?? '').replace(
        /uuid=[^,]+/,
        (each) => `uuid=${each.slice(5).toUpperCase()}`,
      ),
    };
    const inventory = deployed(
      { a: resting() },
      { vms: { 9104: vm(9104) }, configs: { 9104: config(shouted) } },
    ).inventory;
    expect(confirm(update, before.state, inventory)).toMatchObject({
      kind: 'stale',
      differences: [expect.stringContaining('another VM has the same SMBIOS uuid')],
    });
  });
});
