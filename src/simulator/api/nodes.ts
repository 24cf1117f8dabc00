import { may } from '../access.ts';
import { failed } from '../api-error.ts';
import { cpuModels } from '../schema/cpu-models.ts';
import { type Ctx, type Handler, param, reply } from './context.ts';

export const nodeStatus: Handler = (ctx) => {
  const node = ctx.world.nodes[ctx.node];
  if (node === undefined) throw failed(`no such cluster node '${ctx.node}'`);
  const used = 2 * 1024 ** 3;
  return reply({
    pveversion: `pve-manager/${ctx.world.cluster.version}/${ctx.world.cluster.repoId}`,
    kversion: 'Linux 6.17.2-1-pve #1 SMP PREEMPT_DYNAMIC',
    uptime: Math.floor((ctx.world.nowMs - node.bootedMs) / 1000),
    cpu: 0.05,
    wait: 0,
    idle: 0,
    loadavg: ['0.20', '0.25', '0.22'],
    memory: {
      total: node.memory,
      used,
      free: node.memory - used,
      available: node.memory - used,
    },
    swap: { total: 0, used: 0, free: 0 },
    ksm: { shared: 0 },
    ...hardware(node.cpus),
  });
};

function hardware(cpus: number): Record<string, unknown> {
  return {
    rootfs: {
      total: 96 * 1024 ** 3,
      used: 12 * 1024 ** 3,
      free: 84 * 1024 ** 3,
      avail: 80 * 1024 ** 3,
    },
    cpuinfo: {
      cpus: cpus,
      cores: cpus,
      sockets: 1,
      model: 'Simulated CPU',
      mhz: '3000.000',
      hvm: '1',
      flags: 'fpu vme aes sse4_2',
      user_hz: 100,
    },
    'boot-info': { mode: 'legacy-bios' },
    'current-kernel': {
      sysname: 'Linux',
      release: '6.17.2-1-pve',
      version: '#1 SMP PREEMPT_DYNAMIC',
      machine: 'x86_64',
    },
  };
}

export const nodeVersion: Handler = ({ world }) =>
  reply({
    version: world.cluster.version,
    release: world.cluster.release,
    repoid: world.cluster.repoId,
  });

export const nodeTime: Handler = (ctx) => {
  const seconds = Math.floor(ctx.nowMs / 1000);
  return reply({ time: seconds, localtime: seconds, timezone: 'UTC' });
};

const bridgeTypes = new Set(['bridge', 'any_bridge', 'any_local_bridge', 'include_sdn']);

/** A vnet is only listed when SDN is asked for. */
export const networks: Handler = (ctx) => {
  const { world, caller, params } = ctx;
  const { type } = params;
  const address = world.nodes[ctx.node]?.address ?? '';
  const rows: Record<string, unknown>[] = [];
  const filtered = type === 'any_bridge' || type === 'any_local_bridge' || type === 'include_sdn';
  if (type === undefined || bridgeTypes.has(type)) {
    for (const bridge of Object.values(world.bridges)) {
      if (!bridge.nodes.includes(ctx.node)) continue;
      const path = `/sdn/zones/localnetwork/${bridge.name}`;
      if (
        filtered &&
        !may(world, caller, path, 'SDN.Audit') &&
        !may(world, caller, path, 'SDN.Use')
      ) {
        continue;
      }
      rows.push(
        bridgeRow(bridge.name, bridge.vlanAware, bridge.name === 'vmbr0' ? address : undefined),
      );
    }
  }
  if (type === 'any_bridge' || type === 'vnet' || type === 'include_sdn') {
    for (const vnet of Object.values(world.vnets)) {
      const path = `/sdn/zones/${vnet.zone}/${vnet.name}`;
      if (!vnet.nodes.includes(ctx.node)) continue;
      if (!may(world, caller, path, 'SDN.Audit') && !may(world, caller, path, 'SDN.Use')) continue;
      rows.push({ iface: vnet.name, type: 'vnet', active: 1 });
    }
  }
  return reply(rows);
};

function bridgeRow(iface: string, aware: boolean, address?: string): Record<string, unknown> {
  return {
    iface,
    type: 'bridge',
    active: 1,
    autostart: 1,
    priority: 3,
    bridge_ports: 'eno1',
    bridge_stp: 'off',
    bridge_fd: '0',
    families: ['inet'],
    method: address === undefined ? 'manual' : 'static',
    method6: 'manual',
    ...(aware ? { bridge_vlan_aware: 1, bridge_vids: '2-4094' } : {}),
    ...(address === undefined ? {} : { address, netmask: '24', cidr: `${address}/24` }),
  };
}

export const listCpuModels: Handler = () =>
  reply(
    Object.entries(cpuModels).flatMap(([vendor, names]) =>
      names.map((name) => ({ name, vendor, custom: 0 })),
    ),
  );

export const listContainers: Handler = () => reply([]);

export const missingContainer: Handler = (ctx) => {
  throw failed(
    `Configuration file 'nodes/${ctx.node}/lxc/${param(ctx, 'vmid')}.conf' does not exist`,
  );
};

export const urlMetadata: Handler = (ctx: Ctx) => {
  const url = param(ctx, 'url');
  const found = ctx.world.downloads[url];
  const host = /^\w+:\/\/([^/]+)/.exec(url)?.[1] ?? url;
  if (found === undefined) {
    throw failed(`invalid server response: '500 Can't connect to ${host} (Connection refused)'`);
  }
  if (found.status !== 200)
    throw failed(`invalid server response: '${found.status} File not found'`);
  return reply({
    filename: url.split('/').pop() ?? '',
    mimetype: found.mimetype,
    size: found.size,
  });
};
