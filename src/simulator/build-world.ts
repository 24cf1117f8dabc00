import { privilegesOf } from './access.ts';
import { builtInRoles } from './schema/roles.ts';
import type { ImageSpec, VmSpec, VolumeSpec, WorldSpec } from './spec.ts';
import { osOf } from './systems.ts';
import { makeVmFromSpec } from './vm/from-spec.ts';
import { DEFAULT_FORMAT, volumeKey } from './vm/volumes.ts';
import type { Access, Durations, World } from './world.ts';
import type { ImageBehaviour, NetworkWorld } from './world-outside.ts';

const GIB = 1024 ** 3;

const usualDurations: Durations = {
  requestMs: 8,
  cloneBaseMs: 900,
  clonePerGiBMs: 300,
  linkedCloneMs: 600,
  createMs: 700,
  importPerGiBMs: 900,
  startMs: 1200,
  stopMs: 700,
  destroyMs: 500,
  resizeMs: 300,
  migrateMs: 2500,
  downloadPerGiBMs: 8000,
  smallTaskMs: 250,
  agentExecMs: 220,
};

/** A world as its specification says, with every running VM booted long ago. */
export function buildWorld(spec: WorldSpec, nowMs: number): World {
  const world = emptyWorld(spec, nowMs);
  addHardware(world, spec, nowMs);
  for (const pool of spec.pools ?? []) {
    world.pools[pool.id] = { id: pool.id, comment: pool.comment ?? '', vms: [], storages: [] };
  }
  for (const [name, image] of Object.entries(spec.images)) world.images[name] = buildImage(image);
  for (const volume of spec.volumes ?? []) addVolume(world, volume, nowMs);
  for (const vm of spec.vms) addVm(world, vm, nowMs);
  for (const entry of spec.ha ?? []) {
    const sid = `vm:${entry.vmid}`;
    world.ha[sid] = { sid, state: entry.state ?? 'started' };
  }
  for (const entry of spec.replication ?? []) {
    world.replication.push({
      id: `${entry.vmid}-0`,
      guest: entry.vmid,
      target: entry.target,
      schedule: '*/15',
    });
  }
  return world;
}

function emptyWorld(spec: WorldSpec, nowMs: number): World {
  return {
    format: 1,
    cluster: {
      name: spec.name,
      version: spec.version,
      release: spec.version.split('.').slice(0, 2).join('.'),
      repoId: '14a22df35955d97d',
    },
    nowMs,
    seed: spec.seed ?? 1,
    counter: 0,
    nodes: {},
    storages: {},
    volumes: {},
    bridges: {},
    vnets: {},
    pools: {},
    vms: {},
    access: buildAccess(spec),
    tasks: [],
    events: [],
    faults: [],
    journal: [],
    ha: {},
    replication: [],
    images: {},
    network: buildNetwork(spec),
    downloads: buildDownloads(spec),
    durations: { ...usualDurations, ...spec.durations },
    authDelayMs: spec.authDelayMs ?? 3000,
    broadcast: { nextMs: nowMs, vms: {} },
    options: { mac_prefix: 'BC:24:11' },
  };
}

function addHardware(world: World, spec: WorldSpec, nowMs: number): void {
  const names = spec.nodes.map((node) => node.name);
  spec.nodes.forEach((node, index) => {
    world.nodes[node.name] = {
      name: node.name,
      cpus: node.cpus,
      memory: node.memory,
      status: node.status ?? 'online',
      offlineText: 'No route to host',
      address: node.address ?? `192.168.1.${11 + index}`,
      bootedMs: nowMs - 40 * 24 * 3600_000,
      maintenance: false,
    };
  });
  for (const storage of spec.storages) {
    const shared = storage.shared ?? storage.type === 'nfs';
    const places = shared ? ['*'] : (storage.nodes ?? names);
    world.storages[storage.id] = {
      id: storage.id,
      type: storage.type,
      shared,
      ...(storage.nodes === undefined ? {} : { nodes: [...storage.nodes] }),
      content: [...storage.content],
      size: Object.fromEntries(places.map((place) => [place, storage.size])),
      otherUsed: Object.fromEntries(places.map((place) => [place, storage.used ?? 0])),
      enabled: storage.disabled !== true,
      ...(storage.broken === undefined ? {} : { broken: storage.broken }),
      ...pathOf(storage.type, storage.id),
    };
  }
  addNetworks(world, spec, names);
}

function addNetworks(world: World, spec: WorldSpec, names: readonly string[]): void {
  for (const bridge of spec.bridges) {
    world.bridges[bridge.name] = {
      name: bridge.name,
      nodes: [...(bridge.nodes ?? names)],
      vlanAware: bridge.vlanAware ?? false,
    };
  }
  for (const vnet of spec.vnets ?? []) {
    world.vnets[vnet.name] = {
      name: vnet.name,
      zone: vnet.zone,
      nodes: [...(vnet.nodes ?? names)],
    };
  }
}

function pathOf(type: string, id: string): { path: string } | { pool: string } {
  if (type === 'dir') return { path: id === 'local' ? '/var/lib/vz' : `/mnt/${id}` };
  if (type === 'zfspool') return { pool: 'rpool/data' };
  if (type === 'nfs' || type === 'cifs') return { path: `/mnt/pve/${id}` };
  return { pool: 'data' };
}

function buildAccess(spec: WorldSpec): Access {
  const access: Access = {
    users: { 'root@pam': { enabled: true, expire: 0 } },
    tokens: {},
    roles: Object.fromEntries(
      Object.entries(builtInRoles).map(([name, privileges]) => [
        name,
        privilegesOf(
          spec.version,
          privileges.split(',').filter((privilege) => privilege !== ''),
        ),
      ]),
    ),
    acls: (spec.access?.acls ?? []).map((acl) => ({ ...acl, propagate: acl.propagate ?? true })),
  };
  for (const user of spec.access?.users ?? []) {
    access.users[user.id] = {
      enabled: user.enabled ?? true,
      expire: 0,
      ...(user.password === undefined ? {} : { password: user.password }),
    };
  }
  for (const token of spec.access?.tokens ?? []) {
    access.tokens[token.id] = {
      secret: token.secret,
      privsep: token.privsep ?? true,
      expire: token.expire ?? 0,
    };
    const user = token.id.split('!')[0] ?? '';
    access.users[user] ??= { enabled: true, expire: 0 };
  }
  for (const [name, privileges] of Object.entries(spec.access?.roles ?? {})) {
    access.roles[name] = [...privileges];
  }
  return access;
}

function buildNetwork(spec: WorldSpec): NetworkWorld {
  return {
    segments: spec.network.segments.map((segment) => ({
      gatewayUp: true,
      uplink: true,
      ...segment,
    })),
    hosts: (spec.network.hosts ?? []).map((host) => ({
      ports: {},
      up: true,
      latencyMs: 1,
      ...host,
    })),
    mirror: { host: 'mirror.example.net', port: 80, up: true, ...spec.network.mirror },
    backupBytesPerSecond: spec.network.backupBytesPerSecond ?? 200_000_000,
    leases: {},
  };
}

function buildDownloads(spec: WorldSpec): World['downloads'] {
  return Object.fromEntries(
    Object.entries(spec.downloads ?? {}).map(([url, download]) => [
      url,
      { checksums: {}, status: 200, mimetype: 'application/octet-stream', ...download },
    ]),
  );
}

function buildImage(spec: ImageSpec): ImageBehaviour {
  const { os, ...rest } = spec;
  return {
    os: osOf(os),
    hasAgent: true,
    cloudInit: true,
    bootMs: 14_000,
    cloudInitMs: 4_000,
    shutdownMs: 3_000,
    ignoresShutdown: false,
    installed: {},
    upgradable: [],
    packagesBusyMs: 0,
    clockSkewMs: 0,
    sizeBytes: 3 * GIB,
    usedBytes: 1.2 * GIB,
    files: {},
    ...rest,
  };
}

function addVolume(world: World, spec: VolumeSpec, nowMs: number): void {
  const [storageId = '', name = ''] = spec.volid.split(':');
  const storage = world.storages[storageId];
  if (storage === undefined) return;
  const content = name.split('/')[0] ?? 'images';
  const places = storage.shared
    ? [null]
    : spec.node === undefined
      ? Object.keys(storage.size)
      : [spec.node];
  for (const node of places) {
    world.volumes[volumeKey(spec.volid, node)] = {
      volid: spec.volid,
      storage: storageId,
      node,
      format: name.split('.').pop() ?? DEFAULT_FORMAT,
      content: content === 'template' ? 'iso' : content,
      size: spec.size,
      ctime: Math.floor(nowMs / 1000) - 86_400,
      ...(spec.image === undefined ? {} : { image: spec.image }),
    };
  }
}

function addVm(world: World, spec: VmSpec, nowMs: number): void {
  const vm = makeVmFromSpec(world, spec, nowMs);
  world.vms[String(spec.vmid)] = vm;
  if (spec.pool !== undefined) world.pools[spec.pool]?.vms.push(spec.vmid);
}
