import { describe, expect, it } from 'vitest';
import { addVm, lockVm, loseNode } from '../../../src/simulator/by-hand.ts';
import { loadExpectations, Replay } from './replay.ts';
import { openTarget } from './target.ts';

/** States that nobody brings about on a real cluster for a test's sake. */
const target = await openTarget(0);
const simulator = target.simulator;
const faults = new Replay(target, loadExpectations('cluster-faults'));
const parameters = new Replay(target, loadExpectations('parameters'));
const disks = new Replay(target, loadExpectations('disks'));
const downloads = new Replay(target, loadExpectations('downloads'));

function prepare(): void {
  if (simulator === undefined) return;
  const { world } = simulator;
  world.nodes.pve2 = {
    name: 'pve2',
    cpus: 2,
    memory: 1024 ** 3,
    status: 'online',
    offlineText: '',
    address: '10.77.0.2',
    bootedMs: 0,
    maintenance: false,
  };
  world.nodes.pve3 = { ...world.nodes.pve2, name: 'pve3' };
  addVm(world, 300, 'pve2');
}

describe.skipIf(simulator === undefined)('a machine of another node', () => {
  it('is not there on this one', async () => {
    prepare();
    for (const id of ['05/8', '05/9', '05/13', '05/15', '05/16']) await faults.same(id);
    await faults.ends('05/10', faults.exitOf('05/11'));
  });

  it('makes a clone to its id fail in the task', async () => {
    const upid = await target.call('POST', '/nodes/pve1/qemu/9000/clone', {
      newid: '300',
      full: '1',
    });
    expect(await faults.task(JSON.parse(upid.body).data)).toBe(faults.exitOf('05/90'));
  });

  it("can't be reached while its node is down", async () => {
    if (simulator === undefined) return;
    loseNode(simulator.world, 'pve2', 'Connection refused');
    for (const id of ['05/92', '05/93', '05/94']) await faults.same(id);
  });
});

describe.skipIf(simulator === undefined)('a locked machine', () => {
  it('takes no writes; tasks on it fail', async () => {
    if (simulator === undefined) return;
    const made = await target.call('POST', '/nodes/pve1/qemu', {
      vmid: '200',
      scsi1: 'local:1',
      memory: '256',
    });
    await faults.task(JSON.parse(made.body).data);
    lockVm(simulator.world, 200, 'backup');
    for (const id of ['03/166', '03/167', '03/169', '03/176']) await parameters.same(id);
    const vm = '/nodes/pve1/qemu/200';
    const locked = async (method: string, path: string, params: Record<string, string>) => {
      const answer = await target.call(method, `${vm}${path}`, params);
      expect(await faults.task(JSON.parse(answer.body).data)).toBe('VM is locked (backup)');
    };
    await locked('POST', '/status/start', {});
    await locked('PUT', '/resize', { disk: 'scsi1', size: '+1G' });
    await locked('POST', '/snapshot', { snapname: 's1' });
    await locked('DELETE', '', {});
    const stop = await target.call('POST', `${vm}/status/stop`);
    expect(await faults.task(JSON.parse(stop.body).data)).toBe('OK');
    lockVm(simulator.world, 200, null);
  });
});

describe.skipIf(simulator === undefined)('moving and migrating', () => {
  it('is refused as recorded', async () => {
    if (simulator === undefined) return;
    simulator.world.storages.second = {
      id: 'second',
      type: 'dir',
      shared: false,
      content: ['images'],
      size: { pve1: 10 ** 11 },
      otherUsed: {},
      enabled: true,
      path: '/mnt/second',
    };
    await target.call('PUT', '/nodes/pve1/qemu/200/config', { scsi0: 'second:1,format=qcow2' });
    for (const id of ['07/59', '07/60', '07/61', '07/64', '07/65']) await disks.same(id);
    await disks.same('07/62');
  });

  it('to another storage is a task', async () => {
    const disk = { disk: 'scsi1', storage: 'second' };
    await disks.ends('07/53', 'OK', disk);
  });
});

describe.skipIf(simulator === undefined)('a storage that is not mounted, or disabled', () => {
  it('is listed as inactive, and gives no content', async () => {
    if (simulator === undefined) return;
    const broken = {
      id: 'broken',
      type: 'dir',
      shared: false,
      content: ['images'],
      size: { pve1: 10 ** 11 },
      otherUsed: {},
      enabled: true,
      path: '/mnt/notmounted',
      broken:
        "unable to activate storage 'broken' - directory is expected to be a mount point but is not mounted: '/mnt/notmounted'",
    };
    simulator.world.storages.broken = broken;
    await faults.same('05/102');
    await faults.same('05/103');
    const clone = { newid: '302', full: '1', storage: 'broken' };
    const upid = await target.call('POST', '/nodes/pve1/qemu/9000/clone', clone);
    expect(await faults.task(JSON.parse(upid.body).data)).toBe(`clone failed: ${broken.broken}`);
    broken.enabled = false;
    await faults.same('05/116', { newid: '302' });
  });
});

describe.skipIf(simulator === undefined)('downloads', () => {
  it('say what a URL holds, and refuse wrong names', async () => {
    for (const id of ['07/0', '07/1', '07/2', '07/31', '07/36']) await downloads.same(id);
    await downloads.same('07/37', {}, target.poorToken);
  });

  it('fail in their task over an existing file, a wrong checksum, a missing page', async () => {
    const url = 'http://10.77.0.1:8123/img.qcow2';
    const get = async (more: Record<string, string>): Promise<string> =>
      downloads.task(
        await downloads.same('07/11', { content: 'import', filename: 'dl.qcow2', url, ...more }),
      );
    expect(await get({})).toBe('OK');
    expect(await get({})).toBe(downloads.exitOf('07/18'));
    expect(await get({ filename: 'gone.qcow2', url: 'http://10.77.0.1:8123/none.qcow2' })).toBe(
      downloads.exitOf('07/29'),
    );
    const wrong = { checksum: '0'.repeat(64), 'checksum-algorithm': 'sha256' };
    expect(await get({ filename: 'bad.qcow2', ...wrong })).toMatch(/^checksum mismatch: got '/);
  });
});
