import type { ItemSpec } from '../model/declaration.ts';
import type { Inventory, VmFacts } from '../model/inventory.ts';
import { lookup } from '../model/lookup.ts';
import { MARK_TAG, readMarks } from '../model/marks.ts';
import type { State } from '../model/state.ts';
import { vmidHolders } from '../model/transitions.ts';

export type VmSelector = NonNullable<ItemSpec['forEachVm']>;

/** Why a VM that was named gets no item. */
export type Unselectable = 'missing' | 'container' | 'template' | 'worker';

export interface SelectedVms {
  /** Sorted by vmid. */
  readonly vms: readonly VmFacts[];
  /** VMs named under `vmids` that can't have an item, sorted. */
  readonly unselectable: readonly { readonly vmid: number; readonly why: Unselectable }[];
  /** Containers that the other selectors would choose: no VMs, so they get no item. */
  readonly containers: readonly number[];
}

/**
 * The VMs that all given selectors choose; with none of them every VM. Never a template, never a container,
 * never a worker: neither one of this state, nor any other VM that bears a mark of Muster.
 */
export function selectVms(
  selector: VmSelector,
  inventory: Inventory,
  state: Pick<State, 'workers'>,
): SelectedVms {
  const workers = vmidHolders(state);
  const excluded = new Set(selector.exclude);
  const named = selector.vmids === undefined ? undefined : new Set(selector.vmids);
  const seen = Object.values(inventory.vms)
    .filter(({ vmid }) => !excluded.has(vmid) && named?.has(vmid) !== false)
    .sort((a, b) => a.vmid - b.vmid);
  const judged = seen.map((vm) => ({ vm, why: unselectable(vm, inventory, workers) }));
  const missing = [...(named ?? [])].filter(
    (vmid) => !excluded.has(vmid) && lookup(inventory.vms, String(vmid)) === undefined,
  );
  const refused = judged.flatMap(({ vm, why }) =>
    named === undefined || why === undefined ? [] : [{ vmid: vm.vmid, why }],
  );
  return {
    vms: judged.flatMap(({ vm, why }) => (why === undefined && chooses(selector, vm) ? [vm] : [])),
    unselectable: [...missing.map((vmid) => ({ vmid, why: 'missing' as const })), ...refused].sort(
      (a, b) => a.vmid - b.vmid,
    ),
    containers: judged.flatMap(({ vm, why }) =>
      named === undefined && why === 'container' && chooses(selector, vm) ? [vm.vmid] : [],
    ),
  };
}

function unselectable(
  vm: VmFacts,
  inventory: Inventory,
  workers: ReadonlyMap<number, readonly string[]>,
): Unselectable | undefined {
  if (vm.kind !== 'qemu') return 'container';
  if (vm.template) return 'template';
  return workers.has(vm.vmid) || isMarked(vm, inventory) ? 'worker' : undefined;
}

/** One mark is enough: better no backup of a copied worker than a worker that saves itself. */
function isMarked(vm: VmFacts, inventory: Inventory): boolean {
  if (vm.tags.includes(MARK_TAG)) return true;
  const config = lookup(inventory.configs, String(vm.vmid));
  if (config === undefined) return false;
  const { serialLineage, card } = readMarks(config.values);
  return serialLineage !== undefined || card !== undefined;
}

/** PVE keeps tags in lower case, whatever was typed (fact 22). */
function chooses({ pool, tags }: VmSelector, vm: VmFacts): boolean {
  const own = new Set(vm.tags.map((tag) => tag.toLowerCase()));
  const has = (tag: string): boolean => own.has(tag.toLowerCase());
  return (
    (pool === undefined || vm.pool === pool) &&
    (tags?.any === undefined || tags.any.some(has)) &&
    (tags?.all === undefined || tags.all.every(has))
  );
}
