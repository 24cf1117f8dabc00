import { describe, expect, test } from 'vitest';
import { smbiosOf } from '../../src/model/marks.ts';
import type { Plan, WorkerPlan } from '../../src/model/plan.ts';
import { GiB } from '../../src/model/quantity.ts';
import type { WorkerRecord } from '../../src/model/state.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import {
  config,
  declarationOf,
  deployed,
  edited,
  inventoryOf,
  LINEAGE,
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
import { A, one, resting, twisted } from './support/scenes.ts';

function brief({ actions, reasons, held }: WorkerPlan) {
  return { actions, reasons, ...(held === undefined ? {} : { held: held.why }) };
}

describe('a worker without a VM', () => {
  test('new: it is configured, and no VM is made (W9)', () => {
    const worker = one(planOf({ declaration: withWorkers({ a: A }) }));
    expect(brief(worker)).toEqual({ actions: ['configure'], reasons: ['new'] });
    expect(worker.summary).toBe('4 slots, 6 vCPU, 6 GiB, 20 GiB local-lvm, vmbr0 dhcp');
    expect(worker.vmid).toBeUndefined();
  });

  test('new and eager: it is deployed too, under an id of the range (P24, W8)', () => {
    const worker = one(planOf({ declaration: withWorkers({ a: { ...A, deploy: 'eager' } }) }));
    expect(brief(worker)).toEqual({ actions: ['configure', 'deploy'], reasons: ['new', 'eager'] });
    expect(worker.vmid).toBe(9100);
  });

  test('new with --test: it is deployed and tested', () => {
    const worker = one(planOf({ declaration: withWorkers({ a: A }), options: { test: true } }));
    expect(brief(worker)).toEqual({
      actions: ['configure', 'deploy', 'test'],
      reasons: ['new', 'requested'],
    });
  });

  test('a set follows a node that joined: the reason says that nobody changed the YAML (W13)', () => {
    const declaration = declarationOf({
      workerSets: { every: { nodes: 'all', name: 'w-${node}', worker: {}, perNode: {} } },
    });
    const inventory = inventoryOf({ nodes: { pve1: node(), pve3: node() } });
    const plan = planOf({ declaration, inventory });
    expect(plan.workers.map(({ worker, reasons }) => [worker, reasons])).toEqual([
      ['w-pve1', ['new']],
      ['w-pve3', ['new-node']],
    ]);
  });

  test('recorded and unchanged: nothing; --test deploys it', () => {
    const { record } = resting();
    const { vm: _v, observed: _o, image: _i, ...configured } = record;
    const state = stateOf({ a: configured });
    const declaration = withWorkers({ a: A });
    expect(planOf({ declaration, state })).toMatchObject({ workers: [], unchanged: 1 });
    const tested = one(planOf({ declaration, state, options: { test: true } }));
    expect(brief(tested)).toEqual({ actions: ['deploy', 'test'], reasons: ['requested'] });
  });

  test('changed: only its record follows', () => {
    const { record } = resting();
    const { vm: _v, observed: _o, ...configured } = record;
    const declaration = withWorkers({ a: { ...A, memory: 8 * GiB } });
    const worker = one(planOf({ declaration, state: stateOf({ a: configured }) }));
    expect(brief(worker)).toEqual({ actions: ['configure'], reasons: ['declaration-changed'] });
    expect(worker.changes).toMatchObject([
      { path: 'memory', before: 6 * GiB, after: 8 * GiB, cost: 'record' },
    ]);
  });

  test('disabled: it is kept, and never launched', () => {
    const declaration = withWorkers({ a: { ...A, enabled: false, deploy: 'eager' } });
    expect(brief(one(planOf({ declaration, options: { test: true } })))).toEqual({
      actions: ['configure'],
      reasons: ['new'],
    });
  });
});

describe('a worker with a VM', () => {
  test('at rest and as declared: nothing, for every kind of field (P37)', () => {
    const plan = planOf({ declaration: withWorkers({ a: A }), ...deployed({ a: resting() }) });
    expect(plan).toMatchObject({ workers: [], unchanged: 1, findings: [] });
  });

  test('a field without a side on PVE only changes the record', () => {
    const declaration = withWorkers({ a: { ...A, labels: { site: 'north' } } });
    const worker = one(planOf({ declaration, ...deployed({ a: resting() }) }));
    expect(brief(worker)).toEqual({ actions: ['configure'], reasons: ['declaration-changed'] });
    expect(worker.changes).toMatchObject([{ path: 'labels.site', cost: 'record' }]);
  });

  test('a changed field is an update with its place, its cause and its cost (P32)', () => {
    const declaration = withWorkers({ a: { ...A, memory: 8 * GiB } });
    const worker = one(planOf({ declaration, ...deployed({ a: resting() }) }));
    expect(brief(worker)).toEqual({ actions: ['update'], reasons: ['declaration-changed'] });
    expect(worker.changes).toEqual([
      {
        path: 'memory',
        before: 6 * GiB,
        after: 8 * GiB,
        causes: ['declaration'],
        cost: 'in-place',
        at: { file: 'muster.yaml', line: 3, column: 1 },
      },
    ]);
  });

  test('drift is put back, and the plan says what it was when last applied', () => {
    const drifted = twisted(resting(), { config: { memory: '1024' } });
    const worker = one(planOf({ declaration: withWorkers({ a: A }), ...deployed({ a: drifted }) }));
    expect(brief(worker)).toEqual({ actions: ['update'], reasons: ['drift'] });
    expect(worker.changes).toMatchObject([
      { path: 'memory', before: GiB, after: 6 * GiB, applied: 6 * GiB, causes: ['drift'] },
    ]);
  });

  test('declaration and drift at once are both named', () => {
    const drifted = twisted(resting(), { config: { memory: '1024' } });
    const declaration = withWorkers({ a: { ...A, memory: 8 * GiB } });
    const worker = one(planOf({ declaration, ...deployed({ a: drifted }) }));
    expect(worker.reasons).toEqual(['declaration-changed', 'drift']);
  });

  test('cloud-init keys are changed in place, never by a new VM (P31)', () => {
    const declaration = withWorkers({
      a: { ...A, cloudInit: { sshKeys: ['ssh-ed25519 AAAA b'] } },
    });
    const worker = one(planOf({ declaration, ...deployed({ a: resting() }) }));
    expect(worker.actions).toEqual(['update']);
    expect(worker.changes).toMatchObject([{ path: 'cloudInit.sshKeys', cost: 'cloud-init-rerun' }]);
  });

  test('a missing soft mark is drift and is repaired', () => {
    const drifted = twisted(resting(), { config: { tags: 'prod', description: 'mine' } });
    const worker = one(planOf({ declaration: withWorkers({ a: A }), ...deployed({ a: drifted }) }));
    expect(worker.changes.map(({ path }) => path)).toEqual(['description', 'tags']);
  });

  test('a smaller disk is an error with its place, before anything is done (P34)', () => {
    const declaration = withWorkers({ a: { ...A, disk: { size: 10 * GiB } } });
    expect(() => planOf({ declaration, ...deployed({ a: resting() }) })).toThrow(/can't shrink/);
  });

  test('a disk that was grown by hand is a finding, because it can not be given back', () => {
    const fields = { ...A, disk: { size: 20 * GiB } };
    const worker = resting(fields);
    const grown = twisted(worker, {
      config: { scsi0: (worker.config.values.scsi0 ?? '').replace('20G', '64G') },
    });
    const plan = planOf({ declaration: withWorkers({ a: fields }), ...deployed({ a: grown }) });
    expect(plan.workers).toEqual([]);
    expect(plan.findings).toMatchObject([{ code: 'disk-grown', worker: 'a' }]);
  });

  test('another id that is declared means a new VM', () => {
    const declaration = withWorkers({ a: { ...A, vmid: 9105 } });
    const worker = one(planOf({ declaration, ...deployed({ a: resting() }) }));
    expect(brief(worker)).toEqual({ actions: ['replace'], reasons: ['declaration-changed'] });
    expect(worker.frees).toEqual(['local-lvm:vm-9100-disk-0 (20 GiB)']);
  });
});

describe('where a worker is', () => {
  const moved = withWorkers({ a: { node: 'pve2' } });
  const storage = (name: string, where: string) => ({
    [`${where}/${name}`]: {
      node: where,
      storage: name,
      enabled: true,
      active: true,
      shared: false,
      type: 'lvmthin',
      content: ['images'],
      total: 100 * GiB,
      available: 90 * GiB,
    },
  });

  test('another node is reached by migration when its storage is there', () => {
    const { state, inventory } = deployed(
      { a: resting() },
      { storages: storage('local-lvm', 'pve2') },
    );
    const worker = one(planOf({ declaration: moved, state, inventory }));
    expect(brief(worker)).toEqual({ actions: ['update'], reasons: ['declaration-changed'] });
    expect(worker.changes).toMatchObject([
      { path: 'node', before: 'pve1', after: 'pve2', cost: 'migrate' },
    ]);
  });

  test('the template of the other node is no other image', () => {
    const images = {
      debian: {
        kind: 'template',
        template: { by: 'node', perNode: { pve1: 9000, pve2: 9001 } },
        clone: 'full',
      },
    } as const;
    const worker = made(workerIn(withWorkers({ a: A }, { images }), 'a'), 9100);
    const declaration = withWorkers({ a: { node: 'pve2' } }, { images });
    const before = planOf({ declaration, ...deployed({ a: worker }) });
    expect(one(before)).toMatchObject({ actions: ['update'], changes: [{ path: 'node' }] });
    const cutOff = twisted(worker, { vm: { node: 'pve2' } });
    const after = planOf({ declaration, ...deployed({ a: cutOff }) });
    expect(after.workers.flatMap(({ actions }) => actions)).not.toContain('replace');
  });

  test('and by a new VM when it is not', () => {
    const { state, inventory } = deployed({ a: resting() }, { storages: storage('other', 'pve2') });
    expect(one(planOf({ declaration: moved, state, inventory })).actions).toEqual(['replace']);
  });

  test('a VM that somebody moved is found and moved back, never made a second time (P26)', () => {
    const elsewhere = twisted(resting(), { vm: { node: 'pve2' } });
    const worker = one(
      planOf({ declaration: withWorkers({ a: A }), ...deployed({ a: elsewhere }) }),
    );
    expect(brief(worker)).toEqual({ actions: ['update'], reasons: ['drift'] });
    expect(worker.changes).toMatchObject([{ path: 'node', before: 'pve2', after: 'pve1' }]);
  });
});

describe('images', () => {
  const newer = {
    debian: { kind: 'template', template: { by: 'vmid', vmid: 9001 }, clone: 'full' },
  } as const;
  const template = { vms: { 9001: vm(9001, { template: true }) } };

  test('a changed template replaces by default', () => {
    const declaration = withWorkers({ a: A }, { images: newer });
    const worker = one(planOf({ declaration, ...deployed({ a: resting() }, template) }));
    expect(brief(worker)).toEqual({ actions: ['replace'], reasons: ['image-changed'] });
    expect(worker).toMatchObject({
      vmid: 9100,
      changes: [
        { path: 'image', before: 'debian (template 9000)', after: 'debian (template 9001)' },
      ],
    });
  });

  test.each(['nextDeploy', 'ignore'] as const)(
    'with onImageChange %s it is a finding',
    (policy) => {
      const fields = { ...A, onImageChange: policy };
      const declaration = withWorkers({ a: fields }, { images: newer });
      const plan = planOf({ declaration, ...deployed({ a: resting(fields) }, template) });
      expect(plan.workers).toEqual([]);
      expect(plan.findings).toMatchObject([{ code: 'stale-image', worker: 'a' }]);
    },
  );

  test('at most one worker per node is replaced at a time', () => {
    const fields = { a: A, b: A, c: { node: 'pve2' } };
    const all = withWorkers(fields);
    const workers = Object.fromEntries(
      Object.keys(fields).map((name, index) => [name, made(workerIn(all, name), 9100 + index)]),
    );
    const plan = planOf({ declaration: { ...all, images: newer }, ...deployed(workers, template) });
    expect(plan.workers.map(({ worker, actions }) => [worker, actions])).toEqual([
      ['a', ['replace']],
      ['c', ['replace']],
    ]);
    expect(plan.findings).toMatchObject([{ code: 'stale-image', worker: 'b' }]);
  });

  test('an adopted VM, whose image nobody knows, is not replaced for it (P38)', () => {
    const adopted = twisted(resting(), {
      record: { image: { name: 'debian', source: 'unknown' } },
    });
    const plan = planOf({ declaration: withWorkers({ a: A }), ...deployed({ a: adopted }) });
    expect(plan.workers).toEqual([]);
  });
});

describe('a recorded VM that is not there', () => {
  function without(absence: 'gone' | 'invisible' | 'unreachable', fields: WorkerFields = A) {
    const { record } = resting(fields);
    return planOf({
      declaration: withWorkers({ a: fields }),
      state: stateOf({ a: record }),
      inventory: inventoryOf({ absent: { 9100: absence } }),
    });
  }

  test('gone: back to configured (P39)', () => {
    expect(brief(one(without('gone')))).toEqual({ actions: ['configure'], reasons: ['vm-gone'] });
  });

  test('gone and eager: deployed again (P39)', () => {
    const worker = one(without('gone', { ...A, deploy: 'eager' }));
    expect(worker.actions).toEqual(['deploy']);
    expect(worker.reasons).toEqual(['vm-gone', 'eager']);
  });

  test('absent from the lists but not free: held, never taken for gone', () => {
    const worker = one(without('invisible'));
    expect(brief(worker)).toEqual({ actions: [], reasons: [], held: 'invisible' });
    expect(worker.held?.remedy).toContain('VM.Audit');
  });

  test('its node does not answer: held, and the others go on (P27)', () => {
    const declaration = withWorkers({ a: A, b: { node: 'pve2' } });
    const plan = planOf({
      declaration,
      state: stateOf({ a: resting().record }),
      inventory: inventoryOf({
        nodes: { pve1: node({ unreachable: '595 No route to host' }), pve2: node() },
        absent: { 9100: 'unreachable' },
      }),
    });
    expect(one(plan).held).toMatchObject({ why: 'unreachable', by: '595 No route to host' });
    expect(one(plan, 'b').actions).toEqual(['configure']);
    expect(plan.cluster).toMatchObject({ nodes: 2, unreachable: 1 });
  });

  test('an offline node shows no size, and its workers do not seem to change (P27)', () => {
    const { record } = resting({ ...A, slots: 20 });
    const { vm: _, observed: _o, ...configured } = record;
    const plan = planOf({
      declaration: withWorkers({ a: { ...A, slots: 20 } }),
      state: stateOf({ a: configured }),
      inventory: inventoryOf({
        nodes: { pve1: node({ online: false, cpus: 0, memory: 0 }), pve2: node() },
      }),
    });
    expect(plan.workers).toEqual([]);
  });

  test('its node left the cluster: the record is dropped, and that is reported', () => {
    const { record } = resting();
    const gone = {
      ...record,
      vm: { vmid: 9100, node: 'pve9', uuid: uuidOf(9100) },
      declared: { ...record.declared, node: 'pve9' },
    };
    const keep = made(workerIn(withWorkers({ b: { node: 'pve2' } }), 'b'), 9101);
    const { state, inventory } = deployed({ b: keep });
    const plan = planOf({
      declaration: withWorkers({ b: { node: 'pve2' } }),
      state: { ...state, workers: { ...state.workers, a: gone } },
      inventory: { ...inventory, absent: { 9100: 'gone' } },
    });
    expect(brief(one(plan))).toEqual({ actions: ['forget'], reasons: ['node-gone'] });
    expect(plan.findings).toMatchObject([{ code: 'node-gone', worker: 'a' }]);
  });

  test('the only worker’s node left, and others of the cluster remain: no other cluster’s state', () => {
    const worker = resting({ node: 'pve2' });
    const inventory = inventoryOf({ nodes: { pve1: node() } });
    const plan = planOf({
      declaration: withWorkers({}),
      state: stateOf({ a: worker.record }),
      inventory,
    });
    expect(brief(one(plan))).toEqual({ actions: ['forget'], reasons: ['node-gone'] });
  });

  test('declared for a node that does not exist: left out with a warning, an error with --strict', () => {
    const declaration = withWorkers({ a: { node: 'pve8' }, b: A });
    const plan = planOf({ declaration });
    expect(plan.workers.map(({ worker }) => worker)).toEqual(['b']);
    expect(plan.warnings).toMatchObject([{ code: 'unknown-node', detail: ['nodes: pve1, pve2'] }]);
    expect(() => planOf({ declaration, options: { strict: true } })).toThrow(/pve8/);
  });
});

describe('identity', () => {
  const declaration = withWorkers({ a: A });

  test('an id that another VM has now is never taken for the worker (P25, W9)', () => {
    const stranger = config({ name: 'web', smbios1: 'uuid=3cbeced6-cd59-41d3-9956-8966812c39e5' });
    const worker = resting();
    const plan = planOf({
      declaration,
      state: stateOf({ a: worker.record }),
      inventory: inventoryOf({
        vms: { 9100: vm(9100, { name: 'web' }) },
        configs: { 9100: stranger },
      }),
    });
    expect(brief(one(plan))).toEqual({ actions: ['configure'], reasons: ['vm-gone'] });
    expect(plan.findings).toMatchObject([{ code: 'recycled-vmid', vmid: 9100 }]);
  });

  test('an undeclared worker whose id was recycled is forgotten, and the stranger left alone (P25)', () => {
    const plan = planOf({
      declaration: withWorkers({}),
      state: stateOf({ a: resting().record }),
      inventory: inventoryOf({
        vms: { 9100: vm(9100) },
        configs: { 9100: config({ smbios1: 'uuid=3cbeced6-cd59-41d3-9956-8966812c39e5' }) },
      }),
    });
    expect(one(plan).actions).toEqual(['forget']);
  });

  test('changed marks make it ambiguous: reported, never written', () => {
    const worker = twisted(resting(), {
      config: { smbios1: 'uuid=3cbeced6-cd59-41d3-9956-8966812c39e5' },
    });
    const plan = planOf({ declaration, ...deployed({ a: worker }) });
    expect(plan.workers).toEqual([]);
    expect(plan.findings).toMatchObject([{ code: 'ambiguous', vmid: 9100 }]);
  });

  test('two VMs with one uuid, made in one second, are ambiguous (W21)', () => {
    const worker = resting();
    const plan = planOf({
      declaration,
      ...deployed(
        { a: worker },
        { vms: { 300: vm(300, { tags: ['muster'] }) }, configs: { 300: worker.config } },
      ),
    });
    expect(plan.workers).toEqual([]);
    expect(plan.findings.map(({ code, vmid }) => [code, vmid])).toEqual([
      ['restore', 300],
      ['ambiguous', 9100],
    ]);
  });

  test('a restore from another time is told apart by its ctime, and left alone (W21)', () => {
    const worker = resting();
    const restored = edited(worker.config, { meta: 'creation-qemu=10.0.13,ctime=1795999999' });
    const plan = planOf({
      declaration,
      ...deployed(
        { a: worker },
        { vms: { 300: vm(300, { tags: ['muster'] }) }, configs: { 300: restored } },
      ),
    });
    expect(plan.workers).toEqual([]);
    expect(plan.findings).toMatchObject([{ code: 'restore', vmid: 300 }]);
  });

  test('a copy that somebody cloned is reported and never written', () => {
    const worker = resting();
    const copy = edited(worker.config, { smbios1: smbiosOf(uuidOf(555), LINEAGE) });
    const plan = planOf({
      declaration,
      ...deployed(
        { a: worker },
        { vms: { 300: vm(300, { tags: ['muster'] }) }, configs: { 300: copy } },
      ),
      options: { prune: true },
    });
    expect(plan.workers).toEqual([]);
    expect(plan.findings).toMatchObject([{ code: 'copy', vmid: 300 }]);
  });

  test('VMs of another lineage, and strangers that borrowed the tag, are silent', () => {
    const worker = resting();
    const other = made(workerIn(withWorkers({ x: A }), 'x'), 300);
    const foreign = edited(other.config, {
      smbios1: smbiosOf(uuidOf(300), 'ffffffff-0000-4000-8000-000000000000'),
    });
    const plan = planOf({
      declaration,
      ...deployed(
        { a: worker },
        {
          vms: { 300: vm(300), 301: vm(301) },
          configs: { 300: foreign, 301: config({ tags: 'muster' }) },
        },
      ),
      options: { prune: true },
    });
    expect(plan).toMatchObject({ workers: [], findings: [] });
  });
});

describe('workers that go', () => {
  const nobody = withWorkers({});

  test('undeclared: destroyed, with every volume it frees and its last use', () => {
    const worker = twisted(resting(), {
      record: { last: { session: { name: 'nightly', at: Date.UTC(2026, 10, 20, 4) } } },
    });
    const plan = one(planOf({ declaration: nobody, ...deployed({ a: worker }) }));
    expect(brief(plan)).toEqual({ actions: ['destroy'], reasons: ['undeclared'] });
    expect(plan).toMatchObject({
      frees: ['local-lvm:vm-9100-disk-0 (20 GiB)'],
      lastUsed: 'nightly on 2026-11-20',
      vmid: 9100,
      uuid: uuidOf(9100),
    });
    expect(plan.desired).toBeUndefined();
  });

  test('undeclared without a VM: forgotten', () => {
    const { vm: _, ...record } = resting().record;
    const worker = one(planOf({ declaration: nobody, state: stateOf({ a: record }) }));
    expect(brief(worker)).toEqual({ actions: ['forget'], reasons: ['undeclared'] });
  });

  test('removed: forgotten, its VM is left alone', () => {
    const declaration = withWorkers({}, { removed: ['a'] });
    const worker = one(planOf({ declaration, ...deployed({ a: resting() }) }));
    expect(brief(worker)).toEqual({ actions: ['forget'], reasons: ['removed'] });
  });

  test('protected: the block may be deleted, the VM stays (P16)', () => {
    const worker = resting({ ...A, protect: true });
    const plan = one(planOf({ declaration: nobody, ...deployed({ a: worker }) }));
    expect(brief(plan)).toMatchObject({ actions: ['destroy'], held: 'protected' });
  });

  test('a volume that Muster did not make refuses it, unless --force names the worker', () => {
    const worker = twisted(resting(), { config: { scsi1: 'local-lvm:vm-9100-disk-1,size=8G' } });
    const scene = { declaration: nobody, ...deployed({ a: worker }) };
    const refused = planOf(scene);
    expect(refused.refusals).toMatchObject([
      { code: 'foreign-volume', detail: ['scsi1: local-lvm:vm-9100-disk-1'] },
    ]);
    expect(one(refused).held).toMatchObject({ why: 'guard' });
    const forced = planOf({ ...scene, options: { force: ['a'] } });
    expect(forced.refusals).toEqual([]);
    expect(one(forced)).toMatchObject({
      actions: ['destroy'],
      frees: ['local-lvm:vm-9100-disk-0 (20 GiB)', 'local-lvm:vm-9100-disk-1 (8 GiB)'],
    });
    expect(one(forced).held).toBeUndefined();
  });

  test('--destroy: the VM goes, the worker stays Configured', () => {
    const scene = { declaration: withWorkers({ a: A, b: A }), ...deployed({ a: resting() }) };
    const plan = planOf({ ...scene, options: { destroy: true } });
    expect(plan.workers.map((each) => [each.worker, each.actions])).toEqual([['a', ['destroy']]]);
    expect(one(plan).desired).toBeDefined();
  });

  test('asked by name to destroy or replace what is protected: refused (P16)', () => {
    const fields = { ...A, protect: true };
    const scene = { declaration: withWorkers({ a: fields }), ...deployed({ a: resting(fields) }) };
    for (const options of [{ destroy: true }, { replace: ['a'] }])
      expect(planOf({ ...scene, options }).refusals).toMatchObject([{ code: 'protected' }]);
  });

  test('one that somebody protected in PVE is held when it is not declared any more: PVE would refuse (P16)', () => {
    const worker = resting();
    const config = edited(worker.config, { protection: '1' });
    const plan = planOf({
      declaration: withWorkers({}),
      ...deployed({ a: { ...worker, config } }),
    });
    expect(one(plan)).toMatchObject({
      actions: ['destroy'],
      held: { why: 'protected', remedy: expect.stringContaining('qm set 9100 --protection 0') },
    });
  });

  test('protection that leaves the declaration is taken off before anything is replaced (P16)', () => {
    const worker = resting({ ...A, protect: true });
    const declaration = withWorkers({ a: { ...A, vmid: 9105 } });
    const plan = planOf({ declaration, ...deployed({ a: worker }) });
    expect(one(plan).actions).toEqual(['update']);
    expect(one(plan).changes.map(({ path }) => path)).toEqual(['protect']);
    expect(plan.findings).toMatchObject([{ code: 'replace-waits' }]);
  });
});

describe('renames', () => {
  test('a rename keeps the VM and changes what bears the name', () => {
    const declaration = withWorkers({ b: A }, { renamed: { a: 'b' } });
    const plan = planOf({ declaration, ...deployed({ a: resting() }) });
    expect(plan.workers).toHaveLength(1);
    expect(one(plan, 'b')).toMatchObject({
      actions: ['rename', 'update'],
      from: 'a',
      vmid: 9100,
      reasons: ['renamed', 'declaration-changed'],
    });
    expect(one(plan, 'b').changes.map(({ path }) => path)).toEqual(['name', 'description']);
  });

  test('a pattern renames a whole set', () => {
    const set = (name: string) => ({
      every: { nodes: 'all' as const, name, worker: {}, perNode: {} },
    });
    const before = declarationOf({ workerSets: set('old-${node}') });
    const workers = Object.fromEntries(
      ['pve1', 'pve2'].map((each, index) => [
        `old-${each}`,
        made(workerIn(before, `old-${each}`), 9100 + index),
      ]),
    );
    const declaration = declarationOf({
      workerSets: set('new-${node}'),
      renamed: { 'old-${node}': 'new-${node}' },
    });
    const plan = planOf({ declaration, ...deployed(workers) });
    expect(plan.workers.map(({ worker, from, vmid }) => [worker, from, vmid])).toEqual([
      ['new-pve1', 'old-pve1', 9100],
      ['new-pve2', 'old-pve2', 9101],
    ]);
  });

  test('a destroy and a configure that differ only in name get a hint', () => {
    const plan = planOf({ declaration: withWorkers({ b: A }), ...deployed({ a: resting() }) });
    expect(plan.workers.map(({ worker, actions }) => [worker, actions])).toEqual([
      ['a', ['destroy']],
      ['b', ['configure']],
    ]);
    expect(plan.findings).toMatchObject([
      { code: 'rename-hint', worker: 'a', remedy: expect.stringContaining('{ a: b }') },
    ]);
  });
});

describe('power', () => {
  const declaration = withWorkers({ a: A });
  const running = twisted(resting(), { vm: { status: 'running' } });

  test('running and nobody holds it: powered off', () => {
    const worker = one(planOf({ declaration, ...deployed({ a: running }) }));
    expect(brief(worker)).toEqual({ actions: ['shutdown'], reasons: ['left-running'] });
    expect(worker.changes).toMatchObject([{ path: 'power', before: 'running', after: 'off' }]);
  });

  test('running for a run that died: powered off, and the reason says so', () => {
    const lost = twisted(running, { record: { lease: { run: 'r1', fence: 2 } } });
    const { state, inventory } = deployed({ a: lost });
    const dead = { ...state, runs: { r1: runOf('r1', { beat: NOW - 3_600_000 }) } };
    const worker = one(planOf({ declaration, state: dead, inventory }));
    expect(brief(worker)).toEqual({ actions: ['shutdown'], reasons: ['run-lost'] });
  });

  test('running for a live session: nothing is planned', () => {
    const leased = twisted(running, { record: { lease: { run: 'r1', fence: 2 } } });
    const { state, inventory } = deployed({ a: leased });
    const live = { ...state, runs: { r1: runOf('r1', { kind: 'session', session: 'nightly-1' }) } };
    expect(planOf({ declaration, state: live, inventory }).workers).toEqual([]);
  });

  test('a shutdown goes before the other actions', () => {
    const changed = withWorkers({ a: { ...A, memory: 8 * GiB } });
    const worker = one(planOf({ declaration: changed, ...deployed({ a: running }) }));
    expect(worker.actions).toEqual(['shutdown', 'update']);
  });

  test('muster shutdown plans nothing else, also without quorum', () => {
    const changed = withWorkers({ a: { ...A, memory: 8 * GiB }, b: A });
    const { state, inventory } = deployed({ a: running });
    const cluster = { ...inventory.cluster, quorate: false };
    const plan = planOf({
      declaration: changed,
      state,
      inventory: { ...inventory, cluster },
      options: { only: ['shutdown'] },
    });
    expect(plan.workers.map((each) => [each.worker, each.actions])).toEqual([['a', ['shutdown']]]);
  });
});

describe('held: planned, visible, and not run now', () => {
  const changed = withWorkers({ a: { ...A, memory: 8 * GiB } });

  test('leased by a session (W16, W25)', () => {
    const leased = twisted(resting(), { record: { lease: { run: 'r1', fence: 2 } } });
    const { state, inventory } = deployed({ a: leased });
    const live = { ...state, runs: { r1: runOf('r1', { kind: 'session', session: 'nightly-1' }) } };
    const worker = one(planOf({ declaration: changed, state: live, inventory }));
    expect(worker).toMatchObject({
      actions: ['update'],
      held: { why: 'leased', by: 'session nightly-1' },
    });
  });

  test('locked by a backup: it waits, and nothing unlocks it (P44, W20)', () => {
    const locked = twisted(resting(), { config: { lock: 'backup' } });
    const worker = one(planOf({ declaration: changed, ...deployed({ a: locked }) }));
    expect(worker.held).toMatchObject({ why: 'locked', by: 'lock backup' });
  });

  test('under HA or replication', () => {
    const { state, inventory } = deployed({ a: resting() }, { haManaged: [9100] });
    expect(one(planOf({ declaration: changed, state, inventory })).held?.why).toBe('ha-managed');
    const idle = planOf({ declaration: withWorkers({ a: A }), state, inventory });
    expect(idle).toMatchObject({ workers: [], findings: [{ code: 'ha-managed' }] });
  });

  test('quarantined until its time comes; powering off is never held for it', () => {
    const quarantine = { note: 'flaky NIC', by: 'eve', until: NOW + 1000 };
    const kept = twisted(resting(), { record: { quarantine } });
    expect(one(planOf({ declaration: changed, ...deployed({ a: kept }) })).held).toMatchObject({
      why: 'quarantined',
      by: 'eve: flaky NIC',
      until: NOW + 1000,
    });
    const over = twisted(resting(), { record: { quarantine: { ...quarantine, until: NOW } } });
    expect(one(planOf({ declaration: changed, ...deployed({ a: over }) })).held).toBeUndefined();
    const on = twisted(kept, { vm: { status: 'running' } });
    const off = one(planOf({ declaration: withWorkers({ a: A }), ...deployed({ a: on }) }));
    expect(brief(off)).toEqual({ actions: ['shutdown'], reasons: ['left-running'] });
  });

  test('the first of several reasons wins: leased before locked', () => {
    const both = twisted(resting(), {
      record: { lease: { run: 'r1', fence: 2 } },
      config: { lock: 'backup' },
    });
    const { state, inventory } = deployed({ a: both });
    const live = { ...state, runs: { r1: runOf('r1') } };
    expect(one(planOf({ declaration: changed, state: live, inventory })).held?.why).toBe('leased');
  });

  test('a deploy on a node that does not answer', () => {
    const declaration = withWorkers({ a: { ...A, deploy: 'eager' } });
    const inventory = inventoryOf({ nodes: { pve1: node({ online: false }), pve2: node() } });
    expect(brief(one(planOf({ declaration, inventory })))).toMatchObject({
      actions: ['configure', 'deploy'],
      held: 'unreachable',
    });
  });
});

describe('guards', () => {
  const names = ['a', 'b', 'c'];
  const all = withWorkers(Object.fromEntries(names.map((name) => [name, A])));
  const workers = Object.fromEntries(
    names.map((name, index) => [name, made(workerIn(all, name), 9100 + index)]),
  );

  test('more destroys than allowed are refused as a whole', () => {
    const declaration = withWorkers({}, { guards: { maxDestroy: 2, forbid: [] } });
    const plan = planOf({ declaration, ...deployed(workers) });
    expect(plan.refusals).toMatchObject([{ code: 'guard', detail: names }]);
    expect(plan.workers.map(({ held }) => held?.why)).toEqual(['guard', 'guard', 'guard']);
    const fewer = planOf({ declaration, ...deployed(workers), options: { exclude: ['a'] } });
    expect(fewer.refusals).toEqual([]);
  });

  test('a forbidden action is refused', () => {
    const declaration = { ...all, guards: { forbid: ['replace'] } };
    const plan = planOf({ declaration, ...deployed(workers), options: { replace: ['b'] } });
    expect(plan.refusals).toMatchObject([{ code: 'guard' }]);
    expect(one(plan, 'b').held).toMatchObject({ why: 'guard', by: 'guards.forbid replace' });
  });
});

describe('ids (P24, W8, W9)', () => {
  const eager = (count: number, fields: WorkerFields = {}) =>
    withWorkers(
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `w${i}`,
          { ...A, deploy: 'eager' as const, ...fields },
        ]),
      ),
    );

  test('never one that is seen, recorded, begun, not to be seen, or declared', () => {
    const recorded = { ...resting().record, vm: { vmid: 9101, node: 'pve1', uuid: uuidOf(1) } };
    const begun: WorkerRecord = {
      declared: recorded.declared,
      protect: false,
      last: {},
      doing: {
        run: 'r1',
        action: 'deploy',
        step: 'clone',
        vmid: 9103,
        node: 'pve1',
        uuid: uuidOf(2),
        plan: '',
      },
    };
    const declaration = withWorkers({
      ...eager(2).workers,
      x: { ...A, vmid: 9104 },
    });
    const plan = planOf({
      declaration,
      state: stateOf({ gone: recorded, begun }),
      inventory: inventoryOf({
        vms: { 9100: vm(9100, { kind: 'lxc' }) },
        absent: { 9101: 'gone', 9102: 'invisible' },
      }),
    });
    expect([one(plan, 'w0').vmid, one(plan, 'w1').vmid]).toEqual([9105, 9106]);
  });

  test('a range that is used up is an error that names it', () => {
    expect(() => planOf({ declaration: eager(11) })).toThrow(/9100 to 9109/);
  });

  test('an explicit id of somebody else is an error, one of the worker itself is not', () => {
    const declaration = withWorkers({ a: { ...A, vmid: 9107 } });
    const taken = inventoryOf({ vms: { 9107: vm(9107, { name: 'web' }) } });
    expect(() => planOf({ declaration, inventory: taken })).toThrow(/9107.*taken by web/);
    const own = resting({ ...A, vmid: 9107 }, 9107);
    expect(planOf({ declaration, ...deployed({ a: own }) }).workers).toEqual([]);
  });
});

describe('interrupted runs', () => {
  const declaration = withWorkers({ a: A });
  const doing = {
    run: 'r1',
    action: 'deploy',
    step: 'clone',
    vmid: 9102,
    node: 'pve1',
    uuid: uuidOf(9102),
    plan: 'x',
  };
  const { vm: _, observed: _o, image: _i, ...configured } = resting().record;

  test('a deploy that was cut off goes on, with the VM it began', () => {
    const begun = made(workerIn(declaration, 'a'), 9102);
    const { inventory } = deployed({ a: begun });
    const worker = one(
      planOf({ declaration, state: stateOf({ a: { ...configured, doing } }), inventory }),
    );
    expect(brief(worker)).toEqual({ actions: ['deploy'], reasons: ['interrupted'] });
    expect([worker.vmid, worker.uuid]).toEqual([9102, uuidOf(9102)]);
  });

  test('a clone that still holds its lock is nobody’s, and the way out is named', () => {
    const inventory = inventoryOf({
      vms: { 9102: vm(9102, { lock: 'clone' }) },
      configs: { 9102: config({ lock: 'clone', description: ' qmclone temporary file' }) },
    });
    const plan = planOf({
      declaration,
      state: stateOf({ a: { ...configured, doing } }),
      inventory,
    });
    expect(one(plan).actions).toEqual(['deploy']);
    expect(plan.findings).toMatchObject([
      { code: 'needs-root-unlock', remedy: expect.stringContaining('qm unlock 9102') },
    ]);
  });

  test('nothing was made yet: it is deployed', () => {
    const worker = one(planOf({ declaration, state: stateOf({ a: { ...configured, doing } }) }));
    expect(brief(worker)).toEqual({ actions: ['deploy'], reasons: ['interrupted'] });
  });

  test('while its run lives, nobody else takes it up', () => {
    const begun = made(workerIn(declaration, 'a'), 9102);
    const { inventory } = deployed({ a: begun });
    const state = stateOf(
      { a: { ...configured, doing, lease: { run: 'r1', fence: 1 } } },
      { runs: { r1: runOf('r1') } },
    );
    expect(planOf({ declaration, state, inventory }).workers).toEqual([]);
  });

  test('an update that was cut off at its end is read and recorded', () => {
    const worker = twisted(resting(), {
      record: { doing: { ...doing, action: 'update', vmid: 9100, uuid: uuidOf(9100) } },
    });
    const plan = planOf({ declaration, ...deployed({ a: worker }) });
    expect(brief(one(plan))).toEqual({ actions: ['update'], reasons: ['interrupted'] });
  });

  test('a replace that was cut off before the old VM went goes on as a replace', () => {
    const worker = twisted(resting(), {
      record: {
        doing: { ...doing, action: 'replace', step: 'delete', vmid: 9100, uuid: uuidOf(9100) },
      },
    });
    const plan = planOf({ declaration, ...deployed({ a: worker }) });
    expect(brief(one(plan))).toMatchObject({ actions: ['replace'] });
  });
});

describe('VMs with our marks that no record names', () => {
  const lone = made(workerIn(withWorkers({ a: A }), 'a'), 9100);
  const inventory = deployed({ a: lone }).inventory;

  test('declared: adopted, and brought to its declaration in place (P38)', () => {
    const declaration = withWorkers({ a: { ...A, memory: 8 * GiB, vmid: 9100 } });
    const worker = one(planOf({ declaration, inventory }));
    expect(worker).toMatchObject({
      actions: ['adopt', 'update'],
      reasons: ['orphan'],
      vmid: 9100,
      uuid: uuidOf(9100),
    });
    expect(worker.changes.map(({ path }) => path)).toEqual(['memory']);
  });

  test('not declared: a finding; destroyed only with --prune', () => {
    const declaration = withWorkers({});
    const found = planOf({ declaration, inventory });
    expect(found.workers).toEqual([]);
    expect(found.findings).toMatchObject([{ code: 'orphan', vmid: 9100, worker: 'a' }]);
    const pruned = planOf({ declaration, inventory, options: { prune: true } });
    expect(one(pruned)).toMatchObject({ actions: ['destroy'], reasons: ['orphan'], vmid: 9100 });
    expect(pruned.findings).toEqual([]);
  });
});

describe('what Muster did not make is reported and left alone', () => {
  test('NICs, drives, devices, snapshots and hook scripts', () => {
    const worker = twisted(resting(), {
      config: {
        net1: 'virtio=BC:24:11:FF:FF:FF,bridge=vmbr0',
        scsi1: 'local-lvm:vm-9100-disk-1,size=8G',
        usb0: 'host=1234:5678',
        parent: 'before-upgrade',
        hookscript: 'local:snippets/hook.pl',
      },
    });
    const plan = planOf({ declaration: withWorkers({ a: A }), ...deployed({ a: worker }) });
    expect(plan.workers).toEqual([]);
    expect(plan.findings.map(({ code, message }) => [code, message.split(' ')[0]])).toEqual(
      [
        ['hook-script', 'vm'],
        ['snapshots', 'vm'],
        ['undeclared-device', 'net1'],
        ['undeclared-device', 'scsi1'],
        ['undeclared-device', 'usb0'],
      ].sort(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1)),
    );
  });

  test('a failed test is a finding of the next plan, which is empty', () => {
    const checks = [{ id: 'gateway', result: 'fail' as const, ms: 5, seen: 'no answer' }];
    const worker = twisted(resting(), {
      record: { last: { test: { result: 'failed', at: NOW, checks } } },
    });
    const plan = planOf({ declaration: withWorkers({ a: A }), ...deployed({ a: worker }) });
    expect(plan).toMatchObject({ workers: [], findings: [{ code: 'test-failed' }] });
    expect(plan.findings[0]?.message).toContain('at "gateway": no answer');
  });
});

describe('choosing', () => {
  const declaration = withWorkers({ a: A, b: A });

  test('--target and --exclude leave the others out; unknown names are errors', () => {
    const names = (plan: Plan) => plan.workers.map(({ worker }) => worker);
    expect(names(planOf({ declaration, options: { target: ['b'] } }))).toEqual(['b']);
    expect(names(planOf({ declaration, options: { exclude: ['b'] } }))).toEqual(['a']);
    expect(() => planOf({ declaration, options: { target: ['bb'] } })).toThrow(/no worker bb/);
  });

  test('--replace makes a worker anew, under the same id', () => {
    const scene = { declaration, ...deployed({ a: resting() }) };
    const worker = one(planOf({ ...scene, options: { replace: ['a'] } }));
    expect(worker).toMatchObject({ actions: ['replace'], reasons: ['requested'], vmid: 9100 });
  });

  test('--refresh-only shows drift, repairs nothing, and takes note of what is gone', () => {
    const drifted = twisted(resting(), { config: { memory: '1024' } });
    const scene = {
      declaration: withWorkers({ a: { ...A, slots: 2 } }),
      ...deployed({ a: drifted }),
    };
    const worker = one(planOf({ ...scene, options: { refreshOnly: true } }));
    expect(worker.actions).toEqual([]);
    expect(worker.changes).toMatchObject([{ path: 'memory', before: GiB }]);
    const gone = planOf({
      declaration,
      state: stateOf({ a: resting().record }),
      inventory: inventoryOf({ absent: { 9100: 'gone' } }),
      options: { refreshOnly: true },
    });
    expect(one(gone).actions).toEqual(['configure']);
  });

  test('--refresh=false believes the record', () => {
    const changed = withWorkers({ a: { ...A, memory: 8 * GiB } });
    const plan = planOf({
      declaration: changed,
      state: stateOf({ a: resting().record }),
      options: { refresh: false },
    });
    expect(one(plan)).toMatchObject({ actions: ['update'], vmid: 9100 });
    expect(one(plan).changes).toMatchObject([{ path: 'memory', before: 6 * GiB, after: 8 * GiB }]);
  });
});

describe('when nothing can be planned', () => {
  const declaration = withWorkers({ a: A });
  const worker = resting();

  test('an empty state beside VMs with complete marks: muster state recover', () => {
    const { inventory } = deployed({ a: worker });
    const state = stateOf({}, { serial: 0, lineage: 'eeeeeeee-0000-4000-8000-000000000000' });
    expect(() => planOf({ declaration, state, inventory })).toThrow(/state is empty, but 1/);
  });

  test('the state of another project or environment', () => {
    const state = stateOf({}, { environment: 'staging' });
    expect(() => planOf({ declaration, state })).toThrow(/environment staging/);
  });

  test('a state whose nodes are all unknown here is another cluster’s', () => {
    const { state } = deployed({ a: worker });
    const inventory = inventoryOf({ nodes: { alpha: node() } });
    expect(() => planOf({ declaration, state, inventory })).toThrow(/has none of these nodes/);
  });

  test('nor is it enough that its node has the same name: the cluster’s own name counts', () => {
    const { state, inventory } = deployed({ a: worker });
    const ofOther = { ...state, cluster: { name: 'south' } };
    expect(() => planOf({ declaration, state: ofOther, inventory })).toThrow(
      /the state is of cluster south, and https:.* is north/,
    );
    const unknown = { ...inventory.cluster, name: undefined };
    const { name: _, ...nameless } = unknown;
    const quiet = { ...inventory, cluster: nameless };
    expect(planOf({ declaration, state: ofOther, inventory: quiet }).workers).toEqual([]);
    expect(
      planOf({ declaration, state: { ...state, cluster: { name: 'north' } }, inventory }).workers,
    ).toEqual([]);
  });

  test('a state without any VM is another cluster’s too when it knows none of the nodes', () => {
    const inventory = inventoryOf({ nodes: { alpha: node() } });
    expect(() => planOf({ declaration: withWorkers({}), state: stateOf(), inventory })).toThrow(
      /records the nodes pve1, pve2, and .* has none of these/,
    );
  });

  test.each([
    ['8.3.5', /not supported/],
    ['7.4', /not supported/],
  ])('Proxmox VE %s', (version, message) => {
    const cluster = { ...inventoryOf().cluster, version };
    expect(() => planOf({ declaration, inventory: inventoryOf({ cluster }) })).toThrow(message);
  });

  test('8.4 and later are fine', () => {
    const cluster = { ...inventoryOf().cluster, version: '8.4.1' };
    expect(planOf({ declaration, inventory: inventoryOf({ cluster }) }).workers).toHaveLength(1);
  });

  test('a cluster without quorum', () => {
    const cluster = { ...inventoryOf().cluster, quorate: false };
    expect(() => planOf({ declaration, inventory: inventoryOf({ cluster }) })).toThrow(/no quorum/);
  });
});
