import type { Inventory } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import type { Pve } from '../model/pve-port.ts';
import { reasonIfUnreachable } from './inventory.ts';
import { mapBounded } from './limiter.ts';

export interface FoundVolume {
  readonly node: string;
  readonly volid: string;
  readonly vmid: number;
  readonly size: number;
}

export interface FoundLeftovers {
  readonly volumes: readonly FoundVolume[];
  /** VMs that are locked while a task of theirs runs. */
  readonly busy: ReadonlySet<number>;
  /** "pve1/local-lvm: 403 …": what could not be looked into. */
  readonly unread: readonly string[];
}

const AT_ONCE = 8;

/**
 * Disk images named for an id of that range which no guest has, and the locked VMs for which a task runs. A storage
 * that can't be read is named in `unread`. Throws PveError only when the cluster itself does not answer.
 */
export async function readLeftovers(
  pve: Pve,
  inventory: Inventory,
  vmids: { readonly from: number; readonly to: number },
): Promise<FoundLeftovers> {
  const unread: string[] = [];
  const lists = await mapBounded(imageStorages(inventory), AT_ONCE, async ({ node, storage }) => {
    try {
      const volumes = Object.entries(await pve.read.volumes(node, storage, 'images'));
      return volumes.map(([volid, size]) => ({ node, volid, size, vmid: vmidIn(volid) }));
    } catch (error) {
      unread.push(`${node}/${storage}: ${reasonIfUnreachable(error)}`);
      return [];
    }
  });
  const strays = lists
    .flat()
    .flatMap(({ vmid, ...rest }) => (vmid === undefined ? [] : [{ ...rest, vmid }]))
    .filter(({ vmid }) => vmid >= vmids.from && vmid <= vmids.to)
    .filter(({ vmid }) => inventory.vms[String(vmid)] === undefined);
  const ids = [...new Set(strays.map(({ vmid }) => vmid))];
  const free = await mapBounded(ids, AT_ONCE, (vmid) => pve.read.idIsFree(vmid));
  const freeIds = new Set(ids.filter((_, index) => free[index] === true));
  return {
    volumes: strays.filter(({ vmid }) => freeIds.has(vmid)),
    busy: await busyVms(pve, inventory, unread),
    unread: unread.sort(byCodeUnit),
  };
}

/** One that all nodes share is asked once. */
function imageStorages({ storages, nodes }: Inventory) {
  const usable = Object.values(storages).filter(
    ({ node, enabled, content }) =>
      enabled && content.includes('images') && nodes[node]?.online === true,
  );
  const seen = new Set<string>();
  return usable.filter(({ storage, shared }) => {
    if (!shared) return true;
    const isNew = !seen.has(storage);
    seen.add(storage);
    return isNew;
  });
}

/** The id in `local-lvm:vm-9104-disk-0` and `local:9104/vm-9104-disk-0.qcow2`. */
function vmidIn(volid: string): number | undefined {
  const id = /[:/]vm-(\d+)-/.exec(volid)?.[1];
  return id === undefined ? undefined : Number(id);
}

async function busyVms(
  pve: Pve,
  inventory: Inventory,
  unread: string[],
): Promise<ReadonlySet<number>> {
  const locked = Object.values(inventory.vms).filter(
    ({ vmid, lock }) => (inventory.configs[String(vmid)]?.values.lock ?? lock) !== undefined,
  );
  const busy = await mapBounded(locked, AT_ONCE, async ({ node, vmid }) => {
    try {
      const tasks = await pve.tasks.list(node, vmid);
      return tasks.some(({ running }) => running) ? [vmid] : [];
    } catch (error) {
      unread.push(`tasks of ${node}: ${reasonIfUnreachable(error)}`);
      // What can't be seen may run.
      return [vmid];
    }
  });
  return new Set(busy.flat());
}
