import { describe, expect, it } from 'vitest';
import type { WorldSpec } from '../../src/simulator/spec.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import { cloned, drive } from './driver.ts';

const SECRET = '00000000-0000-4000-8000-000000000009';
const TOKEN = `worker@pve!ci=${SECRET}`;

type Grant = readonly [path: string, privileges: readonly string[]];

/** A token (and its user) with these privileges only. */
function world(grants: readonly Grant[], more: Partial<WorldSpec> = {}): WorldSpec {
  const spec = { ...quickstartWorld(), ...more };
  const roles = Object.fromEntries(grants.map(([, names], index) => [`Role${index}`, names]));
  return {
    ...spec,
    pools: [...(spec.pools ?? []), { id: 'backup-workers' }],
    access: {
      users: spec.access?.users ?? [],
      tokens: [...(spec.access?.tokens ?? []), { id: 'worker@pve!ci', secret: SECRET }],
      roles,
      acls: [
        ...(spec.access?.acls ?? []),
        ...grants.flatMap(([path], index) =>
          ['worker@pve', 'worker@pve!ci'].map((who) => ({ path, who, role: `Role${index}` })),
        ),
      ],
    },
  };
}

const optionRights: readonly (readonly [option: string, value: string, privilege: string])[] = [
  ['name', 'x', 'VM.Config.Options'],
  ['description', 'x', 'VM.Config.Options'],
  ['tags', 'x', 'VM.Config.Options'],
  ['agent', '1', 'VM.Config.Options'],
  ['onboot', '1', 'VM.Config.Options'],
  ['protection', '0', 'VM.Config.Options'],
  ['ostype', 'l26', 'VM.Config.Options'],
  ['bios', 'seabios', 'VM.Config.Options'],
  ['cores', '2', 'VM.Config.CPU'],
  ['cpu', 'host', 'VM.Config.CPU'],
  ['numa', '1', 'VM.Config.CPU'],
  ['memory', '512', 'VM.Config.Memory'],
  ['balloon', '0', 'VM.Config.Memory'],
  ['smbios1', 'uuid=11111111-2222-4333-8444-555555555555', 'VM.Config.HWType'],
  ['machine', 'q35', 'VM.Config.HWType'],
  ['scsihw', 'virtio-scsi-pci', 'VM.Config.HWType'],
  ['serial0', 'socket', 'VM.Config.HWType'],
  ['rng0', 'source=/dev/urandom', 'VM.Config.HWType'],
  ['hotplug', '0', 'VM.Config.HWType'],
  ['boot', 'order=scsi0', 'VM.Config.Disk'],
  ['ciuser', 'x', 'VM.Config.Cloudinit'],
  ['ipconfig0', 'ip=dhcp', 'VM.Config.Network'],
  ['nameserver', '192.168.1.1', 'VM.Config.Cloudinit'],
];

describe('privileges', () => {
  for (const [option, value, privilege] of optionRights) {
    it(`${privilege} is what ${option} needs`, () => {
      const driver = drive(
        world([
          ['/vms/9100', [privilege]],
          ['/vms/9101', ['VM.PowerMgmt', 'VM.Config.CDROM']],
        ]),
      );
      cloned(driver, 9100);
      cloned(driver, 9101);
      driver.call('PUT', '/nodes/pve1/qemu/9100/config', { [option]: value }, TOKEN);
      expect(() =>
        driver.call('PUT', '/nodes/pve1/qemu/9101/config', { [option]: value }, TOKEN),
      ).toThrow(/^403 Permission check failed \(\/vms\/9101, .*VM\.Config\./);
    });
  }

  it('a NIC needs the right to use its bridge, too', () => {
    const net = { net0: 'virtio,bridge=vmbr0,tag=120' };
    const driver = drive(world([['/vms/9100', ['VM.Config.Network']]]));
    cloned(driver);
    expect(() => driver.call('PUT', '/nodes/pve1/qemu/9100/config', net, TOKEN)).toThrow(
      '403 Permission check failed (/sdn/zones/localnetwork/vmbr0/120, SDN.Use)',
    );
  });

  it("a start order is the administrator's", () => {
    const driver = drive(world([['/vms', ['VM.Config.Options']]]));
    cloned(driver);
    expect(() =>
      driver.call('PUT', '/nodes/pve1/qemu/9100/config', { startup: 'order=1' }, TOKEN),
    ).toThrow('403 Permission check failed (/, Sys.Modify)');
  });

  it("a pool's reach its machines; a clone needs the template, storage, bridge and pool", () => {
    const grants: Grant[] = [
      [
        '/pool/backup-workers',
        ['VM.Allocate', 'VM.Audit', 'VM.Config.CPU', 'VM.PowerMgmt', 'Pool.Audit'],
      ],
      ['/vms/9000', ['VM.Clone', 'VM.Audit']],
      ['/storage/local-lvm', ['Datastore.AllocateSpace']],
      ['/sdn/zones/localnetwork', ['SDN.Use']],
    ];
    const clone = { newid: '9100', full: '1', pool: 'backup-workers' };
    for (const missing of [1, 2, 3]) {
      const driver = drive(world(grants.filter((_, index) => index !== missing)));
      expect(() => driver.call('POST', '/nodes/pve1/qemu/9000/clone', clone, TOKEN)).toThrow(
        /^403/,
      );
    }
    const driver = drive(world(grants));
    expect(() =>
      driver.call('POST', '/nodes/pve1/qemu/9000/clone', { ...clone, pool: 'nosuch' }, TOKEN),
    ).toThrow('403');
    const upid = driver.call('POST', '/nodes/pve1/qemu/9000/clone', clone, TOKEN);
    expect(driver.ends(upid)).toBe('OK');
    driver.call('PUT', '/nodes/pve1/qemu/9100/config', { cores: '3' }, TOKEN);
    const seen = driver.call('GET', '/cluster/resources', { type: 'vm' }, TOKEN) as {
      vmid: number;
    }[];
    expect(seen.map((row) => row.vmid)).toEqual([9000, 9100]);
    expect(driver.call('GET', '/access/permissions', { path: '/vms/9100' }, TOKEN)).toMatchObject({
      '/vms/9100': { 'VM.PowerMgmt': 1 },
    });
  });

  it('an invisible machine and a missing one look alike, but its id is known to be taken', () => {
    const driver = drive(world([]));
    for (const vmid of ['101', '4711']) {
      expect(() => driver.call('GET', `/nodes/pve1/qemu/${vmid}/config`, {}, TOKEN)).toThrow(
        `403 Permission check failed (/vms/${vmid}, VM.Audit)`,
      );
    }
    expect(() => driver.call('GET', '/cluster/nextid', { vmid: '101' }, TOKEN)).toThrow('400');
    expect(driver.call('GET', '/cluster/nextid', { vmid: '4711' }, TOKEN)).toBe('4711');
  });

  it("shows images of VMs whose disks the token may change, and snippets to the storage's owner only", () => {
    const volumes = ['import/i.qcow2', 'iso/i.iso', 'snippets/s.yaml'].map((name) => ({
      volid: `local:${name}`,
      size: 100,
    }));
    const seen = (grants: readonly Grant[], storage: string): readonly string[] => {
      const driver = drive(world(grants, { volumes }));
      const path = `/nodes/pve1/storage/${storage}/content`;
      const rows = driver.call('GET', path, {}, TOKEN) as readonly { volid: string }[];
      return rows.map(({ volid }) => volid).sort();
    };
    expect(seen([['/storage/local', ['Datastore.Audit']]], 'local')).toEqual([
      'local:import/i.qcow2',
      'local:iso/i.iso',
    ]);
    expect(
      seen([['/storage/local', ['Datastore.Audit', 'Datastore.Allocate']]], 'local'),
    ).toContain('local:snippets/s.yaml');
    const audit: Grant = ['/storage/local-lvm', ['Datastore.Audit']];
    expect(seen([audit], 'local-lvm')).toEqual([]);
    const disks = seen([audit, ['/vms/101', ['VM.Config.Disk']]], 'local-lvm');
    expect(disks.length).toBeGreaterThan(0);
    expect(disks.every((volid) => volid.includes('vm-101-'))).toBe(true);
  });

  it("of a token with separated privileges are never more than its user's", () => {
    const spec = world([['/vms/9100', ['VM.Config.CPU']]]);
    const acls = (spec.access?.acls ?? []).filter((acl) => acl.who !== 'worker@pve');
    const driver = drive({ ...spec, access: { ...spec.access, acls } });
    cloned(driver);
    expect(() => driver.call('PUT', '/nodes/pve1/qemu/9100/config', { cores: '2' }, TOKEN)).toThrow(
      '403',
    );
  });

  it("up to PVE 8, VM.Monitor stood for the agent's", () => {
    const driver = drive(world([['/vms/9100', ['VM.Monitor']]], { version: '8.4.14' }));
    cloned(driver);
    driver.ends(driver.call('POST', '/nodes/pve1/qemu/9100/status/start'));
    driver.sleep(20_000);
    expect(driver.call('POST', '/nodes/pve1/qemu/9100/agent/ping', {}, TOKEN)).toEqual({
      result: {},
    });
  });

  it('a wrong secret is told so after three seconds', () => {
    const driver = drive();
    const before = driver.now();
    expect(() => driver.call('GET', '/version', {}, 'muster@pve!simulator=wrong')).toThrow(
      '401 Authentication failed!',
    );
    expect(driver.now() - before).toBeGreaterThanOrEqual(3000);
  });
});
