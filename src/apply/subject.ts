import type { Identity } from '../model/attributes/attribute.ts';
import type { DesiredWorker, WorkerSpec } from '../model/worker.ts';
import type { VmHandle, WorkerContext } from './context.ts';

/** What is declared for this worker: no plan makes, changes or launches a worker without it. */
export function desiredOf(ctx: WorkerContext): DesiredWorker {
  const { desired } = ctx.worker;
  if (desired === undefined)
    throw new Error(`${ctx.worker.worker} has no desired entry to work towards`);
  return desired;
}

/** The same, with the marks of the VM that has (or will have) this uuid. */
export function subjectOf(
  ctx: WorkerContext,
  uuid: string,
): { readonly name: string; readonly spec: WorkerSpec; readonly identity: Identity } {
  const desired = desiredOf(ctx);
  const { lineage } = ctx.ports.ledger.current();
  const { project, environment } = ctx.plan;
  return {
    name: desired.name,
    spec: desired.spec,
    identity: {
      owner: { lineage, project, environment, worker: desired.name, uuid },
      declaredIn: desired.declaredAt.file,
    },
  };
}

/** The pool that the VM is in: a fresh one was made in the declared pool, any other stands in the inventory. */
export function ownerPool(ctx: WorkerContext, vm: VmHandle, fresh: boolean): string | undefined {
  return fresh ? ctx.worker.desired?.spec.pool : ctx.inventory.vms[String(vm.vmid)]?.pool;
}
