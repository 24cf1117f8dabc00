import type { VmConfig } from '../inventory.ts';
import { byCodeUnit } from '../json.ts';
import { parsePropertyString } from '../property-string.ts';

const DRIVE = /^(scsi|virtio|sata|ide)\d+$/;
const FIRST = ['scsi0', 'virtio0', 'sata0', 'ide0'];

/** True for keys that hold a drive: scsi1, virtio0, ide2 … */
export function isDriveKey(key: string): boolean {
  return DRIVE.test(key);
}

/** The key of the disk that the VM boots from: the first disk of `boot: order=…`, else the usual first one. */
export function bootDiskKey(config: VmConfig): string | undefined {
  const order = parsePropertyString(config.values.boot).get('order') ?? '';
  const disks = Object.keys(config.values).filter((key) => isDisk(config, key));
  const candidates = [...order.split(';'), config.values.bootdisk ?? '', ...FIRST];
  return candidates.find((key) => disks.includes(key)) ?? disks.sort(byCodeUnit)[0];
}

/** The key of the cloud-init drive, if the VM has one. */
export function cloudInitKey(config: VmConfig): string | undefined {
  return Object.keys(config.values)
    .filter((key) => isDriveKey(key) && isCloudInit(config.values[key]))
    .sort(byCodeUnit)[0];
}

/** All keys under which the config names a volume of the VM's own; media in a CD drive are not among them. */
export function driveKeys(config: VmConfig): readonly string[] {
  return Object.keys(config.values)
    .filter((key) => isDriveKey(key) || /^(unused\d+|efidisk0|tpmstate0)$/.test(key))
    .filter((key) => {
      const value = config.values[key];
      const isMedium = parsePropertyString(value).get('media') === 'cdrom';
      return volumeOf(value) !== undefined && (!isMedium || isCloudInit(value));
    })
    .sort(byCodeUnit);
}

/** `local-lvm:vm-101-disk-0` of a drive's value; undefined for an empty drive, and for a device of the node's. */
export function volumeOf(value: string | undefined): string | undefined {
  const properties = parsePropertyString(value);
  const volume = properties.get('') ?? properties.get('file');
  return volume?.includes(':') === true ? volume : undefined;
}

/** Bytes of a drive's `size=`: "20G", "128M", "4194304K"; undefined when it shows none. */
export function driveSize(value: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(parsePropertyString(value).get('size') ?? '');
  if (match === null) return undefined;
  const power = ['', 'K', 'M', 'G', 'T'].indexOf(match[2] ?? '');
  return Math.round(Number(match[1]) * 1024 ** power);
}

export function isCloudInit(value: string | undefined): boolean {
  return /[:/-]cloudinit(\.|$)/.test(volumeOf(value) ?? '');
}

function isDisk(config: VmConfig, key: string): boolean {
  const value = config.values[key];
  if (!isDriveKey(key) || isCloudInit(value)) return false;
  return parsePropertyString(value).get('media') !== 'cdrom';
}
