import { describe, expect, it } from 'vitest';
import {
  cloneVm,
  deleteVm,
  editConfig,
  hangVm,
  lockVm,
  loseNode,
  migrate,
  powerOn,
  restoreVm,
  returnNode,
} from '../../src/simulator/by-hand.ts';
import { createCluster, restoreCluster } from '../../src/simulator/cluster.ts';
import { largeWorld, quickstartWorld } from '../../src/simulator/worlds.ts';
import { cloned, drive, execute, running, START } from './driver.ts';

type Row = Record<string, unknown>;

function row(rows: unknown, vmid: number): Row | undefined {
  return (rows as Row[]).find((entry) => entry.vmid === vmid);
}

describe('the simulated cluster', () => {
  it('gives the same bytes for the same seed and the same requests', () => {
    const run = () => {
      const driver = drive();
      running(driver);
      return driver.cluster.save();
    };
    expect(run()).toBe(run());
  });

  it('goes on after save and restore as if nothing had happened', () => {
    const one = drive();
    const upid = one.call('POST', '/nodes/pve1/qemu/9000/clone', { newid: '9100', full: '1' });
    const two = drive(undefined, restoreCluster(one.cluster.save()), one.now());
    for (const driver of [one, two]) {
      expect(driver.ends(upid)).toBe('OK');
      driver.ends(driver.call('POST', '/nodes/pve1/qemu/9100/status/start'));
    }
    expect(two.cluster.save()).toBe(one.cluster.save());
  });

  it('shows power states and names late in one list and at once in the other', () => {
    const driver = drive();
    const vm = cloned(driver);
    expect(row(driver.call('GET', '/cluster/resources', { type: 'vm' }), 9100)).toMatchObject({
      status: 'unknown',
    });
    expect(row(driver.call('GET', '/nodes/pve1/qemu'), 9100)).toMatchObject({
      status: 'stopped',
      name: 'w-9100',
    });
    driver.sleep(10_000);
    expect(row(driver.call('GET', '/cluster/resources', { type: 'vm' }), 9100)).toMatchObject({
      name: 'w-9100',
    });
    driver.call('PUT', `${vm}/config`, { name: 'renamed', tags: 'b;A' });
    expect(row(driver.call('GET', '/cluster/resources', { type: 'vm' }), 9100)).toMatchObject({
      name: 'w-9100',
      tags: 'a;b',
    });
  });

  it('copies everything with a clone but uuid and MAC, and keeps the smbios serial', () => {
    const driver = drive();
    const vm = cloned(driver);
    driver.call('PUT', `${vm}/config`, {
      smbios1: 'uuid=11111111-2222-4333-8444-555555555555,serial=bXVzdGVyOmw6dw==,base64=1',
    });
    const upid = driver.call('POST', `${vm}/clone`, { newid: '9101', full: '1' });
    expect(driver.ends(upid)).toBe('OK');
    const [a, b] = [9100, 9101].map(
      (id) => driver.call('GET', `/nodes/pve1/qemu/${id}/config`) as Row,
    );
    expect(b?.smbios1).toMatch(/^uuid=(?!11111111).*,serial=bXVzdGVyOmw6dw==,base64=1$/);
    expect(b?.net0).not.toBe(a?.net0);
    expect(b?.name).toBe('Copy-of-VM-w-9100');
  });

  it('runs clones of one stopped template together, and lets a write to it wait', () => {
    const driver = drive({ ...quickstartWorld(), durations: { clonePerGiBMs: 20_000 } });
    const upids = [9100, 9101, 9102].map((newid) =>
      driver.call('POST', '/nodes/pve1/qemu/9000/clone', { newid: String(newid), full: '1' }),
    );
    driver.sleep(2000);
    expect(() => driver.call('PUT', '/nodes/pve1/qemu/9000/config', { description: 'x' })).toThrow(
      "500 can't lock file '/var/lock/qemu-server/lock-9000.conf' - got timeout",
    );
    const before = driver.now();
    for (const upid of upids) expect(driver.ends(upid)).toBe('OK');
    expect(driver.now() - before).toBeLessThan(30_000);
  });

  it('starts a machine after its clone when that ends within ten seconds', () => {
    const driver = drive();
    const clone = driver.call('POST', '/nodes/pve1/qemu/9000/clone', { newid: '9100', full: '1' });
    const start = driver.call('POST', '/nodes/pve1/qemu/9100/status/start');
    expect(driver.ends(clone)).toBe('OK');
    expect(driver.ends(start)).toBe('OK');
    expect(driver.call('GET', '/nodes/pve1/qemu/9100/status/current')).toMatchObject({
      status: 'running',
    });
  });

  it('clears away a clone that is aborted', () => {
    const driver = drive({ ...quickstartWorld(), durations: { clonePerGiBMs: 60_000 } });
    const upid = String(
      driver.call('POST', '/nodes/pve1/qemu/9000/clone', { newid: '9100', full: '1' }),
    );
    driver.sleep(3000);
    driver.call('DELETE', `/nodes/pve1/tasks/${encodeURIComponent(upid)}`);
    expect(driver.ends(upid)).toMatch(/interrupted by signal$/);
    expect(driver.call('GET', '/cluster/nextid', { vmid: '9100' })).toBe('9100');
  });

  it('refuses to remove a template that linked clones stand on', () => {
    const driver = drive();
    cloned(driver, 9100, { full: '0' });
    expect(driver.ends(driver.call('DELETE', '/nodes/pve1/qemu/9000'))).toMatch(
      /still in use by linked cloned$/,
    );
  });

  it('makes a machine from a disk image in one call, with its marks', () => {
    const driver = drive();
    const upid = driver.call('POST', '/nodes/pve1/qemu', {
      vmid: '9100',
      name: 'made',
      scsi0: 'local-lvm:0,import-from=local:import/debian-13.qcow2',
      ide2: 'local-lvm:cloudinit',
      tags: 'muster;b',
      description: 'muster: {}',
      agent: '1',
      net0: 'virtio,bridge=vmbr0',
      ipconfig0: 'ip=dhcp',
      pool: 'production',
    });
    expect(driver.call('GET', '/nodes/pve1/qemu/9100/config')).toMatchObject({ lock: 'create' });
    expect(driver.ends(upid)).toBe('OK');
    const config = driver.call('GET', '/nodes/pve1/qemu/9100/config') as Row;
    expect(config).toMatchObject({
      scsi0: 'local-lvm:vm-9100-disk-0,size=3G',
      tags: 'b;muster',
      boot: 'order=scsi0;ide2;net0',
    });
    driver.ends(driver.call('POST', '/nodes/pve1/qemu/9100/status/start'));
    driver.sleep(20_000);
    expect(execute(driver, '/nodes/pve1/qemu/9100', ['hostname'])['out-data']).toBe('made\n');
  });

  it('finds an existing download right, by its checksum only', () => {
    const driver = drive();
    const url = Object.keys(quickstartWorld().downloads ?? {})[0] ?? '';
    const get = (more: Record<string, string>) =>
      driver.ends(
        driver.call('POST', '/nodes/pve1/storage/local/download-url', {
          content: 'import',
          filename: 'd.qcow2',
          url,
          ...more,
        }),
      );
    const sum = { checksum: '5d'.repeat(32), 'checksum-algorithm': 'sha256' };
    expect(get({ ...sum, checksum: '00'.repeat(32) })).toMatch(/^checksum mismatch: got/);
    expect(get(sum)).toBe('OK');
    expect(get(sum)).toBe('OK');
    expect(get({})).toMatch(/^refusing to override existing file/);
  });

  it('migrates a stopped machine with its local disks where the storage is there', () => {
    const driver = drive();
    const vm = cloned(driver);
    expect(driver.ends(driver.call('POST', `${vm}/migrate`, { target: 'pve3' }))).toMatch(
      /not available on node 'pve3'/,
    );
    expect(driver.ends(driver.call('POST', `${vm}/migrate`, { target: 'pve2' }))).toBe('OK');
    expect(driver.call('GET', '/nodes/pve2/qemu/9100/config')).toMatchObject({ name: 'w-9100' });
  });

  it("counts nodes for quorum: without it configs can't be written, but machines stopped", () => {
    const driver = drive();
    const vm = running(driver);
    loseNode(driver.cluster.world, 'pve2');
    loseNode(driver.cluster.world, 'pve3');
    expect(() => driver.call('PUT', `${vm}/config`, { cores: '1' })).toThrow(
      '500 cluster not ready - no quorum?',
    );
    expect(driver.ends(driver.call('POST', `${vm}/status/stop`))).toBe('OK');
    expect(driver.call('GET', '/cluster/status')).toMatchObject([{ quorate: 0 }, {}, {}, {}]);
  });

  it('answers 595 for a lost node, after a while, and 200 once it is back', () => {
    const driver = drive();
    loseNode(driver.cluster.world, 'pve2');
    const before = driver.now();
    expect(() => driver.call('GET', '/nodes/pve2/qemu')).toThrow('595 No route to host');
    expect(driver.now() - before).toBeGreaterThanOrEqual(3000);
    returnNode(driver.cluster.world, 'pve2');
    expect(row(driver.call('GET', '/nodes/pve2/qemu'), 104)).toMatchObject({ status: 'stopped' });
  });

  it('only queues the start of a machine that HA manages, and keeps it from removal without purge', () => {
    const driver = drive();
    const vm = cloned(driver);
    driver.call('POST', '/cluster/ha/resources', { sid: 'vm:9100', state: 'stopped' });
    const upid = String(driver.call('POST', `${vm}/status/start`));
    expect(upid).toContain(':hastart:9100:');
    expect(driver.ends(upid)).toBe('OK');
    expect(driver.call('GET', `${vm}/status/current`)).toMatchObject({
      status: 'stopped',
      ha: { managed: 1 },
    });
    driver.sleep(9000);
    expect(driver.call('GET', `${vm}/status/current`)).toMatchObject({ status: 'running' });
    driver.ends(driver.call('POST', `${vm}/status/stop`));
    driver.sleep(20_000);
    expect(() => driver.call('DELETE', vm)).toThrow(/purge parameter not set/);
  });

  it('lets a test do by hand what people do', () => {
    const driver = drive();
    const vm = cloned(driver);
    const { world } = driver.cluster;
    editConfig(world, 9100, { cores: '7' }, ['description']);
    expect(driver.call('GET', `${vm}/config`)).toMatchObject({ cores: 7 });
    expect(cloneVm(world, 9100, 9101).config.smbios1).not.toBe(world.vms['9100']?.config.smbios1);
    expect(restoreVm(world, 9100, 9102).config.smbios1).toBe(world.vms['9100']?.config.smbios1);
    migrate(world, 9100, 'pve2');
    powerOn(world, 9100);
    expect(driver.call('GET', '/nodes/pve2/qemu/9100/status/current')).toMatchObject({
      status: 'running',
    });
    hangVm(world, 9100);
    expect(() => driver.call('POST', '/nodes/pve2/qemu/9100/agent/ping')).toThrow(/not running/);
    deleteVm(world, 9101);
    lockVm(world, 9102, 'backup');
    expect(driver.call('GET', '/cluster/nextid', { vmid: '9101' })).toBe('9101');
  });

  it('writes every accepted change in its journal, with user, node and machine', () => {
    const driver = drive();
    cloned(driver);
    const [entry] = driver.cluster.journal();
    expect(entry).toMatchObject({
      method: 'POST',
      node: 'pve1',
      vmid: 9000,
      user: 'muster@pve!simulator',
    });
    expect(entry?.upid).toContain('qmclone');
    expect(driver.cluster.journal()).toEqual([]);
  });

  it('holds thousands of machines', () => {
    const cluster = createCluster(largeWorld(10, 1000), START);
    expect(Object.keys(cluster.world.vms)).toHaveLength(1010);
  });
});
