import type { Inventory, StorageFacts, VmFacts } from '../model/inventory.ts';
import { lookup } from '../model/lookup.ts';
import type { State } from '../model/state.ts';

/** What expanding has to know about the cluster. */
export interface ExpandFacts {
  readonly nodes: Readonly<Record<string, { readonly cpus: number; readonly memory: number }>>;
  /** To find templates by name, and where they are. */
  readonly vms: readonly VmFacts[];
  readonly storages: readonly StorageFacts[];
}

/**
 * A node that does not answer shows no size: then what the state remembers of it counts, so that its workers
 * do not seem to change while it is away.
 */
export function expandFactsOf(inventory: Inventory, state: State): ExpandFacts {
  const nodes = Object.entries(inventory.nodes).map(([name, { cpus, memory }]) => {
    const known = cpus > 0 ? undefined : lookup(state.nodes, name);
    return [name, { cpus: known?.cpus ?? cpus, memory: known?.memory ?? memory }] as const;
  });
  return {
    nodes: Object.fromEntries(nodes),
    vms: Object.values(inventory.vms),
    storages: Object.values(inventory.storages),
  };
}
