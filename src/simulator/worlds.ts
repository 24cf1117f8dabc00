import type { UpgradablePackage } from './guest/program.ts';
import type { ImageSpec, NodeSpec, VmSpec, WorldSpec } from './spec.ts';

const GIB = 1024 ** 3;

/** The token that every ready-made world has, with every privilege. */
export const SIMULATOR_TOKEN = 'muster@pve!simulator=00000000-0000-4000-8000-000000000001';

/** PBS' certificate in the ready-made worlds. */
export const PBS_FINGERPRINT =
  '5A:1C:3E:70:92:B4:D6:F8:0B:2D:4F:61:83:A5:C7:E9:1A:3C:5E:70:92:B4:D6:F8:0B:2D:4F:61:83:A5:C7:E9';

const upgradable: readonly UpgradablePackage[] = [
  entry('base-files', '13.8+deb13u1', '13.8+deb13u2'),
  entry('bind9-libs', '1:9.20.11-4', '1:9.20.15-1~deb13u1', true),
  entry('curl', '8.14.1-2', '8.14.1-2+deb13u2', true),
  entry('libc6', '2.41-12', '2.41-12+deb13u1', true),
  entry('libcurl4t64', '8.14.1-2', '8.14.1-2+deb13u2', true),
  entry('libssl3t64', '3.5.1-1', '3.5.4-1~deb13u1', true),
  entry('libsystemd0', '257.7-1', '257.9-1~deb13u1'),
  entry('openssh-server', '1:10.0p1-7', '1:10.0p1-7+deb13u1', true),
  entry('openssl', '3.5.1-1', '3.5.4-1~deb13u1', true),
  entry('python3.13', '3.13.5-2', '3.13.5-2+deb13u1', true),
  entry('qemu-guest-agent', '1:10.0.2+ds-2', '1:10.0.3+ds-0+deb13u1'),
  entry('systemd', '257.7-1', '257.9-1~deb13u1'),
  entry('tzdata', '2025b-4+deb13u1', '2026a-0+deb13u1'),
  entry('udev', '257.7-1', '257.9-1~deb13u1'),
];

function entry(name: string, from: string, to: string, security = false): UpgradablePackage {
  return { name, from, to, security };
}

const debian: ImageSpec = {
  os: 'debian',
  installed: Object.fromEntries(upgradable.map((item) => [item.name, item.from])),
  upgradable: [...upgradable],
  packagesBusyMs: 0,
};

const nodes: readonly NodeSpec[] = [
  { name: 'pve1', cpus: 16, memory: 64 * GIB },
  { name: 'pve2', cpus: 16, memory: 64 * GIB },
  { name: 'pve3', cpus: 8, memory: 32 * GIB },
];

function production(vmid: number, node: string, name: string, gib: number): VmSpec {
  return {
    vmid,
    node,
    name,
    image: 'server',
    storage: node === 'pve3' ? 'local-zfs' : 'local-lvm',
    disk: gib * GIB,
    pool: 'production',
    status: 'running',
    config: { cores: '2', memory: '4096', onboot: '1' },
  };
}

function template(vmid: number, node: string): VmSpec {
  return {
    vmid,
    node,
    name: 'debian-13',
    template: true,
    image: 'debian-13',
    storage: node === 'pve3' ? 'local-zfs' : 'local-lvm',
    disk: 3 * GIB,
  };
}

const network: WorldSpec['network'] = {
  segments: [
    {
      id: 'lan',
      bridge: 'vmbr0',
      vlan: 0,
      cidr: '192.168.1.0/24',
      gateway: '192.168.1.1',
      dhcp: { from: '192.168.1.100', dns: ['192.168.1.1'] },
    },
    {
      id: 'backup',
      bridge: 'vmbr0',
      vlan: 120,
      cidr: '10.20.0.0/24',
      gateway: '10.20.0.1',
      dhcp: { from: '10.20.0.100', dns: ['10.20.0.1'] },
    },
  ],
  hosts: [
    {
      names: ['pbs.example.net', 'pbs'],
      addresses: ['192.168.1.40'],
      ports: { '8007': PBS_FINGERPRINT, '22': '' },
    },
    {
      names: ['mirror.example.net'],
      addresses: ['203.0.113.10'],
      ports: { '80': '', '443': '' },
      latencyMs: 12,
    },
    { names: ['proxy', 'proxy.example.net'], addresses: ['192.168.1.30'], ports: { '3128': '' } },
  ],
};

const storages: WorldSpec['storages'] = [
  {
    id: 'local',
    type: 'dir',
    content: ['iso', 'vztmpl', 'backup', 'import', 'snippets'],
    size: 96 * GIB,
    used: 12 * GIB,
  },
  {
    id: 'local-lvm',
    type: 'lvmthin',
    content: ['images', 'rootdir'],
    nodes: ['pve1', 'pve2'],
    size: 800 * GIB,
    used: 120 * GIB,
  },
  {
    id: 'local-zfs',
    type: 'zfspool',
    content: ['images', 'rootdir'],
    nodes: ['pve3'],
    size: 800 * GIB,
    used: 90 * GIB,
  },
];

/** Who may use the ready-made worlds: one user with every privilege. */
const fullAccess: NonNullable<WorldSpec['access']> = {
  users: [{ id: 'muster@pve' }],
  tokens: [
    {
      id: 'muster@pve!simulator',
      secret: '00000000-0000-4000-8000-000000000001',
      privsep: false,
    },
  ],
  acls: [{ path: '/', who: 'muster@pve', role: 'Administrator' }],
};

const machines: readonly VmSpec[] = [
  template(9000, 'pve1'),
  template(9001, 'pve2'),
  template(9002, 'pve3'),
  production(101, 'pve1', 'web', 32),
  production(102, 'pve1', 'db', 120),
  production(104, 'pve2', 'mail', 80),
  production(105, 'pve2', 'scratch', 20),
  production(106, 'pve3', 'files', 200),
  production(107, 'pve3', 'monitoring', 40),
];

/** Cluster homelab: three nodes, a Debian 13 template on each, six machines worth a backup. */
export function quickstartWorld(): WorldSpec {
  return {
    name: 'homelab',
    version: '9.2.11',
    nodes,
    storages,
    bridges: [{ name: 'vmbr0', vlanAware: true }],
    pools: [{ id: 'production', comment: 'what must be backed up' }],
    images: {
      'debian-13': debian,
      server: { os: 'debian', usedBytes: 9 * GIB, cloudInit: false },
    },
    volumes: [{ volid: 'local:import/debian-13.qcow2', size: 0.4 * GIB, image: 'debian-13' }],
    downloads: {
      'https://cloud.debian.org/images/cloud/trixie/latest/debian-13-genericcloud-amd64.qcow2': {
        size: Math.round(0.34 * GIB),
        image: 'debian-13',
        checksums: { sha512: '5d'.repeat(64), sha256: '5d'.repeat(32) },
      },
    },
    vms: machines,
    access: fullAccess,
    network,
  };
}

/** For benches: `count` nodes and `vms` production machines, without guests to speak of. */
export function largeWorld(count: number, vms: number): WorldSpec {
  const names = Array.from({ length: count }, (_, index) => `pve${index + 1}`);
  const base = quickstartWorld();
  return {
    ...base,
    name: 'large',
    nodes: names.map((name) => ({ name, cpus: 64, memory: 512 * GIB })),
    storages: [
      ...base.storages.filter((storage) => storage.id === 'local'),
      {
        id: 'local-lvm',
        type: 'lvmthin',
        content: ['images', 'rootdir'],
        size: 20_000 * GIB,
      },
    ],
    vms: [
      ...names.map((node, index) => ({
        ...template(9_000_000 + index, node),
        storage: 'local-lvm',
      })),
      ...Array.from({ length: vms }, (_, index): VmSpec => {
        const node = names[index % names.length] ?? 'pve1';
        return {
          vmid: 100_000 + index,
          node,
          name: `vm-${index}`,
          storage: 'local-lvm',
          disk: 32 * GIB,
          pool: 'production',
          status: 'running',
        };
      }),
    ],
  };
}
