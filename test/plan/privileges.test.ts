import { describe, expect, test } from 'vitest';
import type { ActionKind, Change, WorkerPlan } from '../../src/model/plan.ts';
import type { WorkerSpec } from '../../src/model/worker.ts';
import { hasNothing, lacking } from '../../src/plan/permissions.ts';
import { privilegesFor } from '../../src/plan/privileges.ts';
import { withWorkers, workerIn } from './support/builders.ts';

function planned(actions: readonly ActionKind[], part: Partial<WorkerPlan> = {}): WorkerPlan {
  return {
    worker: 'a',
    actions,
    reasons: [],
    changes: [],
    node: 'pve1',
    vmid: 9100,
    uuid: 'u',
    frees: [],
    desired: workerIn(withWorkers({ a: { node: 'pve1' } }), 'a'),
    ...part,
  };
}

function change(path: string): Change {
  return { path, before: null, after: null, causes: ['declaration'], cost: 'in-place' };
}

const NO_FACTS = { configs: {}, bridges: {} };

function names(worker: WorkerPlan, version = '9.2.11'): readonly string[] {
  const all = privilegesFor(worker, version, NO_FACTS).map(
    ({ path, anyOf }) => `${path} ${anyOf[0]}`,
  );
  return [...new Set(all)].sort();
}

describe('privileges (P41)', () => {
  test.each<[ActionKind, readonly string[]]>([
    ['shutdown', ['/vms/9100 VM.Audit', '/vms/9100 VM.PowerMgmt']],
    ['destroy', ['/vms/9100 VM.Allocate', '/vms/9100 VM.Audit', '/vms/9100 VM.PowerMgmt']],
    ['forget', []],
    ['rename', []],
    ['adopt', ['/vms/9100 VM.Audit']],
    ['configure', []],
    [
      'test',
      [
        '/vms/9100 VM.Audit',
        '/vms/9100 VM.GuestAgent.Audit',
        '/vms/9100 VM.GuestAgent.FileRead',
        '/vms/9100 VM.GuestAgent.FileWrite',
        '/vms/9100 VM.GuestAgent.Unrestricted',
        '/vms/9100 VM.PowerMgmt',
      ],
    ],
  ])('%s of a VM that is there', (action, expected) => {
    expect(names(planned([action]))).toEqual(expected);
  });

  test('an update needs what its fields need, and no more', () => {
    const update = (...paths: string[]) =>
      names(planned(['update'], { changes: paths.map(change) })).filter(
        (need) => !need.endsWith('VM.Audit'),
      );
    expect(update('memory')).toEqual(['/vms/9100 VM.Config.Memory']);
    expect(update('options.machine')).toEqual(['/vms/9100 VM.Config.HWType']);
    expect(update('options.numa')).toEqual(['/vms/9100 VM.Config.CPU']);
    expect(update('options.balloon')).toEqual(['/vms/9100 VM.Config.Memory']);
    expect(update('options.boot')).toEqual(['/vms/9100 VM.Config.Disk']);
    expect(update('options.citype')).toEqual(['/vms/9100 VM.Config.Cloudinit']);
    expect(update('options.ostype')).toEqual(['/vms/9100 VM.Config.Options']);
    expect(update('networks[0].vlan')).toEqual([
      '/sdn/zones/localnetwork/vmbr0 SDN.Use',
      '/vms/9100 VM.Config.Network',
    ]);
    expect(update('disk.size')).toEqual([
      '/storage/local-lvm Datastore.AllocateSpace',
      '/vms/9100 VM.Config.Disk',
    ]);
    expect(update('node')).toEqual(['/vms/9100 VM.Migrate']);
  });

  test('moving a VM between pools needs the right on both of them', () => {
    const move = { ...change('pool'), before: 'old', after: 'workers' };
    expect(names(planned(['update'], { changes: [move] }))).toEqual([
      '/pool/old Pool.Allocate',
      '/pool/workers Pool.Allocate',
      '/vms/9100 VM.Allocate',
      '/vms/9100 VM.Audit',
    ]);
  });

  test('a record-only change needs none', () => {
    const changes = [{ ...change('slots'), cost: 'record' as const }];
    expect(names(planned(['update'], { changes }))).toEqual(['/vms/9100 VM.Audit']);
  });

  test('VM.Config.Network stands in for VM.Config.Cloudinit, as PVE has it', () => {
    const needs = privilegesFor(
      planned(['update'], { changes: [change('cloudInit.user')] }),
      '9.0',
      NO_FACTS,
    );
    const granted = { '/vms': ['VM.Audit', 'VM.Config.Network'] };
    expect(lacking(needs, granted, undefined)).toEqual([]);
    expect(lacking(needs, { '/vms': ['VM.Audit'] }, undefined)).toEqual([
      { path: '/vms/9100', privileges: ['VM.Config.Cloudinit'] },
    ]);
  });

  test('a clone needs the right to its template’s networks, too', () => {
    const template = {
      values: { net0: 'virtio=BC:24:11:00:00:09,bridge=vmbr7,tag=30' },
      digest: '',
    };
    const source = { kind: 'template', vmid: 9000, clone: 'full' } as const;
    const worker = workerIn(withWorkers({ a: { node: 'pve1' } }), 'a');
    const desired = { ...worker, spec: { ...worker.spec, imageSource: source } };
    const facts = { ...NO_FACTS, configs: { 9000: template } };
    const needs = privilegesFor(planned(['deploy'], { desired }), '9.2.11', facts);
    expect(needs.map(({ path }) => path)).toContain('/sdn/zones/localnetwork/vmbr7/30');
    const held = { '/sdn/zones/localnetwork/vmbr0': ['SDN.Use'] };
    const networks = needs.filter(({ path }) => path.startsWith('/sdn'));
    expect(lacking(networks, held, undefined)).toEqual([
      { path: '/sdn/zones/localnetwork/vmbr7/30', privileges: ['SDN.Use'] },
    ]);
  });

  test('the right to a vnet holds in whatever zone it is', () => {
    const spec = { node: 'pve1', networks: [{ bridge: 'backupnet' }] };
    const desired = workerIn(withWorkers({ a: spec }), 'a');
    const bridges = { 'pve1/backupnet': { node: 'pve1', name: 'backupnet' } };
    const needs = privilegesFor(
      planned(['update'], { desired, changes: [change('networks[0].bridge')] }),
      '9.2.11',
      { configs: {}, bridges },
    ).filter(({ path }) => path.startsWith('/sdn'));
    expect(lacking(needs, { '/sdn/zones/z1/backupnet': ['SDN.Use'] }, undefined)).toEqual([]);
    expect(lacking(needs, { '/sdn/zones/z1': ['SDN.Use'] }, undefined)).toEqual([]);
    expect(lacking(needs, { '/sdn': ['SDN.Use'] }, undefined)).toEqual([]);
    expect(lacking(needs, { '/sdn/zones/z1/other': ['SDN.Use'] }, undefined)).toEqual([
      { path: '/sdn/zones/*/backupnet', privileges: ['SDN.Use'] },
    ]);
  });

  test('a path with an entry of its own does not inherit from above', () => {
    const needs = privilegesFor(planned(['adopt']), '9.0', NO_FACTS);
    expect(lacking(needs, { '/': ['VM.Audit'], '/vms/9100': [] }, undefined)).toHaveLength(1);
    expect(lacking(needs, { '/': ['VM.Audit'] }, undefined)).toEqual([]);
  });
});

describe('what a token lacks', () => {
  const need = (path: string, ...anyOf: readonly [string, ...string[]]) => ({
    path,
    anyOf,
    why: 'test' as const,
  });

  test('comes by path and name, the first of those that would do', () => {
    const needs = [
      need('/vms/9101', 'VM.PowerMgmt'),
      need('/vms/9100', 'VM.PowerMgmt'),
      need('/vms/9100', 'VM.Audit', 'Sys.Audit'),
      need('/vms/9100', 'VM.PowerMgmt'),
    ];
    expect(lacking(needs, {}, undefined)).toEqual([
      { path: '/vms/9100', privileges: ['VM.Audit', 'VM.PowerMgmt'] },
      { path: '/vms/9101', privileges: ['VM.PowerMgmt'] },
    ]);
  });

  test('is not what the pool of its VMs gives, and that of a pool is for VMs alone', () => {
    const granted = { '/pool/workers': ['VM.Audit'] };
    expect(lacking([need('/vms/9100', 'VM.Audit')], granted, 'workers')).toEqual([]);
    expect(lacking([need('/vms/9100', 'VM.Audit')], granted, 'other')).toHaveLength(1);
    expect(lacking([need('/nodes/pve1', 'VM.Audit')], granted, 'workers')).toHaveLength(1);
  });

  test('in some zone is not what holds in a path that only begins like one', () => {
    const vnet = [need('/sdn/zones/*/backupnet', 'SDN.Use')];
    expect(lacking(vnet, { '/sdn/zones/z1/backupnet/30': ['SDN.Use'] }, undefined)).toHaveLength(1);
    expect(lacking(vnet, { '/sdn/zonesX/backupnet': ['SDN.Use'] }, undefined)).toHaveLength(1);
    // One without rights of its own has those of all zones.
    expect(lacking(vnet, { '/sdn/zones': ['SDN.Use'], '/sdn/zones/z1': [] }, undefined)).toEqual(
      [],
    );
  });

  test('everything, where no path has any', () => {
    expect(hasNothing({ '/': [], '/vms': [] })).toBe(true);
    expect(hasNothing({ '/': [], '/vms': ['VM.Audit'] })).toBe(false);
  });
});

describe('what a new VM needs of its surroundings', () => {
  const pathsOf = (spec: Partial<WorkerSpec>) => {
    const worker = workerIn(withWorkers({ a: { node: 'pve1' } }), 'a');
    const desired = { ...worker, spec: { ...worker.spec, ...spec } };
    return names(planned(['deploy'], { desired })).filter(
      (need) =>
        need.startsWith('/pool') || need.startsWith('/storage') || need.startsWith('/nodes'),
    );
  };

  test('its pool takes it', () => {
    expect(pathsOf({ pool: 'workers' })).toContain('/pool/workers Pool.Allocate');
  });

  test.each<[string, WorkerSpec['imageSource'], readonly string[]]>([
    [
      'a disk image is read from its storage',
      { kind: 'import', volume: 'nas:import/d.qcow2' },
      ['/storage/local-lvm Datastore.AllocateSpace', '/storage/nas Datastore.Audit'],
    ],
    [
      'a download is written to one',
      { kind: 'url', url: 'https://x/y', checksum: 'sha512:00', storage: 'nas' },
      [
        '/nodes/pve1 Sys.AccessNetwork',
        '/storage/local-lvm Datastore.AllocateSpace',
        '/storage/nas Datastore.AllocateTemplate',
      ],
    ],
  ])('%s', (_, imageSource, expected) => {
    if (imageSource === undefined) throw new Error('an image is named');
    expect(pathsOf({ imageSource })).toEqual(expected);
  });
});
