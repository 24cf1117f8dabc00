import { type Diagnostic, problem } from '../model/diagnostic.ts';
import type { Inventory } from '../model/inventory.ts';
import { lookup } from '../model/lookup.ts';
import type { WorkerPlan } from '../model/plan.ts';
import type { State } from '../model/state.ts';
import type { Desired } from '../model/worker.ts';

export interface Allocated {
  readonly workers: readonly WorkerPlan[];
  readonly problems: readonly Diagnostic[];
}

/**
 * Gives an id of the range to every worker that gets a VM: never one that is seen, recorded, begun, or
 * declared by anybody. PVE's own next free id reserves nothing, so it is not asked for.
 */
export function allocateVmids(
  workers: readonly WorkerPlan[],
  desired: Desired,
  state: State,
  inventory: Inventory,
  range: { readonly from: number; readonly to: number },
): Allocated {
  const used = usedIds(desired, state, inventory);
  const problems: Diagnostic[] = [];
  let next = range.from;
  const allocated = workers.map((plan) => {
    if (!plan.actions.includes('deploy') || plan.vmid !== undefined) return plan;
    while (used.has(next)) next += 1;
    if (next > range.to) {
      problems.push(exhausted(plan.worker, range));
      return plan;
    }
    const vmid = next;
    next += 1;
    return { ...plan, vmid };
  });
  return { workers: allocated, problems };
}

/** An explicit vmid that a VM of somebody else has. */
export function takenVmids(
  workers: readonly WorkerPlan[],
  state: State,
  inventory: Inventory,
): readonly Diagnostic[] {
  return workers.flatMap(({ worker, desired, from, actions, uuid, vmid: own }) => {
    const vmid = desired?.spec.vmid;
    if (vmid === undefined || desired === undefined) return [];
    const record = lookup(state.workers, from ?? worker);
    const isOwn =
      actions.includes('adopt') ||
      (own === vmid && uuid !== undefined) ||
      record?.vm?.vmid === vmid ||
      record?.doing?.vmid === vmid;
    const other = lookup(inventory.vms, String(vmid));
    const recycled = record?.vm?.vmid === vmid && uuid === undefined;
    if (other === undefined || (isOwn && !recycled)) return [];
    return [
      {
        severity: 'error' as const,
        code: 'vmid-taken',
        message: `vm id ${vmid}, declared for ${worker}, is taken by ${other.name ?? 'another guest'} on ${other.node}`,
        labels: [desired.declaredAt],
        remedy: 'Declare another vmid, or none: then Muster takes a free one of cluster.vmids.',
      },
    ];
  });
}

function usedIds(desired: Desired, state: State, inventory: Inventory): ReadonlySet<number> {
  const absent = Object.entries(inventory.absent).filter(([, absence]) => absence !== 'gone');
  return new Set([
    ...Object.values(inventory.vms).map(({ vmid }) => vmid),
    ...absent.map(([vmid]) => Number(vmid)),
    ...Object.values(state.workers).flatMap(({ vm, doing }) => [vm?.vmid ?? 0, doing?.vmid ?? 0]),
    ...desired.workers.map(({ spec }) => spec.vmid ?? 0),
  ]);
}

function exhausted(worker: string, { from, to }: { from: number; to: number }): Diagnostic {
  return problem(
    'no-free-vmid',
    `no id from ${from} to ${to} is free for ${worker}`,
    'Widen cluster.vmids, or remove guests that hold ids of this range.',
  );
}
