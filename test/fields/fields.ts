import type { Cost } from '../../src/model/plan.ts';

/** One field of a worker: two values for it, and what drift on it looks like in PVE's config. */
export interface Field {
  /** As it stands in the YAML; also the name of the case. */
  readonly field: string;
  readonly set: unknown;
  readonly change: unknown;
  /** Attribute paths that a plan may show for it; default: the field itself. */
  readonly paths?: RegExp;
  /** The cost of changing it. */
  readonly cost: Cost;
  /** What somebody does to the VM's config by hand; absent: the field has no side on PVE. */
  readonly drift?: {
    readonly set?: Readonly<Record<string, string>>;
    readonly unset?: readonly string[];
    /** An option of its boot disk. */
    readonly disk?: Readonly<Record<string, string>>;
    /** Its boot disk is moved there. */
    readonly moveTo?: string;
  };
  /** Other fields that it needs, always declared. */
  readonly with?: Readonly<Record<string, unknown>>;
  /** Setting or removing it changes nothing that anybody could see: it is only recorded, or the default already. */
  readonly removalIsQuiet?: true;
}

const byHand = (model: string, rest: string) => `${model}=BC:24:11:00:00:99,${rest}`;
const nic = (more: object) => [{ bridge: 'vmbr0', ...more }];
const static1 = { address: '10.20.0.31/24', gateway: '10.20.0.1' };

export const FIELDS: readonly Field[] = [
  {
    field: 'description',
    set: 'one',
    change: 'two\n\nlines',
    cost: 'in-place',
    drift: { set: { description: 'mine now' } },
  },
  { field: 'enabled', set: false, change: true, cost: 'record' },
  {
    field: 'slots',
    set: 5,
    change: 6,
    paths: /^(slots|cpu\.cores|memory)$/,
    cost: 'in-place',
    drift: { set: { cores: '15', memory: '2048' } },
  },
  { field: 'cpu.cores', set: 3, change: 5, cost: 'in-place', drift: { set: { cores: '8' } } },
  {
    field: 'cpu.type',
    set: 'x86-64-v2-AES',
    change: 'x86-64-v3',
    cost: 'in-place',
    drift: { set: { cpu: 'kvm64' } },
  },
  {
    field: 'memory',
    set: '3GiB',
    change: '5GiB',
    cost: 'in-place',
    drift: { set: { memory: '1024' } },
  },
  { field: 'disk.size', set: '24GiB', change: '28GiB', cost: 'in-place', removalIsQuiet: true },
  {
    field: 'disk.storage',
    set: 'local-lvm',
    change: 'fast',
    cost: 'move-disk',
    drift: { moveTo: 'local-lvm' },
  },
  {
    field: 'storage',
    set: 'local-lvm',
    change: 'fast',
    paths: /^(storage|disk\.storage)$/,
    cost: 'move-disk',
    drift: { moveTo: 'local-lvm' },
  },
  {
    field: 'disk.discard',
    set: true,
    change: false,
    cost: 'in-place',
    drift: { disk: { discard: 'on' } },
  },
  {
    field: 'disk.ssd',
    set: true,
    change: false,
    cost: 'in-place',
    drift: { disk: { ssd: '1' } },
  },
  {
    field: 'networks',
    set: nic({ vlan: 120 }),
    change: nic({ vlan: 130 }),
    paths: /^networks\[0\]\.vlan$/,
    cost: 'in-place',
    drift: { set: { net0: 'virtio=BC:24:11:00:00:99,bridge=vmbr0' } },
  },
  {
    field: 'networks',
    set: nic({ mtu: 1400 }),
    change: nic({ mtu: 1300 }),
    paths: /^networks\[0\]\.mtu$/,
    cost: 'in-place',
    drift: { set: { net0: byHand('virtio', 'bridge=vmbr0,mtu=1200') } },
  },
  {
    field: 'networks',
    set: nic({ model: 'e1000' }),
    change: nic({ model: 'vmxnet3' }),
    paths: /^networks\[0\]\.model$/,
    cost: 'cloud-init-rerun',
    drift: { set: { net0: byHand('rtl8139', 'bridge=vmbr0') } },
  },
  {
    field: 'networks',
    set: nic({ mac: 'BC:24:11:00:00:01' }),
    change: nic({ mac: 'BC:24:11:00:00:02' }),
    paths: /^networks\[0\]\.mac$/,
    cost: 'cloud-init-rerun',
    drift: { set: { net0: byHand('virtio', 'bridge=vmbr0') } },
  },
  {
    field: 'networks',
    set: nic({ firewall: true }),
    change: nic({ firewall: false }),
    paths: /^networks\[0\]\.firewall$/,
    cost: 'in-place',
    drift: { set: { net0: byHand('virtio', 'bridge=vmbr0,firewall=1') } },
  },
  {
    field: 'networks',
    set: [{ bridge: 'vmbr1' }],
    change: [{ bridge: 'vmbr0' }],
    paths: /^networks\[0\]\.bridge$/,
    cost: 'in-place',
    drift: { set: { net0: byHand('virtio', 'bridge=vmbr1') } },
  },
  {
    field: 'networks',
    set: nic({ ipv4: static1 }),
    change: nic({ ipv4: { address: '10.20.0.32/24', gateway: '10.20.0.1' } }),
    paths: /^networks\[0\]\.ipv4/,
    cost: 'cloud-init-rerun',
    drift: { set: { ipconfig0: 'ip=10.20.0.77/24,gw=10.20.0.1' } },
  },
  {
    field: 'networks',
    set: nic({ ipv6: 'auto' }),
    change: nic({ ipv6: 'dhcp' }),
    paths: /^networks\[0\]\.ipv[46]/,
    cost: 'cloud-init-rerun',
    drift: { set: { ipconfig0: 'ip=dhcp,ip6=2001:db8::7/64' } },
  },
  {
    field: 'networks',
    set: [{ bridge: 'vmbr0' }, { bridge: 'vmbr1', ipv4: { address: '10.30.0.5/24' } }],
    change: nic({}),
    paths: /^networks\[1\]/,
    cost: 'cloud-init-rerun',
  },
  {
    field: 'dns.servers',
    set: ['10.20.0.1'],
    change: ['10.20.0.1', '10.20.0.2'],
    cost: 'cloud-init-rerun',
    drift: { set: { nameserver: '9.9.9.9' } },
  },
  {
    field: 'dns.search',
    set: 'example.net',
    change: 'example.org',
    cost: 'cloud-init-rerun',
    drift: { unset: ['searchdomain'] },
  },
  {
    field: 'cloudInit.user',
    set: 'backup',
    change: 'muster',
    cost: 'cloud-init-rerun',
    drift: { set: { ciuser: 'root' } },
  },
  {
    field: 'cloudInit.sshKeys',
    set: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBY0000000000000000000000000000000000000000000 a@b'],
    change: [
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBY1111111111111111111111111111111111111111111 c@d',
    ],
    cost: 'cloud-init-rerun',
    drift: { unset: ['sshkeys'] },
  },
  {
    field: 'cloudInit.vendorData',
    set: 'local:snippets/v.yaml',
    change: 'local:snippets/w.yaml',
    cost: 'cloud-init-rerun',
    drift: { unset: ['cicustom'] },
  },
  {
    field: 'cloudInit.userData',
    set: 'local:snippets/v.yaml',
    change: 'local:snippets/w.yaml',
    cost: 'cloud-init-rerun',
    drift: { set: { cicustom: 'user=local:snippets/v.yaml' } },
  },
  {
    field: 'cloudInit.networkData',
    set: 'local:snippets/v.yaml',
    change: 'local:snippets/w.yaml',
    cost: 'cloud-init-rerun',
    drift: { set: { cicustom: 'network=local:snippets/v.yaml' } },
  },
  {
    field: 'files',
    set: [{ from: 'a.sh', to: '/usr/local/bin/a', mode: '0755' }],
    change: [{ from: 'b.sh', to: '/usr/local/bin/a', mode: '0755' }],
    paths: /^files/,
    cost: 'record',
  },
  {
    field: 'options',
    set: { machine: 'q35' },
    change: { machine: 'pc' },
    paths: /^options\.machine$/,
    cost: 'in-place',
    drift: { set: { machine: 'pc-i440fx-9.0' } },
  },
  {
    field: 'options',
    set: { vga: 'serial0' },
    change: { vga: 'std' },
    paths: /^options\.vga$/,
    cost: 'in-place',
    drift: { set: { vga: 'qxl' } },
  },
  {
    field: 'tags',
    set: ['prod'],
    change: ['prod', 'night'],
    cost: 'in-place',
    drift: { set: { tags: 'other' } },
  },
  {
    field: 'labels',
    set: { site: 'north' },
    change: { site: 'south' },
    paths: /^labels\.site$/,
    cost: 'record',
  },
  { field: 'onImageChange', set: 'ignore', change: 'nextDeploy', cost: 'record' },
  {
    field: 'protect',
    set: false,
    change: true,
    cost: 'in-place',
    drift: { set: { protection: '0' } },
  },
  {
    field: 'patch',
    set: { policy: 'none' },
    change: { policy: 'security' },
    paths: /^patch\.policy$/,
    cost: 'record',
  },
  {
    field: 'patch',
    set: { reboot: 'never' },
    change: { reboot: 'always' },
    paths: /^patch\.reboot$/,
    cost: 'record',
  },
  {
    field: 'patch',
    set: { maxAge: '1h' },
    change: { maxAge: '2h' },
    paths: /^patch\.maxAge$/,
    cost: 'record',
  },
  {
    field: 'patch',
    set: { required: true },
    change: { required: false },
    paths: /^patch\.required$/,
    cost: 'record',
  },
  {
    field: 'patch',
    set: { proxy: 'http://proxy:3128' },
    change: { proxy: 'http://proxy.example.net:3128' },
    paths: /^patch\.proxy$/,
    cost: 'record',
  },
  {
    field: 'checks',
    set: [{ name: 'a', run: ['true'] }],
    change: [{ name: 'a', run: ['false'] }],
    paths: /^checks/,
    cost: 'record',
  },
  {
    field: 'timeouts',
    set: { deploy: '31m' },
    change: { deploy: '32m' },
    paths: /^timeouts\.deploy$/,
    cost: 'record',
  },
  {
    field: 'timeouts',
    set: { start: '4m' },
    change: { start: '5m' },
    paths: /^timeouts\.start$/,
    cost: 'record',
  },
  {
    field: 'timeouts',
    set: { test: '6m' },
    change: { test: '7m' },
    paths: /^timeouts\.test$/,
    cost: 'record',
  },
  {
    field: 'timeouts',
    set: { patch: '31m' },
    change: { patch: '32m' },
    paths: /^timeouts\.patch$/,
    cost: 'record',
  },
  {
    field: 'timeouts',
    set: { shutdown: '4m' },
    change: { shutdown: '5m' },
    paths: /^timeouts\.shutdown$/,
    cost: 'record',
  },
  { field: 'deploy', set: 'onDemand', change: 'eager', cost: 'record' },
];
