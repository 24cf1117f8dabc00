import { afterAll, beforeAll, describe, it } from 'vitest';
import { loadExpectations, Replay } from './replay.ts';
import { openTarget } from './target.ts';

const target = await openTarget(0);
const replay = new Replay(target, loadExpectations('parameters'));

/** These need a machine in a state of their own. */
const special = new Set([
  '03/153',
  '03/154',
  '03/164',
  '03/166',
  '03/167',
  '03/169',
  '03/171',
  '03/176',
  '03/178',
  '03/14',
  '03/96',
  '03/159',
  '02/2',
]);
const create = new Set([
  '03/0',
  '03/1',
  '03/2',
  '03/4',
  '03/5',
  '03/14',
  '03/25',
  '03/55',
  '03/56',
]);

describe('parameters of a new machine', () => {
  for (const id of create) {
    it(`are refused as recorded: ${replay.entry(id).label}`, async () => {
      await replay.same(id);
    });
  }
});

describe('options of a stopped machine', () => {
  const vm = () => `/nodes/${target.names.node}/qemu/${target.names.vmid}`;

  beforeAll(async () => {
    await replay.ends('02/2', 'OK', {
      vmid: target.names.vmid ?? '',
      name: 'contract',
      memory: '256',
      net0: `virtio,bridge=${target.names.bridge}`,
      scsihw: 'virtio-scsi-single',
      scsi0: `${target.names.storage}:1`,
      scsi1: `${target.names.storage}:1`,
      ide2: `${target.names.storage}:cloudinit`,
      cores: '2',
    });
  });

  afterAll(async () => {
    await target.call('PUT', `${vm()}/config`, { delete: 'protection' });
    const gone = await target.call('DELETE', vm(), { purge: '1' });
    if (gone.status === 200) await replay.task(JSON.parse(gone.body).data);
  });

  const ids = Object.keys(replay.expectations).filter((id) => !special.has(id) && !create.has(id));
  for (const id of ids) {
    const { label, params } = replay.entry(id);
    it(`are taken or refused as recorded: ${label} ${Object.keys(params ?? {}).join(', ')}`, async () => {
      await replay.same(id);
    });
  }

  it('a boot order may only name devices that are there', async () => {
    await replay.same('03/96');
  });

  it('a lock is only for root himself', async () => {
    await replay.same('03/159');
  });

  it('protection keeps the machine and its disks', async () => {
    await target.call('PUT', `${vm()}/config`, { protection: '1' });
    await replay.same('03/153');
    await replay.same('03/154');
    await target.call('PUT', `${vm()}/config`, { delete: 'protection' });
  });
});
