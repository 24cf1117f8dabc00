import { StepFailed } from '../model/errors.ts';
import { clearDoing, forgetVm } from '../model/transitions.ts';
import { changeRecord, tellDone, type VmHandle, type WorkerContext } from './context.ts';
import { NotOurs, type Proof, requireOurs } from './identity.ts';
import { runStep } from './step.ts';

/**
 * Deletes the VM with the disks that its config names, and waits until its id is free: the task's end alone
 * does not prove that the VM is gone. The VM must be off. `proof` is `card` for what an interrupted deploy
 * left before its marks were written.
 */
export async function deleteVm(
  ctx: WorkerContext,
  vm: VmHandle,
  proof: Proof = 'strong-and-soft',
): Promise<void> {
  let sent = false;
  await runStep(ctx, {
    name: 'delete',
    message: `deleting vm ${vm.vmid}`,
    waitingFor: 'waiting-for-delete',
    timeout: 10 * 60_000,
    vm,
    isDone: () => isGone(ctx, vm, sent, proof),
    send: async () => {
      await refuseWhenRunning(ctx, vm);
      await requireOurs(ctx, vm, proof);
      sent = true;
      return ctx.ports.pve.write.destroy(vm.node, vm.vmid);
    },
  });
  await changeRecord(ctx, (state, worker) => clearDoing(forgetVm(state, worker), worker));
  tellDone(ctx, 'delete', `vm ${vm.vmid} and its disks deleted`);
}

/** Gone: its id is free, or somebody took it since we asked for the delete. A VM that can't be seen is not gone. */
async function isGone(
  ctx: WorkerContext,
  vm: VmHandle,
  sent: boolean,
  proof: Proof,
): Promise<boolean> {
  if (await ctx.ports.pve.read.idIsFree(vm.vmid)) return true;
  try {
    await requireOurs(ctx, vm, proof);
    return false;
  } catch (error) {
    if (sent && error instanceof NotOurs) return true;
    throw error;
  }
}

async function refuseWhenRunning(ctx: WorkerContext, vm: VmHandle): Promise<void> {
  const { status } = await ctx.ports.pve.read.status(vm.node, vm.vmid);
  if (status === 'running')
    throw new StepFailed(
      `vm ${vm.vmid} on ${vm.node} runs, though it was off when this was planned; plan again: nothing was deleted`,
    );
}
