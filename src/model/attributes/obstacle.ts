import type { Change } from '../plan.ts';
import type { VmView } from './attribute.ts';
import { rowOf } from './rows.ts';

/** Why PVE would refuse this change of this VM; undefined when it would not. */
export function obstacleTo(change: Change, view: VmView): string | undefined {
  return rowOf(change.path)?.check?.(change.after, view);
}

/**
 * PVE only grows disks. A default size that takes the place of a declared, larger one is only recorded: the disk
 * stays.
 */
export function isShrink({ path, before, after, cost }: Change): boolean {
  return (
    path === 'disk.size' &&
    cost !== 'record' &&
    typeof before === 'number' &&
    typeof after === 'number' &&
    after < before
  );
}
