import type { Json } from '../json.ts';
import { isTrue, parsePropertyString } from '../property-string.ts';
import { type Attribute, entry, type VmView } from './attribute.ts';
import { bootDiskKey, cloudInitKey, driveKeys, driveSize, volumeOf } from './disk.ts';
import { editProperty } from './draft.ts';

const DISK = ['VM.Config.Disk'];
const CLOUD_INIT_SLOTS = ['ide2', 'ide0', 'ide1', 'ide3', 'sata5', 'scsi30'];

/** The boot disk. Which key it has is the image's choice. */
export const DISK_ROWS: readonly Attribute[] = [
  {
    path: 'disk.size',
    keys: ['DISK'],
    sub: 'size',
    cost: (before) => (before === null ? 'rebuild' : 'in-place'),
    privileges: DISK,
    declare: ({ spec }) => [
      ['disk.size', spec.disk.sizeIsFloor ? { atLeast: spec.disk.size } : spec.disk.size],
    ],
    read: (vm) => entry('disk.size', driveSize(bootDisk(vm))),
    write: (draft, value) => {
      draft.resize = sizeOf(value);
    },
    same: (desired, found) => {
      // A size that is no longer declared can't be given back.
      if (desired === null) return true;
      if (typeof desired === 'number') return desired === found;
      return typeof found === 'number' && found >= (sizeOf(desired) ?? 0);
    },
  },
  {
    path: 'disk.storage',
    keys: ['DISK'],
    cost: 'move-disk',
    privileges: DISK,
    declare: ({ spec }) => entry('disk.storage', spec.disk.storage),
    read: (vm) => entry('disk.storage', volumeOf(bootDisk(vm))?.split(':')[0]),
    write: (draft, value) => {
      draft.moveTo = typeof value === 'string' ? value : undefined;
    },
    // No longer declared: it stays where it is.
    same: (desired, found) => desired === null || desired === found,
  },
  diskFlag('disk.discard', 'discard', 'on', ({ spec }) => spec.disk.discard),
  {
    ...diskFlag('disk.ssd', 'ssd', '1', ({ spec }) => spec.disk.ssd),
    check: (value, vm) =>
      value === true && bootDiskKey(vm.config)?.startsWith('virtio') === true
        ? 'its disk is on the virtio bus, which knows no ssd flag'
        : undefined,
  },
  {
    path: 'cloudInit.drive',
    keys: CLOUD_INIT_SLOTS,
    cost: 'cloud-init-rerun',
    privileges: ['VM.Config.Disk', 'VM.Config.CDROM'],
    profile: true,
    fallback: false,
    declare: () => [['cloudInit.drive', true]],
    read: (vm) => [['cloudInit.drive', cloudInitKey(vm.config) !== undefined]],
    write: (draft) => {
      const slot = CLOUD_INIT_SLOTS.find((key) => !draft.values.has(key));
      if (slot === undefined || draft.storage === undefined) return;
      draft.values.set(slot, `${draft.storage}:cloudinit`);
    },
  },
];

/** What is attached, for later: a drive that appears afterwards is somebody else's. Never written. */
export const DRIVES_ROW: Attribute = {
  path: 'drives',
  keys: ['scsi[]', 'virtio[]', 'sata[]', 'ide[]', 'efidisk0', 'tpmstate0', 'unused[]'],
  cost: 'record',
  privileges: [],
  declare: () => [],
  read: (vm) => [['drives', driveKeys(vm.config)]],
};

/** Bytes of a desired size, a floor or exact. */
export function sizeOf(value: Json): number | undefined {
  if (typeof value === 'number') return value;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const { atLeast } = value as { readonly [key: string]: Json };
  return typeof atLeast === 'number' ? atLeast : undefined;
}

function diskFlag(
  path: string,
  sub: string,
  on: string,
  declared: (subject: Parameters<Attribute['declare']>[0]) => boolean | undefined,
): Attribute {
  return {
    path,
    keys: ['DISK'],
    sub,
    cost: 'in-place',
    privileges: DISK,
    fallback: false,
    declare: (subject) => entry(path, declared(subject)),
    read: (vm) => {
      const disk = bootDisk(vm);
      return disk === undefined ? [] : [[path, isTrue(parsePropertyString(disk).get(sub))]];
    },
    write: (draft, value) => {
      if (draft.diskKey !== undefined)
        editProperty(draft, draft.diskKey, sub, value === true ? on : null);
    },
  };
}

function bootDisk(vm: VmView): string | undefined {
  const key = bootDiskKey(vm.config);
  return key === undefined ? undefined : vm.config.values[key];
}
