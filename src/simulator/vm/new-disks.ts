import { type Caller, demand } from '../access.ts';
import { failed, invalid } from '../api-error.ts';
import type { SimStorage, Volume, World } from '../world.ts';
import { isCloudInit, parseDrive, printDrive, printSize } from './drives.ts';
import {
  addVolume,
  DEFAULT_FORMAT,
  filePath,
  findVolume,
  isDirectory,
  nextDiskName,
  storageOf,
  usableStorage,
} from './volumes.ts';

const GIB = 1024 ** 3;
const CLOUD_INIT_BYTES = 4 * 1024 ** 2;

/** `STORAGE:SIZE`: a new volume is asked for. */
function wantsNew(value: string): boolean {
  return /^[^:,/]+:(?:\d+(?:\.\d+)?|cloudinit)(?:,|$)/.test(value);
}

/** What can be said about a disk before the work begins. */
export function checkDisk(world: World, caller: Caller, node: string, value: string): void {
  const drive = parseDrive(value);
  if (drive.volume === 'none' || drive.volume === 'cdrom') return;
  const from = drive.options['import-from'];
  if (from?.startsWith('/')) {
    throw failed(
      'Only root can pass arbitrary filesystem paths. at /usr/share/perl5/PVE/Storage.pm line 651.',
    );
  }
  const storage = usableStorage(world, storageOf(drive.volume), node);
  if (wantsNew(value)) {
    demand(world, caller, `/storage/${storage.id}`, ['Datastore.AllocateSpace']);
    demandImages(storage);
    if (from !== undefined)
      demand(
        world,
        caller,
        `/storage/${storageOf(from)}`,
        ['Datastore.Audit', 'Datastore.AllocateSpace'],
        true,
      );
  } else if (findVolume(world, drive.volume, node) === undefined) {
    throw failed(`volume '${drive.volume}' does not exist`);
  }
}

export function demandImages(storage: SimStorage): void {
  if (!storage.content.includes('images')) {
    throw invalid({ storage: `storage '${storage.id}' does not support vm images` });
  }
}

export interface DiskWanted {
  readonly world: World;
  readonly node: string;
  readonly vmid: number;
  readonly key: string;
  readonly value: string;
  readonly log: string[];
  /** How the caller wants a failure said. */
  readonly fail: (text: string) => Error;
}

/** Allocates or imports what the value asks for; gives the value as the config keeps it. */
export function makeDisk(wanted: DiskWanted): string {
  const { world, node, value } = wanted;
  const drive = parseDrive(value);
  if (drive.volume === 'none' || drive.volume === 'cdrom') return value;
  if (!wantsNew(value)) return keepVolume(wanted);
  const storage = usableStorage(world, storageOf(drive.volume), node);
  if (storage.broken !== undefined) throw wanted.fail(storage.broken);
  if (isCloudInit(drive)) return makeCloudInit(wanted, storage);
  const from = drive.options['import-from'];
  const source = from === undefined ? undefined : findVolume(world, from, node);
  if (from !== undefined && source === undefined) {
    throw wanted.fail(missingSource(world, from));
  }
  const volume = allocate(wanted, storage, drive.options.format, source);
  const { format: _format, 'import-from': _from, ...options } = drive.options;
  const printed = printDrive({
    volume: volume.volid,
    options: { ...options, size: printSize(volume.size) },
  });
  if (source === undefined) {
    wanted.log.push(`${wanted.key}: successfully created disk '${printed}'`);
  }
  return printed;
}

function missingSource(world: World, volid: string): string {
  const storage = world.storages[storageOf(volid)];
  return storage === undefined
    ? `storage '${storageOf(volid)}' does not exist`
    : `failed to stat '${filePath(storage, volid)}'`;
}

function allocate(
  wanted: DiskWanted,
  storage: SimStorage,
  format: string | undefined,
  source: Volume | undefined,
): Volume {
  const { world, node, vmid, value, key, log } = wanted;
  const gib = Number(parseDrive(value).volume.split(':')[1] ?? '0');
  const image = source?.image === undefined ? undefined : world.images[source.image];
  const size =
    key === 'efidisk0'
      ? 540_672
      : source === undefined
        ? Math.round(gib * GIB)
        : (image?.sizeBytes ?? source.size);
  if (source !== undefined) log.push(`create full clone of drive (${source.volid})`);
  const volume = addVolume(world, storage, {
    vmid,
    node,
    name: nextDiskName(world, storage, vmid),
    format: format ?? DEFAULT_FORMAT,
    size,
    ...(source === undefined ? {} : { from: source }),
  });
  if (isDirectory(storage.type)) {
    log.push(`Formatting '${filePath(storage, volume.volid)}', fmt=${volume.format} size=${size}`);
  }
  if (source !== undefined) {
    log.push(`allocated target volume '${volume.volid}'`);
    log.push('transferred 100.00%');
  }
  return volume;
}

function makeCloudInit(wanted: DiskWanted, storage: SimStorage): string {
  const volume = addVolume(wanted.world, storage, {
    vmid: wanted.vmid,
    node: wanted.node,
    name: `vm-${wanted.vmid}-cloudinit`,
    format: 'qcow2',
    size: CLOUD_INIT_BYTES,
  });
  const printed = `${volume.volid},media=cdrom`;
  wanted.log.push(`${wanted.key}: successfully created disk '${printed}'`);
  return printed;
}

function keepVolume(wanted: DiskWanted): string {
  const drive = parseDrive(wanted.value);
  const volume = findVolume(wanted.world, drive.volume, wanted.node);
  const size = volume === undefined ? {} : { size: printSize(volume.size) };
  return printDrive({ volume: drive.volume, options: { ...drive.options, ...size } });
}
