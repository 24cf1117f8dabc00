import { describe, expect, it } from 'vitest';
import { readDetails } from '../../src/pve/details.ts';
import { readInventory } from '../../src/pve/inventory.ts';
import { type Canned, type CannedCluster, cannedCluster } from './support/canned-cluster.ts';

type Routes = Readonly<Record<string, Canned | readonly Canned[]>>;

const NODES = [
  { type: 'node', node: 'pve1', status: 'online', maxcpu: 8, maxmem: 64e9, mem: 1e9 },
  { type: 'node', node: 'pve2', status: 'online', maxcpu: 8, maxmem: 64e9, mem: 1e9 },
  { type: 'node', node: 'pve3', status: 'offline' },
];

function vm(vmid: number, node: string, over: object = {}) {
  return { type: 'qemu', vmid, node, status: 'running', name: `w${vmid}`, template: 0, ...over };
}

function fresh(vmid: number, over: object = {}) {
  return { vmid, status: 'stopped', name: `w${vmid}`, ...over };
}

const TAKEN = (vmid: number): Canned => ({
  status: 400,
  reason: 'Parameter verification failed.',
  errors: { vmid: `VM ${vmid} already exists` },
});
const DEAD: Canned = { status: 595, reason: 'No route to host' };
const FORBIDDEN: Canned = { status: 403, reason: 'Permission check failed' };

function cluster(listed: readonly object[], routes: Routes): CannedCluster {
  return cannedCluster({
    'GET /version': { data: { version: '9.2.11' } },
    'GET /cluster/status': { data: [{ type: 'cluster', name: 'north', quorate: 1 }] },
    'GET /cluster/resources': { data: [...NODES, ...listed] },
    ...routes,
  });
}

function read({ pve, clock }: CannedCluster, ...recorded: readonly (readonly [number, string])[]) {
  const need = { recorded: recorded.map(([vmid, node]) => ({ vmid, node })), refresh: true };
  return readInventory(pve, need, clock);
}

const CONFIG: Canned = { data: { cores: 2, digest: 'd' } };

describe('the inventory', () => {
  it('P1 P45: takes one list of the cluster, one per node that matters, one config per worker', async () => {
    const workers = Array.from({ length: 20 }, (_, n) => 9100 + n);
    const others = Array.from({ length: 30 }, (_, n) => vm(100 + n, 'pve2'));
    const listed = [...workers.map((id) => vm(id, 'pve1', { tags: 'muster' })), ...others];
    const configs = workers.map((id) => [`GET /nodes/pve1/qemu/${id}/config`, CONFIG] as const);
    const canned = cluster(listed, {
      'GET /nodes/pve1/qemu': { data: workers.map((id) => fresh(id, { tags: 'muster' })) },
      ...Object.fromEntries(configs),
    });
    const inventory = await read(canned, ...workers.map((id) => [id, 'pve1'] as const));
    expect(Object.keys(inventory.configs)).toHaveLength(20);
    expect(canned.pve.requests()).toEqual({
      'GET /cluster/resources': 1,
      'GET /cluster/status': 1,
      'GET /nodes/*/qemu': 1,
      'GET /nodes/*/qemu/*/config': 20,
      'GET /version': 1,
    });
    expect(inventory.absent).toEqual({});
    expect(inventory.cluster).toMatchObject({ name: 'north', version: '9.2.11', quorate: true });
    expect(inventory.cluster.time).toBe(Date.UTC(2026, 10, 22, 2, 14, 0));
  });

  it('P28: asks no guest agent', async () => {
    const canned = cluster([vm(9100, 'pve1')], {
      'GET /nodes/pve1/qemu': { data: [fresh(9100)] },
      'GET /nodes/pve1/qemu/9100/config': CONFIG,
    });
    await read(canned, [9100, 'pve1']);
    expect(canned.sent.filter((line) => line.includes('agent'))).toEqual([]);
  });

  it("takes power states from the node's own list, the pool and HA state from the cluster's", async () => {
    const canned = cluster([vm(9100, 'pve1', { pool: 'backup', hastate: 'started' })], {
      'GET /nodes/pve1/qemu': { data: [fresh(9100), fresh(9101, { status: 'running' })] },
      'GET /nodes/pve1/qemu/9100/config': CONFIG,
    });
    const inventory = await read(canned, [9100, 'pve1']);
    expect(inventory.vms['9100']).toMatchObject({ status: 'stopped', pool: 'backup' });
    expect(inventory.vms['9101']).toMatchObject({ status: 'running', node: 'pve1' });
    expect(inventory.haManaged).toEqual([9100]);
  });

  it('finds tagged VMs that the state does not know', async () => {
    const canned = cluster([vm(9105, 'pve2', { tags: 'muster;prod' }), vm(105, 'pve1')], {
      'GET /nodes/pve2/qemu': { data: [fresh(9105, { tags: 'muster;prod' })] },
      'GET /nodes/pve2/qemu/9105/config': CONFIG,
    });
    const inventory = await read(canned);
    expect(Object.keys(inventory.configs)).toEqual(['9105']);
  });

  it('finds VMs of its range of ids that bear no tag yet, and reads no other one', async () => {
    const listed = [
      vm(9105, 'pve1'),
      vm(9106, 'pve1', { type: 'lxc' }),
      vm(9107, 'pve1', { template: 1 }),
      vm(9120, 'pve2'),
    ];
    const canned = cluster(listed, {
      'GET /nodes/pve1/qemu': { data: [fresh(9105), fresh(9107, { template: 1 })] },
      'GET /nodes/pve1/qemu/9105/config': CONFIG,
    });
    const need = { recorded: [], vmids: { from: 9100, to: 9119 }, refresh: true };
    const inventory = await readInventory(canned.pve, need, canned.clock);
    expect(Object.keys(inventory.configs)).toEqual(['9105']);
    expect(canned.sent.filter((line) => line.includes('pve2'))).toEqual([]);
  });

  it('keeps the id of a VM of its range that it may not or can not read, and its node', async () => {
    const canned = cluster([vm(9105, 'pve1'), vm(9106, 'pve1')], {
      'GET /nodes/pve1/qemu': { data: [fresh(9105), fresh(9106)] },
      'GET /nodes/pve1/qemu/9105/config': FORBIDDEN,
      'GET /nodes/pve1/qemu/9106/config': { status: 500, reason: 'got timeout' },
    });
    const need = { recorded: [], vmids: { from: 9100, to: 9119 }, refresh: true };
    const inventory = await readInventory(canned.pve, need, canned.clock);
    expect(Object.keys(inventory.vms)).toEqual(['9105', '9106']);
    expect(inventory.nodes.pve1?.unreachable).toBeUndefined();
  });

  it('P26: finds a recorded VM on the node to which it was moved', async () => {
    const canned = cluster([vm(9100, 'pve2')], {
      'GET /nodes/pve2/qemu': { data: [fresh(9100)] },
      'GET /nodes/pve2/qemu/9100/config': CONFIG,
    });
    const inventory = await read(canned, [9100, 'pve1']);
    expect(inventory.vms['9100']?.node).toBe('pve2');
    expect(inventory.absent).toEqual({});
  });

  it('without a refresh is one list', async () => {
    const canned = cluster([vm(9100, 'pve1')], {});
    const need = { recorded: [{ vmid: 9100, node: 'pve1' }], refresh: false };
    const inventory = await readInventory(canned.pve, need, canned.clock);
    expect(canned.sent).toHaveLength(3);
    expect(inventory.vms['9100']?.status).toBe('running');
    expect(inventory.absent).toEqual({});
  });

  it('fails as a whole when the token is refused', async () => {
    const canned = cluster([], {
      'GET /cluster/resources': { status: 401, reason: 'Authentication failed!' },
    });
    await expect(read(canned)).rejects.toMatchObject({ facts: { failure: 'unauthenticated' } });
  });
});

describe('a recorded VM that no list shows', () => {
  const empty = { 'GET /nodes/pve1/qemu': { data: [] } };

  it('P39: is gone when its id is free', async () => {
    const free = { 'GET /cluster/nextid?vmid=9100': { data: '9100' } };
    const { absent } = await read(cluster([], { ...empty, ...free }), [9100, 'pve1']);
    expect(absent).toEqual({ '9100': 'gone' });
  });

  it('is invisible when its id is taken', async () => {
    const taken = { 'GET /cluster/nextid?vmid=9100': TAKEN(9100) };
    const { absent } = await read(cluster([], { ...empty, ...taken }), [9100, 'pve1']);
    expect(absent).toEqual({ '9100': 'invisible' });
  });

  it('is not called gone when nobody can tell', async () => {
    const unsure: Routes = {
      'GET /cluster/nextid?vmid=9100': { status: 500, reason: 'no quorum' },
    };
    const { absent } = await read(cluster([], { ...empty, ...unsure }), [9100, 'pve1']);
    expect(absent).toEqual({ '9100': 'invisible' });
  });

  it('is unreachable when its id is taken and its node is off', async () => {
    const taken = { 'GET /cluster/nextid?vmid=9100': TAKEN(9100) };
    const { absent } = await read(cluster([], taken), [9100, 'pve3']);
    expect(absent).toEqual({ '9100': 'unreachable' });
  });

  it('is gone when a container has its id', async () => {
    const { absent } = await read(cluster([vm(9100, 'pve1', { type: 'lxc' })], empty), [
      9100,
      'pve1',
    ]);
    expect(absent).toEqual({ '9100': 'gone' });
  });

  it('is gone when it was deleted while the lists were read', async () => {
    const reason = "Configuration file 'nodes/pve1/qemu-server/9100.conf' does not exist";
    const inventory = await read(
      cluster([vm(9100, 'pve1')], {
        'GET /nodes/pve1/qemu': { data: [fresh(9100)] },
        'GET /nodes/pve1/qemu/9100/config': { status: 500, reason },
        'GET /cluster/nextid?vmid=9100': { data: '9100' },
      }),
      [9100, 'pve1'],
    );
    expect(inventory.absent).toEqual({ '9100': 'gone' });
    expect(inventory.vms['9100']).toBeUndefined();
  });

  it('is gone with its node that left the cluster', async () => {
    const free = { 'GET /cluster/nextid?vmid=9100': { data: '9100' } };
    const canned = cluster([], free);
    const { absent } = await read(canned, [9100, 'pve8']);
    expect(absent).toEqual({ '9100': 'gone' });
    expect(canned.sent.filter((line) => line.includes('pve8'))).toEqual([]);
  });
});

describe('a node that does not answer', () => {
  it('P27: makes its VMs unreachable, never absent, and the others are read', async () => {
    const canned = cluster([vm(9100, 'pve1'), vm(9101, 'pve2'), vm(9102, 'pve3')], {
      'GET /nodes/pve1/qemu': { data: [fresh(9100)] },
      'GET /nodes/pve1/qemu/9100/config': CONFIG,
      'GET /nodes/pve2/qemu': DEAD,
    });
    const inventory = await read(canned, [9100, 'pve1'], [9101, 'pve2'], [9102, 'pve3']);
    expect(inventory.absent).toEqual({ '9101': 'unreachable', '9102': 'unreachable' });
    expect(Object.keys(inventory.vms)).toEqual(['9100', '9101', '9102']);
    expect(inventory.nodes.pve2?.unreachable).toBe('595 No route to host');
    expect(inventory.nodes.pve3).toMatchObject({ online: false, unreachable: 'offline' });
    expect(inventory.nodes.pve1?.unreachable).toBeUndefined();
    expect(Object.keys(inventory.configs)).toEqual(['9100']);
    expect(canned.sent.filter((line) => line.includes('nextid'))).toEqual([]);
  });

  it('P27: may go silent between its list and a config', async () => {
    const canned = cluster([vm(9100, 'pve1')], {
      'GET /nodes/pve1/qemu': { data: [fresh(9100)] },
      'GET /nodes/pve1/qemu/9100/config': DEAD,
    });
    const inventory = await read(canned, [9100, 'pve1']);
    expect(inventory.absent).toEqual({ '9100': 'unreachable' });
    expect(inventory.nodes.pve1?.unreachable).toBe('595 No route to host');
  });
});

describe('the details', () => {
  const nothing = { nodes: [], templates: [], volumes: [], permissions: false, ha: false };
  const local = {
    storage: 'local',
    type: 'dir',
    active: 1,
    enabled: 1,
    content: 'images',
    total: 9,
    avail: 5,
  };

  it('are read where something is planned, each once', async () => {
    const canned = cluster([], {
      'GET /nodes/pve1/storage': { data: [local] },
      'GET /nodes/pve1/network': { data: [{ iface: 'vmbr0', type: 'bridge' }] },
      'GET /nodes/pve2/qemu/9000/config': CONFIG,
      'GET /nodes/pve1/storage/local/content': { data: [{ volid: 'local:import/a', size: 7 }] },
      'GET /access/permissions': { data: { '/': { 'Sys.Audit': 1 } } },
      'GET /cluster/ha/resources': { data: [{ sid: 'vm:5' }] },
      'GET /cluster/replication': { data: [] },
    });
    const want = { node: 'pve1', storage: 'local', content: 'import' };
    const details = await readDetails(canned.pve, await read(canned), {
      nodes: ['pve1', 'pve1'],
      templates: [{ node: 'pve2', vmid: 9000 }],
      volumes: [want, want],
      permissions: true,
      ha: true,
    });
    expect(details.storages['pve1/local']).toMatchObject({ active: true, available: 5 });
    expect(details.bridges).toEqual({
      'pve1/vmbr0': { node: 'pve1', name: 'vmbr0', vlanAware: false },
    });
    expect(details.configs['9000']?.values.cores).toBe('2');
    expect(details.volumes).toEqual({ 'pve1/local:import/a': 7 });
    expect(details.permissions).toEqual({ '/': ['Sys.Audit'] });
    expect(details.haManaged).toEqual([5]);
    expect(details.unread).toBeUndefined();
    expect(canned.sent).toHaveLength(3 + 7);
  });

  it('lack what can not be read, say so, and hold the rest', async () => {
    const canned = cluster([], {
      'GET /nodes/pve1/storage': { data: [local] },
      'GET /nodes/pve1/network': FORBIDDEN,
      'GET /nodes/pve1/storage/nfs/content': { status: 500, reason: "storage 'nfs' is not online" },
      'GET /nodes/pve2/storage': DEAD,
      'GET /nodes/pve2/network': DEAD,
    });
    const details = await readDetails(canned.pve, await read(canned), {
      ...nothing,
      nodes: ['pve1', 'pve2', 'pve3'],
      volumes: [{ node: 'pve1', storage: 'nfs', content: 'import' }],
    });
    expect(Object.keys(details.storages)).toEqual(['pve1/local']);
    expect(details.unread).toEqual({
      'bridges pve1': '403 Permission check failed',
      'volumes pve1/nfs import': "500 storage 'nfs' is not online",
      'storages pve2': '595 No route to host',
      'bridges pve2': '595 No route to host',
    });
    expect(details.nodes.pve1?.unreachable).toBeUndefined();
    expect(details.nodes.pve2?.unreachable).toBe('595 No route to host');
    expect(canned.sent.filter((line) => line.includes('pve3'))).toEqual([]);
  });
});
