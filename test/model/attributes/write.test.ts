import { describe, expect, test } from 'vitest';
import {
  type ConfigWrite,
  configWrite,
  isEmptyWrite,
  type WriteContext,
} from '../../../src/model/attributes/config-write.ts';
import { readAttributes } from '../../../src/model/attributes/read-attributes.ts';
import { rowOf } from '../../../src/model/attributes/rows.ts';
import type { Json } from '../../../src/model/json.ts';
import type { Cost } from '../../../src/model/plan.ts';
import { GiB } from '../../../src/model/quantity.ts';
import { config } from '../../plan/support/builders.ts';

const DISK = { scsi0: 'local-lvm:vm-101-disk-0,size=20G' };
type Edit = readonly [path: string, after: Json, cost?: Cost];

function write(
  values: Readonly<Record<string, string>>,
  edits: readonly Edit[],
  context: WriteContext = {},
): ConfigWrite {
  const changes = edits.map(([path, after, cost = 'in-place']) => ({ path, after, cost }));
  return configWrite(config(values), changes, context);
}

describe('a write', () => {
  test('makes a NIC before it sets the NIC’s members, in whatever order they come', () => {
    const edits: Edit[] = [
      ['networks[1].ipv4', { address: '10.0.0.5/24', gateway: '10.0.0.1' }],
      ['networks[1].vlan', 7],
      ['networks[1].bridge', 'vmbr1'],
    ];
    expect(write({}, edits).set).toEqual({
      net1: 'virtio,bridge=vmbr1,tag=7',
      ipconfig1: 'ip=10.0.0.5/24,gw=10.0.0.1',
    });
  });

  test('sends its keys sorted, so that the same change is the same request', () => {
    const edits: Edit[] = [
      ['name', 'backup-1'],
      ['cpu.cores', 4],
      ['dns.search', null],
      ['cloudInit.user', null],
    ];
    const { set, remove } = write({ searchdomain: 'x', ciuser: 'y' }, edits);
    expect(Object.keys(set)).toEqual(['cores', 'name']);
    expect(remove).toEqual(['ciuser', 'searchdomain']);
  });

  test('regenerates the cloud-init drive when one change of several asks for it', () => {
    const memory: Edit = ['memory', GiB];
    expect(write({}, [memory]).regenerateCloudInit).toBe(false);
    const rerun: Edit = ['dns.search', 'example.net', 'cloud-init-rerun'];
    expect(write({}, [memory, rerun]).regenerateCloudInit).toBe(true);
  });

  test('grows and moves the disk that is given, else the one that the VM boots from', () => {
    const edits: Edit[] = [
      ['disk.size', { atLeast: 30 * GiB }],
      ['disk.storage', 'fast'],
    ];
    expect(write(DISK, edits)).toMatchObject({
      resize: { disk: 'scsi0', bytes: 30 * GiB },
      moveDisk: { disk: 'scsi0', storage: 'fast' },
    });
    expect(write(DISK, edits, { diskKey: 'sata0' })).toMatchObject({ resize: { disk: 'sata0' } });
    expect(isEmptyWrite(write({ name: 'diskless' }, edits))).toBe(true);
  });

  test.each<[string, Json, string | undefined, object | undefined]>([
    ['joins a pool', 'workers', undefined, { pool: 'workers', join: true }],
    ['is done when the VM is in it', 'workers', 'workers', undefined],
    ['leaves the pool that it is in', null, 'workers', { pool: 'workers', join: false }],
    ['leaves none where it is in none', null, undefined, undefined],
  ])('%s', (_, after, now, pool) => {
    expect(write({}, [['pool', after]], now === undefined ? {} : { pool: now }).pool).toEqual(pool);
  });

  test('that is about something else leaves the pool alone', () => {
    expect(write({}, [['memory', GiB]], { pool: 'workers' })).not.toHaveProperty('pool');
  });
});

describe('nothing has to be sent', () => {
  const nothing: ConfigWrite = { set: {}, remove: [], regenerateCloudInit: false };
  test('when every part is empty', () => expect(isEmptyWrite(nothing)).toBe(true));

  test.each<[string, Partial<ConfigWrite>]>([
    ['a value', { set: { memory: '1024' } }],
    ['a key to remove', { remove: ['tags'] }],
    ['a larger disk', { resize: { disk: 'scsi0', bytes: GiB } }],
    ['another storage', { moveDisk: { disk: 'scsi0', storage: 'fast' } }],
    ['another node', { migrate: { target: 'pve2' } }],
    ['a pool', { pool: { pool: 'workers', join: true } }],
  ])('but not with %s', (_, part) => {
    expect(isEmptyWrite({ ...nothing, ...part })).toBe(false);
  });
});

describe('a cloud-init drive', () => {
  const drive: Edit = ['cloudInit.drive', true];
  test('goes to the first free slot, on the boot disk’s storage unless another is given', () => {
    expect(write(DISK, [drive]).set).toEqual({ ide2: 'local-lvm:cloudinit' });
    const taken = { ...DISK, ide2: 'none,media=cdrom' };
    expect(write(taken, [drive], { storage: 'fast' }).set).toEqual({ ide0: 'fast:cloudinit' });
  });

  test('goes nowhere without a storage, or when every slot is taken', () => {
    expect(write({}, [drive]).set).toEqual({});
    const keys = rowOf('cloudInit.drive')?.keys ?? [];
    expect(keys).toHaveLength(6);
    const full = Object.fromEntries(keys.map((key) => [key, 'none,media=cdrom']));
    expect(write({ ...DISK, ...full }, [drive]).set).toEqual({});
  });
});

describe('members that nobody declared stay', () => {
  test.each<[string, Record<string, string>, Edit, Record<string, string>]>([
    [
      'behind another CPU type, which comes first',
      { cpu: 'cputype=kvm64,flags=+aes,hidden=1' },
      ['cpu.type', 'host'],
      { cpu: 'host,flags=+aes,hidden=1' },
    ],
    [
      'behind the agent’s switch',
      { agent: '0,fstrim_cloned_disks=1,type=virtio' },
      ['agent', true],
      { agent: 'enabled=1,fstrim_cloned_disks=1,type=virtio' },
    ],
    [
      'when a static address becomes one by DHCP; its gateway goes',
      { net0: 'virtio', ipconfig0: 'ip=10.0.0.5/24,gw=10.0.0.1,ip6=auto' },
      ['networks[0].ipv4', 'dhcp'],
      { ipconfig0: 'ip=dhcp,ip6=auto' },
    ],
    [
      'when an address is not declared any more',
      { net0: 'virtio', ipconfig0: 'ip=10.0.0.5/24,gw=10.0.0.1,ip6=auto' },
      ['networks[0].ipv4', null],
      { ipconfig0: 'ip6=auto' },
    ],
  ])('%s', (_, values, edit, set) => {
    expect(write(values, [edit]).set).toEqual(set);
  });
});

test('an SSH key’s comment may hold what percent-encoding usually leaves bare', () => {
  const key = "ssh-ed25519 AAAAC3 it's (mine)*!";
  const { set } = write({}, [['cloudInit.sshKeys', [key]]]);
  expect(set.sshkeys).toBe('ssh-ed25519%20AAAAC3%20it%27s%20%28mine%29%2A%21%0A');
  const found = readAttributes(config({ sshkeys: String(set.sshkeys) }), { node: 'n', vmid: 1 });
  expect(found['cloudInit.sshKeys']).toEqual([key]);
});

test('a disk on the virtio bus can’t be shown as an SSD, and the words say why', () => {
  const check = rowOf('disk.ssd')?.check;
  const view = (key: string) => ({ config: config({ [key]: 'l:a' }), node: 'pve1', vmid: 1 });
  expect(check?.(true, view('virtio0'))).toBe(
    'its disk is on the virtio bus, which knows no ssd flag',
  );
  expect([check?.(false, view('virtio0')), check?.(true, view('scsi0'))]).toEqual([
    undefined,
    undefined,
  ]);
});
