import type { Declaration } from '../../../src/model/declaration.ts';
import type { BridgeFacts, Inventory, StorageFacts } from '../../../src/model/inventory.ts';
import type { Plan, PlanOptions } from '../../../src/model/plan.ts';
import { GiB } from '../../../src/model/quantity.ts';
import type { WorkerFields } from '../../../src/model/worker.ts';
import { inventoryOf, planOf, TEMPLATE, withWorkers } from './builders.ts';
import { A } from './scenes.ts';

export function storage(change: Partial<StorageFacts> = {}): StorageFacts {
  return {
    node: 'pve1',
    storage: 'local-lvm',
    enabled: true,
    active: true,
    shared: false,
    type: 'lvm',
    content: ['images'],
    total: 200 * GiB,
    available: 187 * GiB,
    ...change,
  };
}

export function bridge(change: Partial<BridgeFacts> = {}): BridgeFacts {
  return { node: 'pve1', name: 'vmbr0', vlanAware: true, ...change };
}

/** Every privilege that a plan may ask for. */
export const ALL = [
  'VM.Allocate,VM.Audit,VM.Clone,VM.PowerMgmt,VM.Migrate,VM.Config.Options,VM.Config.CPU,VM.Config.Memory',
  'VM.Config.HWType,VM.Config.Disk,VM.Config.CDROM,VM.Config.Network,VM.Config.Cloudinit,SDN.Use',
  'VM.GuestAgent.Audit,VM.GuestAgent.Unrestricted,Datastore.AllocateSpace,Datastore.AllocateTemplate',
  'Sys.AccessNetwork',
]
  .join(',')
  .split(',');

/** pve1 as it must be for a worker on it. */
export function ready(change: Partial<Inventory> = {}): Inventory {
  return inventoryOf({
    configs: { 9000: TEMPLATE },
    storages: { 'pve1/local-lvm': storage() },
    bridges: { 'pve1/vmbr0': bridge() },
    permissions: { '/': ALL },
    ...change,
  });
}

/** The plan of one worker `a` with these fields, checked. */
export function check(
  fields: WorkerFields,
  inventory: Inventory = ready(),
  change: Partial<Declaration> = {},
  options: Partial<PlanOptions> = {},
): Plan {
  const declaration = withWorkers({ a: { ...A, ...fields } }, change);
  return planOf({ declaration, inventory, preflight: true, options });
}
