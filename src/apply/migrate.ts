import { isVmMissing } from '../model/pve-texts.ts';
import { tellDone, timeoutsOf, type VmHandle, type WorkerContext } from './context.ts';
import { requireOurs } from './identity.ts';
import { runStep } from './step.ts';

/** Moves a powered-off VM with its disks to another node. Returns the VM as it is addressed from now on. */
export async function migrate(
  ctx: WorkerContext,
  from: VmHandle,
  target: string,
): Promise<VmHandle> {
  const { pve } = ctx.ports;
  const moved = { ...from, node: target };
  const storage = ctx.worker.desired?.spec.disk.storage;
  await runStep(ctx, {
    name: 'migrate',
    message: `moving vm ${from.vmid} from ${from.node} to ${target}`,
    waitingFor: 'waiting-for-migrate',
    timeout: timeoutsOf(ctx).deploy,
    vm: from,
    isDone: async () => {
      try {
        const { values } = await requireOurs(ctx, moved);
        return values.lock === undefined;
      } catch (error) {
        if (isVmMissing(error)) return false;
        throw error;
      }
    },
    send: async () => {
      await requireOurs(ctx, from);
      return pve.write.migrate(from.node, from.vmid, target, storage);
    },
  });
  tellDone(ctx, 'migrate', `vm ${from.vmid} is on ${target}`);
  return moved;
}
