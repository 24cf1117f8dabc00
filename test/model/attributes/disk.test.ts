import { describe, expect, test } from 'vitest';
import {
  bootDiskKey,
  cloudInitKey,
  driveKeys,
  driveSize,
  volumeOf,
} from '../../../src/model/attributes/disk.ts';
import { GiB } from '../../../src/model/quantity.ts';
import { config } from '../../plan/support/builders.ts';

describe('drives as strangers leave them', () => {
  test.each([
    [
      'by boot order',
      { boot: 'order=ide2;virtio0;scsi0', ide2: 'none,media=cdrom', virtio0: 'l:a', scsi0: 'l:b' },
      'virtio0',
    ],
    ['by the old key', { bootdisk: 'sata0', scsi0: 'l:b', sata0: 'l:c' }, 'sata0'],
    ['else the usual first one', { scsi3: 'l:x', virtio0: 'l:a' }, 'virtio0'],
    ['else the first by name', { scsi5: 'l:y', scsi3: 'l:x' }, 'scsi3'],
    ['by name where the boot order names no disk', { boot: 'order=net0', scsi1: 'l:x' }, 'scsi1'],
    ['never a cloud-init drive', { ide2: 'l:vm-1-cloudinit', scsi1: 'l:cloudinit' }, undefined],
  ])('the boot disk is found %s', (_, values, key) => {
    expect(bootDiskKey(config(values))).toBe(key);
  });

  test.each([
    ['l:x,size=20G', 20 * GiB],
    ['l:x,size=128M', 2 ** 27],
    ['l:x,size=4194304K', 4 * GiB],
    ['l:x,size=512', 512],
    ['l:x,size=2T', 2048 * GiB],
    ['l:x,size=1.25G', 1.25 * GiB],
    ['l:x,size=20GB', undefined],
    ['l:x,size=~20G', undefined],
    ['l:x', undefined],
    ['l:x,size=many', undefined],
  ])('the size of %s', (value, bytes) => {
    expect(driveSize(value)).toBe(bytes);
  });

  test('media in a CD drive are no volumes of the VM, its cloud-init drive is', () => {
    const values = {
      ide0: 'local:iso/debian.iso,media=cdrom',
      ide2: 'l:vm-1-cloudinit,media=cdrom',
      unused12: 'l:vm-1-disk-1',
      tpmstate0: 'l:vm-1-disk-2',
      efidisk0: 'l:vm-1-disk-3',
      scsi0: 'l:vm-1-disk-0',
      scsi1: '/dev/disk/by-id/ata-1,size=1G',
      sata0: 'none',
      efitype: 'l:no-drive',
    };
    const drives = ['efidisk0', 'ide2', 'scsi0', 'tpmstate0', 'unused12'];
    expect(driveKeys(config(values))).toEqual(drives);
  });

  test.each([
    ['l:vm-1-disk-0,size=3G', 'l:vm-1-disk-0'],
    ['size=3G,file=l:vm-1-disk-0', 'l:vm-1-disk-0'],
    ['none,media=cdrom', undefined],
    ['/dev/sdb', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('the volume of %j is %s', (value, volume) => {
    expect(volumeOf(value)).toBe(volume);
  });

  test('of two cloud-init drives the first by name counts', () => {
    const two = { sata5: 'l:vm-1-cloudinit', ide2: 'l:cloudinit', scsi0: 'l:x' };
    expect([cloudInitKey(config(two)), cloudInitKey(config({ scsi0: 'l:x' }))]).toEqual([
      'ide2',
      undefined,
    ]);
  });
});
