import { describe, expect, it } from 'vitest';
import { cannedCluster } from './support/canned-cluster.ts';

const VM = '/nodes/pve1/qemu/101';

describe('the list of the cluster', () => {
  it('holds nodes, guests and storages, whatever else Proxmox lists', async () => {
    const { pve } = cannedCluster({
      'GET /cluster/resources': {
        data: [
          { type: 'pool', pool: 'workers', id: '/pool/workers' },
          { type: 'qemu', vmid: 300, status: 'unknown', node: 'pve2', id: 'qemu/300' },
          {
            type: 'qemu',
            vmid: '101',
            status: 'running',
            node: 'pve1',
            name: 'w1',
            template: 0,
            lock: 'backup',
            tags: 'muster;prod',
            pool: 'workers',
            hastate: 'started',
          },
          { type: 'lxc', vmid: 102, status: 'stopped', node: 'pve1', template: 0 },
          { type: 'node', node: 'pve2', status: 'offline' },
          {
            type: 'node',
            node: 'pve1',
            status: 'online',
            maxcpu: 2,
            maxmem: 25276502016,
            mem: 1e9,
          },
          {
            type: 'storage',
            storage: 'local',
            node: 'pve1',
            status: 'available',
            shared: 0,
            plugintype: 'dir',
            content: 'iso,import,images',
            maxdisk: 1000,
            disk: 300,
          },
          { type: 'network', network: 'localnetwork', node: 'pve1', status: 'ok' },
          { type: 'something-new' },
        ],
      },
    });
    const list = await pve.read.cluster();
    expect(list.nodes).toEqual({
      pve1: { online: true, cpus: 2, memory: 25276502016, memoryUsed: 1e9 },
      pve2: { online: false, cpus: 0, memory: 0, memoryUsed: 0 },
    });
    expect(list.vms).toEqual([
      {
        vmid: 101,
        node: 'pve1',
        kind: 'qemu',
        name: 'w1',
        status: 'running',
        template: false,
        lock: 'backup',
        tags: ['muster', 'prod'],
        pool: 'workers',
        haState: 'started',
      },
      { vmid: 102, node: 'pve1', kind: 'lxc', status: 'stopped', template: false, tags: [] },
      { vmid: 300, node: 'pve2', kind: 'qemu', status: 'unknown', template: false, tags: [] },
    ]);
    expect(list.storages).toEqual([
      {
        node: 'pve1',
        storage: 'local',
        enabled: true,
        active: true,
        shared: false,
        type: 'dir',
        content: ['images', 'import', 'iso'],
        total: 1000,
        available: 700,
      },
    ]);
  });
});

describe('the facts of the cluster', () => {
  it('hold version, name, quorum and the token without its secret', async () => {
    const { pve } = cannedCluster({
      'GET /version': { data: { release: '9.2', version: '9.2.11', repoid: 'x' } },
      'GET /cluster/status': { data: [{ type: 'cluster', name: 'north', quorate: 1, nodes: 3 }] },
    });
    await expect(pve.read.facts()).resolves.toEqual({
      version: '9.2.11',
      name: 'north',
      quorate: true,
      endpoint: 'simulator',
      token: 'muster@pve!ci',
    });
  });

  it('leave the quorum open when the token may not ask', async () => {
    const { pve } = cannedCluster({
      'GET /version': { data: { version: '9.2.11' } },
      'GET /cluster/status': { status: 403, reason: 'Permission check failed (/, Sys.Audit)' },
    });
    const facts = await pve.read.facts();
    expect(facts.quorate).toBeUndefined();
    expect(facts.version).toBe('9.2.11');
  });
});

describe("a VM's config", () => {
  it('is all text, with the digest apart and nested values as JSON', async () => {
    const data = { cores: 1, memory: '256', kvm: 0, digest: 'd', strange: { a: [1] }, gone: null };
    const { pve, sent } = cannedCluster({ [`GET ${VM}/config`]: { data } });
    await expect(pve.read.config('pve1', 101)).resolves.toEqual({
      digest: 'd',
      values: { cores: '1', kvm: '0', memory: '256', strange: '{"a":[1]}' },
    });
    await pve.read.config('pve1', 101, true);
    expect(sent).toEqual([`GET ${VM}/config`, `GET ${VM}/config?current=1`]);
  });

  it('P33: names the keys whose change or deletion still waits', async () => {
    const { pve } = cannedCluster({
      [`GET ${VM}/pending`]: {
        data: [
          { key: 'memory', value: '1024', pending: '1280' },
          { key: 'balloon', value: 0, delete: 1 },
          { key: 'cores', value: 1 },
          { key: 'digest', value: 'd' },
        ],
      },
    });
    await expect(pve.read.pending('pve1', 101)).resolves.toEqual(['balloon', 'memory']);
  });
});

describe('an id', () => {
  it('P24: is free or not by what Proxmox says of it, and neither when it says something else', async () => {
    const { pve } = cannedCluster({
      'GET /cluster/nextid?vmid=4242': { data: '4242' },
      'GET /cluster/nextid?vmid=100': {
        status: 400,
        reason: 'Parameter verification failed.',
        errors: { vmid: 'VM 100 already exists' },
      },
      'GET /cluster/nextid?vmid=101': { status: 500, reason: 'cluster not ready - no quorum?' },
    });
    await expect(pve.read.idIsFree(4242)).resolves.toBe(true);
    await expect(pve.read.idIsFree(100)).resolves.toBe(false);
    await expect(pve.read.idIsFree(101)).rejects.toThrow('no quorum');
  });
});

describe('what a node has', () => {
  it('tells VLAN-aware bridges from others, and leaves it open for vnets', async () => {
    const { pve } = cannedCluster({
      'GET /nodes/pve1/network?type=any_bridge': {
        data: [
          { iface: 'vmbr0', type: 'bridge', active: 1 },
          { iface: 'vmbr1', type: 'bridge', bridge_vlan_aware: 1 },
          { iface: 'vmbr2', type: 'OVSBridge' },
          { iface: 'vnet1', type: 'vnet' },
        ],
      },
    });
    await expect(pve.read.bridges('pve1')).resolves.toEqual([
      { node: 'pve1', name: 'vmbr0', vlanAware: false },
      { node: 'pve1', name: 'vmbr1', vlanAware: true },
      { node: 'pve1', name: 'vmbr2', vlanAware: true },
      { node: 'pve1', name: 'vnet1' },
    ]);
  });

  it('lists volumes by size', async () => {
    const { pve } = cannedCluster({
      'GET /nodes/pve1/storage/local/content?content=import': {
        data: [{ volid: 'local:import/debian-13.qcow2', format: 'qcow2', size: 358547456 }],
      },
    });
    await expect(pve.read.volumes('pve1', 'local', 'import')).resolves.toEqual({
      'local:import/debian-13.qcow2': 358547456,
    });
  });

  it('P41: lists privileges by path, none for a token without rights', async () => {
    const { pve } = cannedCluster({
      'GET /access/permissions': [
        { data: { '/vms': { 'VM.Audit': 1, 'VM.Allocate': 0 }, '/': { 'Sys.Audit': 1 } } },
        { data: {} },
        { data: [] },
      ],
    });
    await expect(pve.read.permissions()).resolves.toEqual({
      '/': ['Sys.Audit'],
      '/vms': ['VM.Allocate', 'VM.Audit'],
    });
    await expect(pve.read.permissions()).resolves.toEqual({});
    await expect(pve.read.permissions()).resolves.toEqual({});
  });

  it('names guests under HA or replication, and nobody when the token may not ask', async () => {
    const { pve } = cannedCluster({
      'GET /cluster/ha/resources': [
        { data: [{ sid: 'vm:103', state: 'started', type: 'vm' }, { sid: 'ct:101' }] },
        { status: 403, reason: 'Permission check failed (/, Sys.Audit)' },
      ],
      'GET /cluster/replication': [
        { data: [{ id: '102-0', guest: 102, target: 'pve2' }] },
        { status: 501, reason: "Method 'GET /cluster/replication' not implemented" },
      ],
    });
    await expect(pve.read.haManaged()).resolves.toEqual([101, 102, 103]);
    await expect(pve.read.haManaged()).resolves.toEqual([]);
  });
});

describe('a migration', () => {
  const preconditions = {
    running: 0,
    allowed_nodes: ['pve2'],
    local_resources: [],
    local_disks: [],
  };
  it.each([
    ['nothing is in its way', {}, []],
    ['it runs', { running: 1 }, ['it is running']],
    [
      'a storage is missing there',
      { not_allowed_nodes: { pve2: { unavailable_storages: ['local-zfs'] } }, allowed_nodes: [] },
      ['pve2 does not have the storage local-zfs'],
    ],
    [
      'it holds a device',
      { local_resources: ['hostpci0'] },
      ['it uses a device of its node: hostpci0'],
    ],
    [
      'Proxmox does not allow the node and says no more',
      { allowed_nodes: [] },
      ['Proxmox does not name pve2 among the nodes that it can move to'],
    ],
  ])('tells its obstacles when %s', async (_, over, obstacles) => {
    const { pve } = cannedCluster({
      [`GET ${VM}/migrate?target=pve2`]: { data: { ...preconditions, ...over } },
    });
    await expect(pve.read.migrationObstacles('pve1', 101, 'pve2')).resolves.toEqual(obstacles);
  });
});

describe('small answers', () => {
  it('are read: status, snapshots', async () => {
    const { pve } = cannedCluster({
      [`GET ${VM}/status/current`]: {
        data: { status: 'running', qmpstatus: 'io-error', uptime: 64, lock: 'snapshot', ha: {} },
      },
      [`GET ${VM}/snapshot`]: { data: [{ name: 'base' }, { name: 'current', parent: 'base' }] },
    });
    await expect(pve.read.status('pve1', 101)).resolves.toEqual({
      status: 'running',
      qmpStatus: 'io-error',
      uptime: 64_000,
      lock: 'snapshot',
    });
    await expect(pve.read.snapshots('pve1', 101)).resolves.toEqual(['base']);
  });
});
