import { PveError } from '../model/errors.ts';
import { beforeActions, tellProgress, type WorkerBase } from './context.ts';
import { stopWhenInterrupted } from './step.ts';

const ASK_EVERY_MS = 10_000;

/**
 * A worker that was planned as held by a lock of its VM, such as `backup`: waits up to `base.waitMs` for it to
 * end. Returns the lock when it did not; Muster never unlocks by itself.
 */
export async function waitForLock(
  base: WorkerBase,
  vm: { readonly vmid: number; readonly node: string } | undefined,
): Promise<string | undefined> {
  if (base.worker.held?.why !== 'locked' || vm === undefined) return undefined;
  const { clock } = base.ports;
  const begun = clock.monotonic();
  const ctx = beforeActions(base);
  for (;;) {
    const lock = await lockOf(base, vm);
    const waitedMs = clock.monotonic() - begun;
    if (lock === undefined || waitedMs >= base.waitMs) return lock;
    tellProgress(ctx, 'lock', `vm ${vm.vmid} is locked (${lock})`, {
      waitingFor: `waiting-for-lock(${lock})`,
      waitedMs,
      deadlineMs: base.waitMs,
    });
    const pause = Math.min(ASK_EVERY_MS, base.waitMs - waitedMs);
    await clock.sleep(pause, base.interrupts.first).catch(() => stopWhenInterrupted(ctx));
  }
}

/** A VM that can't be asked is judged by what is read of it next. */
async function lockOf(
  { ports }: WorkerBase,
  { node, vmid }: { readonly vmid: number; readonly node: string },
): Promise<string | undefined> {
  try {
    return (await ports.pve.read.status(node, vmid)).lock;
  } catch (error) {
    if (error instanceof PveError) return undefined;
    throw error;
  }
}
