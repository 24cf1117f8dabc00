import { failed } from '../api-error.ts';
import type { SimStorage, Volume, World } from '../world.ts';

/** One volume: the same id may exist on several nodes' own storages. */
export function volumeKey(volid: string, node: string | null): string {
  return node === null ? volid : `${volid}@${node}`;
}

export function findVolume(world: World, volid: string, node: string): Volume | undefined {
  return world.volumes[volumeKey(volid, node)] ?? world.volumes[volumeKey(volid, null)];
}

export function isDirectory(type: string): boolean {
  return type === 'dir' || type === 'nfs' || type === 'cifs';
}

/** Of a new, empty disk. */
export const DEFAULT_FORMAT = 'raw';

export function storageOf(volid: string): string {
  return volid.split(':')[0] ?? '';
}

/** Throws what PVE says about a storage that isn't there, isn't there on this node, or is disabled. */
export function usableStorage(world: World, id: string, node: string): SimStorage {
  const storage = world.storages[id];
  if (storage === undefined) throw failed(`storage '${id}' does not exist`);
  if (!storage.enabled) throw failed(`storage '${id}' is disabled`);
  if (!isOnNode(storage, node)) throw failed(`storage '${id}' is not available on node '${node}'`);
  return storage;
}

export function isOnNode(storage: SimStorage, node: string): boolean {
  return storage.nodes === undefined || storage.nodes.includes(node);
}

/** `local:101/vm-101-disk-0.qcow2`, `local-lvm:vm-101-disk-0`, … */
function volumeId(storage: SimStorage, vmid: number, name: string, format: string): string {
  return isDirectory(storage.type)
    ? `${storage.id}:${vmid}/${name}.${format}`
    : `${storage.id}:${name}`;
}

export function nextDiskName(world: World, storage: SimStorage, vmid: number): string {
  for (let index = 0; ; index += 1) {
    const wanted = new RegExp(`(?:vm|base)-${vmid}-disk-${index}(?:\\.|$)`);
    const taken = Object.values(world.volumes).some(
      (volume) => volume.storage === storage.id && wanted.test(volume.volid),
    );
    if (!taken) return `vm-${vmid}-disk-${index}`;
  }
}

export interface NewVolume {
  readonly vmid: number;
  readonly node: string;
  readonly name: string;
  readonly format: string;
  readonly size: number;
  readonly from?: Volume;
  readonly linked?: boolean;
}

export function addVolume(world: World, storage: SimStorage, wanted: NewVolume): Volume {
  const format = isDirectory(storage.type) ? wanted.format : 'raw';
  const plain = volumeId(storage, wanted.vmid, wanted.name, format);
  const volid =
    wanted.linked === true && wanted.from !== undefined
      ? linkedId(storage, wanted.from, plain)
      : plain;
  const node = storage.shared ? null : wanted.node;
  const volume: Volume = {
    volid,
    storage: storage.id,
    node,
    format,
    content: 'images',
    size: wanted.size,
    vmid: wanted.vmid,
    ctime: Math.floor(world.nowMs / 1000),
    ...(wanted.linked === true && wanted.from !== undefined ? { parent: wanted.from.volid } : {}),
    ...(wanted.from?.image === undefined ? {} : { image: wanted.from.image }),
    ...(wanted.from?.disk === undefined ? {} : { disk: structuredClone(wanted.from.disk) }),
  };
  world.volumes[volumeKey(volid, node)] = volume;
  return volume;
}

/** Directories and ZFS name the base in a linked clone's id; LVM doesn't. */
function linkedId(storage: SimStorage, base: Volume, plain: string): string {
  if (storage.type === 'lvmthin') return plain;
  return `${base.volid}/${plain.split(':')[1] ?? ''}`;
}

export function removeVolume(world: World, volid: string, node: string): void {
  const volume = findVolume(world, volid, node);
  if (volume !== undefined) delete world.volumes[volumeKey(volume.volid, volume.node)];
}

/** Bytes in use on the storage as that node sees it; thin volumes hold what was written. */
export function usedBytes(world: World, storage: SimStorage, node: string): number {
  const place = storage.shared ? '*' : node;
  let used = storage.otherUsed[place] ?? 0;
  for (const volume of Object.values(world.volumes)) {
    if (volume.storage !== storage.id) continue;
    if (volume.node === null || volume.node === node) used += writtenBytes(world, volume);
  }
  return used;
}

/** `usedBytes` for many storages: the volumes are gone through once. */
export function usageOf(world: World): (storage: SimStorage, node: string) => number {
  const sums = new Map<string, number>();
  for (const volume of Object.values(world.volumes)) {
    const place = `${volume.storage}@${volume.node ?? '*'}`;
    sums.set(place, (sums.get(place) ?? 0) + writtenBytes(world, volume));
  }
  return (storage, node) => {
    const place = storage.shared ? '*' : node;
    return (storage.otherUsed[place] ?? 0) + (sums.get(`${storage.id}@${place}`) ?? 0);
  };
}

export function totalBytes(storage: SimStorage, node: string): number {
  return storage.size[storage.shared ? '*' : node] ?? 0;
}

export function writtenBytes(world: World, volume: Volume): number {
  if (volume.content !== 'images') return volume.size;
  const image = volume.image === undefined ? undefined : world.images[volume.image];
  const written = volume.disk?.usedBytes ?? image?.usedBytes ?? 4096;
  return volume.parent === undefined ? Math.min(volume.size, written) : 200_704;
}

export function filePath(storage: SimStorage, volid: string): string {
  const name = volid.split(':')[1] ?? '';
  if (!isDirectory(storage.type)) return `/dev/${storage.pool ?? 'data'}/${name}`;
  const folder = name.startsWith('import/')
    ? ''
    : name.startsWith('iso/')
      ? 'template/'
      : name.startsWith('snippets/')
        ? ''
        : 'images/';
  return `${storage.path ?? '/var/lib/vz'}/${folder}${name}`;
}
