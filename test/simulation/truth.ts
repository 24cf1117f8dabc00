import { keyDirectory } from '../../src/guest/supervise-item.ts';
import type { SimCluster } from '../../src/simulator/cluster.ts';
import { isWorker } from './witness.ts';

/** How an attempt ended as its guest's disk tells; undefined: it never ended there. */
export interface GuestRecord {
  readonly vmid: number;
  readonly exitCode: number | undefined;
  readonly how: string | undefined;
}

const ATTEMPTS = '/var/lib/muster/attempts';

/** What the disks of all workers hold about one attempt: nothing, one record, or (never) more. */
export function recordsOf(
  cluster: SimCluster,
  session: string,
  item: string,
  attempt: number,
): readonly GuestRecord[] {
  const folder = `${ATTEMPTS}/${keyDirectory(`${session}/${item}/${attempt}`)}`;
  return disks(cluster).flatMap(({ vmid, files }) => {
    if (files[`${folder}/claim`] === undefined) return [];
    const [code, how] = files[`${folder}/exit`]?.content.trim().split(' ') ?? [];
    return [{ vmid, exitCode: code === undefined ? undefined : Number(code), how }];
  });
}

function disks({ world }: SimCluster) {
  return Object.values(world.vms)
    .filter(isWorker)
    .flatMap(({ vmid, power }) => {
      if (power.guest !== undefined) return [{ vmid, files: power.guest.files }];
      const volume = Object.values(world.volumes).find(
        (each) => each.vmid === vmid && each.disk !== undefined,
      );
      return volume?.disk === undefined ? [] : [{ vmid, files: volume.disk.files }];
    });
}
