import { may, mayOnVms, privilegesOn } from '../access.ts';
import { nodeFingerprint } from '../guest/network.ts';
import { coresOf, isRunning, memoryOf } from '../vm/config.ts';
import { bootDisk, parseSize } from '../vm/drives.ts';
import { isOnNode, totalBytes, usageOf } from '../vm/volumes.ts';
import type { BroadcastVm, SimNode, SimStorage, Vm } from '../world.ts';
import { type Ctx, type Handler, reply } from './context.ts';

/** Memory of running machines by node, in bytes. */
function memoryInUse(ctx: Ctx): Map<string, number> {
  const used = new Map<string, number>();
  for (const vm of Object.values(ctx.world.vms)) {
    if (!isRunning(vm)) continue;
    const bytes = (vm.running?.memoryMiB ?? 0) * 1024 ** 2;
    used.set(vm.node, (used.get(vm.node) ?? 0) + bytes);
  }
  return used;
}

function nodeUsage(ctx: Ctx, node: SimNode, inUse: number): Record<string, unknown> {
  const { world } = ctx;
  const memory = 2 * 1024 ** 3 + inUse;
  return {
    cpu: 0.05,
    maxcpu: node.cpus,
    mem: Math.min(memory, node.memory),
    maxmem: node.memory,
    disk: 12 * 1024 ** 3,
    maxdisk: 96 * 1024 ** 3,
    uptime: Math.floor((world.nowMs - node.bootedMs) / 1000),
  };
}

function nodeRows(ctx: Ctx): Record<string, unknown>[] {
  const used = memoryInUse(ctx);
  return Object.values(ctx.world.nodes).map((node) => nodeRow(ctx, node, used.get(node.name) ?? 0));
}

function nodeRow(ctx: Ctx, node: SimNode, inUse: number): Record<string, unknown> {
  const seen = may(ctx.world, ctx.caller, `/nodes/${node.name}`, 'Sys.Audit');
  return {
    id: `node/${node.name}`,
    type: 'node',
    node: node.name,
    status: node.status,
    level: '',
    ...(node.maintenance ? { hastate: 'maintenance' } : {}),
    ...(seen && node.status === 'online' ? nodeUsage(ctx, node, inUse) : {}),
  };
}

export const listNodes: Handler = (ctx) =>
  reply(
    nodeRows(ctx).map((row) => ({ ...row, ssl_fingerprint: nodeFingerprint(String(row.node)) })),
  );

/** Power state and name are as last broadcast; lock, pool and tags are those of this moment. */
function vmRow(ctx: Ctx, vm: Vm, pool: string | undefined): Record<string, unknown> {
  const { world } = ctx;
  const seen = world.broadcast.vms[String(vm.vmid)];
  const dead = world.nodes[vm.node]?.status === 'offline';
  const known = seen !== undefined && !dead && seen.node === vm.node;
  const row: Record<string, unknown> = known
    ? broadcastRow(vm, seen)
    : { id: `qemu/${vm.vmid}`, type: 'qemu', vmid: vm.vmid, node: vm.node, status: 'unknown' };
  if (pool !== undefined) row.pool = pool;
  const managed = world.ha[`vm:${vm.vmid}`];
  if (managed !== undefined) row.hastate = managed.state;
  if (vm.config.lock !== undefined) row.lock = vm.config.lock;
  if (vm.config.tags !== undefined) row.tags = vm.config.tags;
  return row;
}

function broadcastRow(vm: Vm, seen: BroadcastVm): Record<string, unknown> {
  const running = seen.status === 'running';
  const disk = bootDisk(vm.config);
  const memory = memoryOf(vm.config) * 1024 ** 2;
  const size = disk === undefined ? undefined : /[,]size=([^,]+)/.exec(vm.config[disk] ?? '')?.[1];
  return {
    id: `qemu/${vm.vmid}`,
    type: 'qemu',
    vmid: vm.vmid,
    node: vm.node,
    status: seen.status,
    name: seen.name,
    template: vm.config.template === '1' ? 1 : 0,
    maxcpu: coresOf(vm.config),
    maxmem: memory,
    maxdisk: size === undefined ? 0 : parseSize(size),
    cpu: running ? 0.02 : 0,
    mem: running ? Math.floor(memory * 0.4) : 0,
    memhost: running ? Math.floor(memory * 0.5) : 0,
    uptime: seen.uptime,
    disk: 0,
    diskread: 0,
    diskwrite: 0,
    netin: 0,
    netout: 0,
  };
}

export function visibleVmRows(ctx: Ctx, filter: (vm: Vm) => boolean): Record<string, unknown>[] {
  const seen = mayOnVms(ctx.world, ctx.caller, 'VM.Audit');
  const pools = new Map<number, string>();
  for (const pool of Object.values(ctx.world.pools)) {
    for (const vmid of pool.vms) pools.set(vmid, pool.id);
  }
  return Object.values(ctx.world.vms)
    .filter((vm) => filter(vm) && seen(vm.vmid))
    .map((vm) => vmRow(ctx, vm, pools.get(vm.vmid)));
}

function storageRows(ctx: Ctx): Record<string, unknown>[] {
  const { world, caller } = ctx;
  const used = usageOf(world);
  return Object.values(world.storages)
    .filter((storage) => storage.enabled)
    .filter((storage) => {
      const held = privilegesOn(world, caller, `/storage/${storage.id}`);
      return held.has('Datastore.Audit') || held.has('Datastore.AllocateSpace');
    })
    .flatMap((storage) =>
      Object.values(world.nodes)
        .filter((node) => isOnNode(storage, node.name))
        .map((node) => storageRow(storage, node, used(storage, node.name))),
    );
}

function storageRow(storage: SimStorage, node: SimNode, used: number): Record<string, unknown> {
  const works = storage.broken === undefined && node.status === 'online';
  return {
    id: `storage/${node.name}/${storage.id}`,
    type: 'storage',
    storage: storage.id,
    node: node.name,
    plugintype: storage.type,
    content: storage.content.join(','),
    shared: storage.shared ? 1 : 0,
    status: works ? 'available' : 'unknown',
    ...(works
      ? {
          disk: Math.floor(used),
          maxdisk: totalBytes(storage, node.name),
        }
      : {}),
  };
}

export const resources: Handler = (ctx) => {
  const { world, caller, params } = ctx;
  const rows: Record<string, unknown>[] = [];
  if (params.type === undefined) {
    for (const pool of Object.values(world.pools)) {
      if (!may(world, caller, `/pool/${pool.id}`, 'Pool.Audit')) continue;
      rows.push({ type: 'pool', pool: pool.id, id: `/pool/${pool.id}` });
    }
  }
  if (params.type === undefined || params.type === 'vm')
    rows.push(...visibleVmRows(ctx, () => true), ...containerRows(ctx));
  if (params.type === undefined || params.type === 'node') {
    rows.push(...nodeRows(ctx).map((row) => ({ ...row, 'cgroup-mode': 2 })));
  }
  if (params.type === undefined || params.type === 'storage') rows.push(...storageRows(ctx));
  if (params.type === undefined || params.type === 'sdn') rows.push(...zoneRows(ctx));
  return reply(rows, rows.length / 10);
};

function containerRows({ world, caller }: Ctx): Record<string, unknown>[] {
  return Object.values(world.containers ?? {})
    .filter(({ vmid }) => may(world, caller, `/vms/${vmid}`, 'VM.Audit'))
    .map(({ vmid, node, name }) => ({
      id: `lxc/${vmid}`,
      type: 'lxc',
      vmid,
      node,
      name,
      status: 'stopped',
      template: 0,
    }));
}

function zoneRows(ctx: Ctx): Record<string, unknown>[] {
  const zones = new Set(['localnetwork', ...Object.values(ctx.world.vnets).map((net) => net.zone)]);
  return [...zones]
    .filter((zone) => may(ctx.world, ctx.caller, `/sdn/zones/${zone}`, 'SDN.Audit'))
    .flatMap((zone) =>
      Object.values(ctx.world.nodes).map((node) => ({
        id: `network/${node.name}/zone/${zone}`,
        type: 'network',
        'network-type': 'zone',
        network: zone,
        node: node.name,
        status: node.status === 'online' ? 'ok' : 'unknown',
      })),
    );
}
