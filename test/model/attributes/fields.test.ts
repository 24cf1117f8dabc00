import { describe, expect, test } from 'vitest';
import { configWrite, isEmptyWrite } from '../../../src/model/attributes/config-write.ts';
import { diffAttributes } from '../../../src/model/attributes/diff-attributes.ts';
import { attributesOf, readAttributes } from '../../../src/model/attributes/read-attributes.ts';
import { ATTRIBUTES, rowOf } from '../../../src/model/attributes/rows.ts';
import type { VmConfig } from '../../../src/model/inventory.ts';
import { GiB, MiB } from '../../../src/model/quantity.ts';
import type { WorkerFields, WorkerSpec } from '../../../src/model/worker.ts';
import {
  config,
  edited,
  made,
  withWorkers,
  workerIn,
  written,
} from '../../plan/support/builders.ts';

/** One field: a value to set, another to change to, and the config keys through which people see it. */
interface Field {
  readonly path: string;
  readonly set: WorkerFields;
  readonly change: WorkerFields;
  readonly drift: Readonly<Record<string, string | null>>;
  /** Config values after `set`, and after `change`. */
  readonly setTo: Readonly<Record<string, string>>;
  readonly changedTo: Readonly<Record<string, string>>;
  /** After the field left the declaration; absent keys are unset. Undefined: it stays as it is. */
  readonly removedTo?: Readonly<Record<string, string | undefined>>;
}

const NIC = { bridge: 'vmbr0', ipv4: 'dhcp' } as const;
const MAC = 'BC:24:11:C4:8A:62';
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL7G6mV5 a@b';
const disk = (rest: string) => `local-lvm:vm-9101-disk-0,discard=on,iothread=1,size=20G${rest}`;

const FIELDS: readonly Field[] = [
  {
    path: 'cpu.cores',
    set: { cpu: { cores: 4 } },
    change: { cpu: { cores: 8 } },
    drift: { cores: '2', sockets: '1' },
    setTo: { cores: '4' },
    changedTo: { cores: '8' },
    removedTo: { cores: '6' },
  },
  {
    path: 'cpu.type (W7)',
    set: { cpu: { type: 'host' } },
    change: { cpu: { type: 'x86-64-v2-AES' } },
    drift: { cpu: 'kvm64' },
    setTo: { cpu: 'host' },
    changedTo: { cpu: 'x86-64-v2-AES' },
    removedTo: { cpu: undefined },
  },
  {
    path: 'memory',
    set: { memory: 4 * GiB },
    change: { memory: 8 * GiB },
    drift: { memory: '1024' },
    setTo: { memory: '4096' },
    changedTo: { memory: '8192' },
    removedTo: { memory: '6144' },
  },
  {
    path: 'disk.size',
    set: { disk: { size: 30 * GiB } },
    change: { disk: { size: 40 * GiB } },
    drift: { scsi0: 'local-lvm:vm-9101-disk-0,discard=on,iothread=1,size=10G' },
    setTo: { scsi0: 'local-lvm:vm-9101-disk-0,discard=on,iothread=1,size=30G' },
    changedTo: { scsi0: 'local-lvm:vm-9101-disk-0,discard=on,iothread=1,size=40G' },
  },
  {
    path: 'disk.storage',
    set: { disk: { storage: 'local-lvm' } },
    change: { disk: { storage: 'fast' } },
    drift: { scsi0: 'slow:vm-9101-disk-0,discard=on,iothread=1,size=20G' },
    setTo: { scsi0: disk('') },
    changedTo: { scsi0: 'fast:vm-9101-disk-0,discard=on,iothread=1,size=20G' },
  },
  {
    path: 'disk.discard',
    set: { disk: { discard: false } },
    change: { disk: { discard: true } },
    drift: { scsi0: disk('') },
    setTo: { scsi0: 'local-lvm:vm-9101-disk-0,iothread=1,size=20G' },
    changedTo: { scsi0: 'local-lvm:vm-9101-disk-0,iothread=1,size=20G,discard=on' },
    removedTo: { scsi0: 'local-lvm:vm-9101-disk-0,iothread=1,size=20G' },
  },
  {
    path: 'disk.ssd',
    set: { disk: { ssd: true } },
    change: { disk: { ssd: false } },
    drift: { scsi0: disk('') },
    setTo: { scsi0: disk(',ssd=1') },
    changedTo: { scsi0: disk('') },
    removedTo: { scsi0: disk('') },
  },
  {
    path: 'networks[].bridge (W4)',
    set: { networks: [{ ...NIC, bridge: 'vmbr1' }] },
    change: { networks: [{ ...NIC, bridge: 'vmbr2' }] },
    drift: { net0: `virtio=${MAC},bridge=vmbr9` },
    setTo: { net0: `virtio=${MAC},bridge=vmbr1` },
    changedTo: { net0: `virtio=${MAC},bridge=vmbr2` },
    removedTo: { net0: `virtio=${MAC},bridge=vmbr0` },
  },
  {
    path: 'networks[].vlan, with the MAC kept (W1, P35)',
    set: { networks: [{ ...NIC, vlan: 120 }] },
    change: { networks: [{ ...NIC, vlan: 130 }] },
    drift: { net0: `virtio=${MAC},bridge=vmbr0` },
    setTo: { net0: `virtio=${MAC},bridge=vmbr0,tag=120` },
    changedTo: { net0: `virtio=${MAC},bridge=vmbr0,tag=130` },
    removedTo: { net0: `virtio=${MAC},bridge=vmbr0` },
  },
  {
    path: 'networks[].mtu',
    set: { networks: [{ ...NIC, mtu: 9000 }] },
    change: { networks: [{ ...NIC, mtu: 1500 }] },
    drift: { net0: `virtio=${MAC},bridge=vmbr0,mtu=1400` },
    setTo: { net0: `virtio=${MAC},bridge=vmbr0,mtu=9000` },
    changedTo: { net0: `virtio=${MAC},bridge=vmbr0,mtu=1500` },
    removedTo: { net0: `virtio=${MAC},bridge=vmbr0` },
  },
  {
    path: 'networks[].model',
    set: { networks: [{ ...NIC, model: 'e1000' }] },
    change: { networks: [{ ...NIC, model: 'vmxnet3' }] },
    drift: { net0: `virtio=${MAC},bridge=vmbr0` },
    setTo: { net0: `e1000=${MAC},bridge=vmbr0` },
    changedTo: { net0: `vmxnet3=${MAC},bridge=vmbr0` },
    removedTo: { net0: `virtio=${MAC},bridge=vmbr0` },
  },
  {
    path: 'networks[].mac',
    set: { networks: [{ ...NIC, mac: 'BC:24:11:00:00:01' }] },
    change: { networks: [{ ...NIC, mac: 'BC:24:11:00:00:02' }] },
    drift: { net0: 'virtio=BC:24:11:00:00:09,bridge=vmbr0' },
    setTo: { net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0' },
    changedTo: { net0: 'virtio=BC:24:11:00:00:02,bridge=vmbr0' },
  },
  {
    path: 'networks[].firewall',
    set: { networks: [{ ...NIC, firewall: true }] },
    change: { networks: [{ ...NIC, firewall: false }] },
    drift: { net0: `virtio=${MAC},bridge=vmbr0` },
    setTo: { net0: `virtio=${MAC},bridge=vmbr0,firewall=1` },
    changedTo: { net0: `virtio=${MAC},bridge=vmbr0` },
    removedTo: { net0: `virtio=${MAC},bridge=vmbr0` },
  },
  {
    path: 'networks[].ipv4',
    set: {
      networks: [{ bridge: 'vmbr0', ipv4: { address: '10.20.0.31/24', gateway: '10.20.0.1' } }],
    },
    change: { networks: [{ bridge: 'vmbr0', ipv4: { address: '10.20.0.32/24' } }] },
    drift: { ipconfig0: 'ip=dhcp' },
    setTo: { ipconfig0: 'ip=10.20.0.31/24,gw=10.20.0.1' },
    changedTo: { ipconfig0: 'ip=10.20.0.32/24' },
    removedTo: { ipconfig0: 'ip=dhcp' },
  },
  {
    path: 'networks[].ipv6',
    set: { networks: [{ ...NIC, ipv6: 'auto' }] },
    change: { networks: [{ ...NIC, ipv6: { address: '2001:DB8:0::31/64' } }] },
    drift: { ipconfig0: 'ip=dhcp' },
    setTo: { ipconfig0: 'ip=dhcp,ip6=auto' },
    changedTo: { ipconfig0: 'ip=dhcp,ip6=2001:db8::31/64' },
    removedTo: { ipconfig0: 'ip=dhcp' },
  },
  {
    path: 'dns.servers',
    set: { dns: { servers: ['10.20.0.1', '10.20.0.2'] } },
    change: { dns: { servers: ['10.20.0.3'] } },
    drift: { nameserver: '8.8.8.8' },
    setTo: { nameserver: '10.20.0.1 10.20.0.2' },
    changedTo: { nameserver: '10.20.0.3' },
    removedTo: { nameserver: undefined },
  },
  {
    path: 'dns.search',
    set: { dns: { search: 'example.net' } },
    change: { dns: { search: 'example.org' } },
    drift: { searchdomain: null },
    setTo: { searchdomain: 'example.net' },
    changedTo: { searchdomain: 'example.org' },
    removedTo: { searchdomain: undefined },
  },
  {
    path: 'cloudInit.user',
    set: { cloudInit: { user: 'muster' } },
    change: { cloudInit: { user: 'ops' } },
    drift: { ciuser: 'root' },
    setTo: { ciuser: 'muster' },
    changedTo: { ciuser: 'ops' },
    removedTo: { ciuser: undefined },
  },
  {
    path: 'cloudInit.sshKeys',
    set: { cloudInit: { sshKeys: [KEY] } },
    change: { cloudInit: { sshKeys: [KEY, `${KEY}2`] } },
    drift: { sshkeys: null },
    setTo: { sshkeys: `${encodeURIComponent(`${KEY}\n`)}` },
    changedTo: { sshkeys: `${encodeURIComponent(`${KEY}\n${KEY}2\n`)}` },
    removedTo: { sshkeys: undefined },
  },
  {
    path: 'cloudInit.userData',
    set: { cloudInit: { userData: 'local:snippets/u.yaml' } },
    change: { cloudInit: { userData: 'local:snippets/u2.yaml' } },
    drift: { cicustom: 'user=local:snippets/other.yaml' },
    setTo: { cicustom: 'user=local:snippets/u.yaml' },
    changedTo: { cicustom: 'user=local:snippets/u2.yaml' },
    removedTo: { cicustom: undefined },
  },
  {
    path: 'cloudInit.vendorData',
    set: { cloudInit: { vendorData: 'local:snippets/v.yaml' } },
    change: { cloudInit: { vendorData: 'local:snippets/v2.yaml' } },
    drift: { cicustom: null },
    setTo: { cicustom: 'vendor=local:snippets/v.yaml' },
    changedTo: { cicustom: 'vendor=local:snippets/v2.yaml' },
    removedTo: { cicustom: undefined },
  },
  {
    path: 'cloudInit.networkData',
    set: { cloudInit: { networkData: 'local:snippets/n.yaml' } },
    change: { cloudInit: { networkData: 'local:snippets/n2.yaml' } },
    drift: { cicustom: null },
    setTo: { cicustom: 'network=local:snippets/n.yaml' },
    changedTo: { cicustom: 'network=local:snippets/n2.yaml' },
    removedTo: { cicustom: undefined },
  },
  {
    path: 'options.machine (W7)',
    set: { options: { machine: 'q35' } },
    change: { options: { machine: 'pc-q35-9.2' } },
    drift: { machine: 'pc' },
    setTo: { machine: 'q35' },
    changedTo: { machine: 'pc-q35-9.2' },
    removedTo: { machine: undefined },
  },
  {
    path: 'options.kvm (W7)',
    set: { options: { kvm: false } },
    change: { options: { kvm: true } },
    drift: { kvm: null },
    setTo: { kvm: '0' },
    changedTo: { kvm: '1' },
  },
  {
    path: 'tags',
    set: { tags: ['Prod', 'prod', 'b'] },
    change: { tags: ['c'] },
    drift: { tags: 'b;prod' },
    setTo: { tags: 'b;muster;prod' },
    changedTo: { tags: 'c;muster' },
    removedTo: { tags: 'muster' },
  },
  {
    path: 'protect (P16)',
    set: { protect: true },
    change: { protect: false },
    drift: { protection: '0' },
    setTo: { protection: '1' },
    changedTo: { protection: '0' },
    removedTo: { protection: '0' },
  },
  {
    path: 'description',
    set: { description: 'nightly' },
    change: { description: 'weekly  \n' },
    drift: { description: 'edited by hand' },
    setTo: {},
    changedTo: {},
    removedTo: {},
  },
];

const BASE: WorkerFields = { node: 'pve1' };

function specOf(fields: WorkerFields): WorkerSpec {
  return workerIn(withWorkers({ w: { ...BASE, ...fields } }), 'w').spec;
}

function vmOf(spec: WorkerSpec): VmConfig {
  const worker = { ...workerIn(withWorkers({ w: BASE }), 'w'), spec };
  return made(worker, 9101).config;
}

function desired(spec: WorkerSpec) {
  const worker = { ...workerIn(withWorkers({ w: BASE }), 'w'), spec };
  const { record } = made(worker, 9101);
  const uuid = record.vm?.uuid ?? '';
  const owner = {
    lineage: LINEAGE_OF(record),
    project: 'backup',
    environment: 'production',
    worker: 'w',
    uuid,
  };
  return attributesOf(spec, 'w', { owner, declaredIn: 'muster.yaml' });
}

function LINEAGE_OF(_: unknown): string {
  return '5d0c77e1-0000-4000-8000-000000000000';
}

/** Plan and apply at the level of attributes: what is written, and the config afterwards. */
function apply(before: VmConfig, to: WorkerSpec, from?: WorkerSpec) {
  const place = { node: 'pve1', vmid: 9101 };
  const views = {
    desired: desired(to),
    found: readAttributes(before, place),
    declaredBefore: from === undefined ? undefined : desired(from),
    observed: undefined,
  };
  const changes = diffAttributes(views).filter(({ cost }) => cost !== 'record');
  const after = written(before, configWrite(before, changes));
  const again = diffAttributes({
    ...views,
    found: readAttributes(after, place),
    declaredBefore: views.desired,
  });
  return { changes, after, again };
}

describe.each(FIELDS)('$path', (field) => {
  const set = specOf(field.set);
  const changed = specOf(field.change);

  test('set: the first write gives the VM that value, and the plan after it is empty (P30, P37)', () => {
    const config = vmOf(set);
    expect(config.values).toMatchObject(field.setTo);
    expect(apply(config, set, set).changes).toEqual([]);
  });

  test('change: the VM gets the new value, and the plan after it is empty (P37)', () => {
    const { changes, after, again } = apply(vmOf(set), changed, set);
    expect(changes.length).toBeGreaterThan(0);
    expect(after.values).toMatchObject(field.changedTo);
    expect(again).toEqual([]);
  });

  test('drift: what was changed by hand is put back', () => {
    const drifted = edited(vmOf(set), field.drift);
    const { after, again } = apply(drifted, set, set);
    expect(readAttributes(after, { node: 'pve1', vmid: 9101 })).toEqual(
      readAttributes(vmOf(set), { node: 'pve1', vmid: 9101 }),
    );
    expect(again).toEqual([]);
  });

  test('remove: a field that left the declaration goes back, or stays where nothing can go back', () => {
    const { after, again } = apply(vmOf(set), specOf({}), set);
    expect(again).toEqual([]);
    const expected = Object.entries(field.removedTo ?? {});
    for (const [key, value] of expected) expect([key, after.values[key]]).toEqual([key, value]);
  });
});

test('every row that can be written stands in this table, or is the profile and the place', () => {
  const covered = FIELDS.map(({ path }) => path.split(/[ ,]/)[0] ?? path);
  const rows = ATTRIBUTES.filter((row) => row.write !== undefined).map((row) => row.path);
  const elsewhere = [
    'name',
    'marks',
    'node',
    'pool',
    'onboot',
    'ciupgrade',
    'agent',
    'cloudInit.drive',
  ];
  const missing = rows.filter(
    (path) =>
      !elsewhere.includes(path) &&
      !covered.some((name) => name === path || rowOf(name)?.path === path),
  );
  expect(missing).toEqual([]);
});

describe('the fixed profile', () => {
  test.each([
    ['onboot', { onboot: '1' }, { onboot: '0' }],
    [
      'agent',
      { agent: 'enabled=0,fstrim_cloned_disks=1' },
      { agent: 'enabled=1,fstrim_cloned_disks=1' },
    ],
    ['agent, unset', { agent: null }, { agent: 'enabled=1' }],
    ['ciupgrade', { ciupgrade: null }, { ciupgrade: '0' }],
    ['cloud-init drive', { ide2: null }, { ide2: 'local-lvm:cloudinit' }],
    ['sockets', { sockets: '2' }, { cores: '6', sockets: undefined }],
  ])('%s is put back, though nobody declares it', (_, drift, expected) => {
    const spec = specOf({});
    const { after, again } = apply(edited(vmOf(spec), drift), spec, spec);
    for (const [key, value] of Object.entries(expected)) expect(after.values[key]).toBe(value);
    expect(again).toEqual([]);
  });

  test('a VM that was made a template can only be made anew', () => {
    const spec = specOf({});
    const { changes } = apply(edited(vmOf(spec), { template: '1' }), spec, spec);
    expect(changes).toMatchObject([
      { path: 'template', before: true, after: false, cost: 'rebuild' },
    ]);
  });
});

describe('what nobody declared is left alone', () => {
  test('other members of a NIC and of the disk outlive a change (W1, P35)', () => {
    const spec = specOf({ networks: [{ ...NIC, vlan: 120 }] });
    const by = edited(vmOf(spec), {
      net0: `virtio=${MAC},bridge=vmbr0,tag=120,rate=50,queues=4`,
      scsi0: disk(',aio=native'),
    });
    const { after } = apply(
      by,
      specOf({ networks: [{ ...NIC, vlan: 130 }], disk: { ssd: true } }),
      spec,
    );
    expect(after.values.net0).toBe(`virtio=${MAC},bridge=vmbr0,tag=130,rate=50,queues=4`);
    expect(after.values.scsi0).toBe(disk(',aio=native,ssd=1'));
  });

  test('a MAC that PVE drew never shows as a change (P35, P36)', () => {
    const spec = specOf({});
    const other = edited(vmOf(spec), { net0: 'virtio=BC:24:11:FF:FF:FF,bridge=vmbr0' });
    expect(apply(other, spec, spec).changes).toEqual([]);
  });

  test('options and devices that somebody added are no change', () => {
    const spec = specOf({});
    const other = edited(vmOf(spec), {
      usb0: 'host=1234:5678',
      net1: 'virtio=BC:24:11:FF:FF:FF,bridge=vmbr7',
      tablet: '0',
    });
    expect(apply(other, spec, spec).changes).toEqual([]);
  });

  test('the default of an option that vanished from the config is no change', () => {
    const spec = specOf({ options: { tablet: true, bios: 'seabios' } });
    expect(apply(edited(vmOf(spec), { tablet: null, bios: null }), spec, spec).changes).toEqual([]);
  });
});

describe('NICs', () => {
  const two = specOf({
    networks: [NIC, { bridge: 'vmbr1', vlan: 7, ipv4: { address: '10.1.0.5/24' } }],
  });

  test('a second one is added whole', () => {
    const { after, again } = apply(vmOf(specOf({})), two, specOf({}));
    expect(after.values.net1).toBe('virtio=BC:24:11:AA:BB:01,bridge=vmbr1,tag=7');
    expect(after.values.ipconfig1).toBe('ip=10.1.0.5/24');
    expect(again).toEqual([]);
  });

  test('one that left the declaration is removed whole', () => {
    const { after, again } = apply(vmOf(two), specOf({}), two);
    expect([after.values.net1, after.values.ipconfig1]).toEqual([undefined, undefined]);
    expect(again).toEqual([]);
  });

  test('one that somebody removed comes back', () => {
    const { after, again } = apply(edited(vmOf(two), { net1: null, ipconfig1: null }), two, two);
    expect(after.values.net1).toBe('virtio=BC:24:11:AA:BB:01,bridge=vmbr1,tag=7');
    expect(again).toEqual([]);
  });
});

describe('memory and disk', () => {
  test('a balloon target above the new memory goes, because PVE refuses it', () => {
    const before = specOf({ memory: 8 * GiB });
    const { after } = apply(
      edited(vmOf(before), { balloon: '4096' }),
      specOf({ memory: 2 * GiB }),
      before,
    );
    expect([after.values.memory, after.values.balloon]).toEqual(['2048', undefined]);
  });

  test('a disk larger than the default size is fine; a declared size is exact (P34)', () => {
    const spec = specOf({});
    const grown = edited(vmOf(spec), { scsi0: disk('').replace('20G', '64G') });
    expect(apply(grown, spec, spec).changes).toEqual([]);
    const exact = specOf({ disk: { size: 20 * GiB } });
    expect(apply(grown, exact, exact).changes).toMatchObject([
      { path: 'disk.size', after: 20 * GiB },
    ]);
  });

  test('the same size is done: nothing is sent (P34)', () => {
    const spec = specOf({ disk: { size: 20 * GiB } });
    const { changes } = apply(vmOf(spec), spec, spec);
    expect(isEmptyWrite(configWrite(vmOf(spec), changes))).toBe(true);
  });

  test.each([
    ['current=2048', 2048],
    ['4096', 4096],
  ])('memory reads %s', (text, mib) => {
    const found = readAttributes(config({ memory: text }), { node: 'pve1', vmid: 1 });
    expect(found.memory).toBe(mib * MiB);
  });
});
