import type { VmHandle, WorkerBase } from '../apply/context.ts';
import { lookup } from '../model/lookup.ts';

/** The recorded VM, on the node where it was found. */
export function vmOf(
  base: Pick<WorkerBase, 'ports' | 'inventory' | 'worker'>,
): VmHandle | undefined {
  const vm = lookup(base.ports.ledger.current().workers, base.worker.worker)?.vm;
  if (vm === undefined) return undefined;
  const node = base.inventory.vms[String(vm.vmid)]?.node ?? vm.node;
  return { vmid: vm.vmid, node, uuid: vm.uuid };
}

/** The same; without one, it was called too early: a bug. */
export function requireVm(base: WorkerBase): VmHandle {
  const vm = vmOf(base);
  if (vm === undefined) throw new Error(`${base.worker.worker} has no VM`);
  return vm;
}
