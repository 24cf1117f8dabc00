import { PveError } from '../model/errors.ts';
import type { Absence, Inventory, VmConfig, VmFacts } from '../model/inventory.ts';
import { readMarks } from '../model/marks.ts';
import type { Pve } from '../model/pve-port.ts';
import { isVmMissing } from '../model/pve-texts.ts';

/**
 * The inventory with one VM read anew: its config and its true power state. A VM that is not where it was is
 * looked for in the whole cluster (somebody may have moved it). Never throws for what the VM's absence means.
 */
export async function freshInventory(
  pve: Pve,
  inventory: Inventory,
  vm: { readonly vmid: number; readonly node: string } | undefined,
): Promise<Inventory> {
  if (vm === undefined) return inventory;
  const known = inventory.vms[String(vm.vmid)];
  const node = known?.node ?? vm.node;
  // It left the cluster: nobody could answer for it, and the list has said so already.
  if (known === undefined && !Object.hasOwn(inventory.nodes, node)) return inventory;
  const seen = await look(pve, node, vm.vmid);
  if (seen.kind === 'there') return withVm(inventory, vm.vmid, merged(known, node, vm.vmid, seen));
  if (seen.kind === 'unreachable') return without(inventory, vm.vmid, 'unreachable');
  if (await pve.read.idIsFree(vm.vmid)) return without(inventory, vm.vmid, 'gone');
  const { vms } = await pve.read.cluster();
  const elsewhere = vms.find(({ vmid }) => vmid === vm.vmid);
  if (elsewhere === undefined) return without(inventory, vm.vmid, 'invisible');
  if (elsewhere.kind === 'lxc') return withContainer(inventory, elsewhere);
  const again = await look(pve, elsewhere.node, vm.vmid);
  if (again.kind !== 'there') return without(inventory, vm.vmid, 'unreachable');
  return withVm(inventory, vm.vmid, merged(elsewhere, elsewhere.node, vm.vmid, again));
}

type Seen =
  | {
      readonly kind: 'there';
      readonly config: VmConfig;
      readonly status: 'running' | 'stopped';
      readonly lock?: string;
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreachable' };

async function look(pve: Pve, node: string, vmid: number): Promise<Seen> {
  try {
    const [config, { status, lock }] = await Promise.all([
      pve.read.config(node, vmid),
      pve.read.status(node, vmid),
    ]);
    return { kind: 'there', config, status, ...(lock === undefined ? {} : { lock }) };
  } catch (error) {
    if (isVmMissing(error) || isForbidden(error)) return { kind: 'missing' };
    if (error instanceof PveError && error.facts.failure === 'node-unreachable')
      return { kind: 'unreachable' };
    throw error;
  }
}

/** A token without rights on an id gets the same answer whether it is taken or free (fact 44). */
function isForbidden(error: unknown): boolean {
  return error instanceof PveError && error.facts.failure === 'forbidden';
}

function merged(
  known: VmFacts | undefined,
  node: string,
  vmid: number,
  seen: Extract<Seen, { kind: 'there' }>,
): { readonly facts: VmFacts; readonly config: VmConfig } {
  const { values } = seen.config;
  const { lock: _, ...rest } = known ?? { kind: 'qemu', tags: [] };
  const lock = seen.lock ?? values.lock;
  const facts: VmFacts = {
    ...rest,
    kind: 'qemu',
    vmid,
    node,
    status: seen.status,
    template: values.template === '1',
    tags: readMarks(values).tagged ? ['muster'] : [],
    ...(values.name === undefined ? {} : { name: values.name }),
    ...(lock === undefined ? {} : { lock }),
  };
  return { facts, config: seen.config };
}

function withVm(
  inventory: Inventory,
  vmid: number,
  { facts, config }: { readonly facts: VmFacts; readonly config: VmConfig },
): Inventory {
  const key = String(vmid);
  const { [key]: _, ...absent } = inventory.absent;
  return {
    ...inventory,
    vms: { ...inventory.vms, [key]: facts },
    configs: { ...inventory.configs, [key]: config },
    absent,
  };
}

/** A container took its id: the VM is gone. */
function withContainer(inventory: Inventory, facts: VmFacts): Inventory {
  const left = without(inventory, facts.vmid, 'gone');
  return { ...left, vms: { ...left.vms, [String(facts.vmid)]: facts } };
}

function without(inventory: Inventory, vmid: number, absence: Absence): Inventory {
  const key = String(vmid);
  const { [key]: _vm, ...vms } = inventory.vms;
  const { [key]: _config, ...configs } = inventory.configs;
  return { ...inventory, vms, configs, absent: { ...inventory.absent, [key]: absence } };
}
