import { PveError, StepFailed, TaskFailed, TaskTimeout } from '../model/errors.ts';
import {
  tellDone,
  tellProgress,
  tellWarning,
  timeoutsOf,
  type VmHandle,
  type WorkerContext,
} from './context.ts';
import { requireOurs } from './identity.ts';
import { runStep } from './step.ts';

/** Whether a package manager runs in the guest: it is never cut off then. */
export type BusyGuest = () => Promise<boolean>;

const ASK_EVERY_MS = 5000;
const MAX_SHUTDOWNS = 5;

/** Powers the VM on. Done when it runs already. */
export async function powerOn(ctx: WorkerContext, vm: VmHandle): Promise<void> {
  ctx.running.add(ctx.worker.worker);
  await runStep(ctx, {
    name: 'start',
    message: 'powering on',
    waitingFor: 'waiting-for-start',
    timeout: timeoutsOf(ctx).start,
    vm,
    isDone: async () => (await ctx.ports.pve.read.status(vm.node, vm.vmid)).status === 'running',
    send: async () => {
      await requireOurs(ctx, vm);
      return ctx.ports.pve.write.start(vm.node, vm.vmid);
    },
  });
  // It may have run already: then nothing has proven yet whose it is.
  await requireOurs(ctx, vm);
  tellDone(ctx, 'start', 'powered on');
}

/**
 * Powers the VM off: guest shutdown with its deadline, then forced; never while a backup of the VM itself
 * runs (lock `backup`), never while packages are being installed. Throws when it can't be done in time.
 */
export async function powerOff(ctx: WorkerContext, vm: VmHandle, isBusy: BusyGuest): Promise<void> {
  await shutDownOrForce({ ...ctx, closing: true }, vm, isBusy);
  ctx.running.delete(ctx.worker.worker);
}

async function shutDownOrForce(ctx: WorkerContext, vm: VmHandle, isBusy: BusyGuest): Promise<void> {
  const { pve } = ctx.ports;
  const isOff = async (): Promise<boolean> =>
    (await patiently(ctx, () => pve.read.status(vm.node, vm.vmid))).status === 'stopped';
  if (await isOff()) return;
  ctx.running.add(ctx.worker.worker);
  await patiently(ctx, () => requireOurs(ctx, vm));
  for (let tries = 1; ; tries += 1) {
    await waitForQuiet(ctx, vm, isBusy);
    const failure = await shutDownOnce(ctx, vm, isOff);
    if (failure === undefined) break;
    // A backup may begin at any moment: it is waited for again, a few times.
    if (failure instanceof TaskFailed && failure.failure === 'locked') {
      if (tries >= MAX_SHUTDOWNS) throw failure;
      continue;
    }
    await forceOff(ctx, vm, isOff, isBusy);
    break;
  }
  tellDone(ctx, 'stop', 'powered off');
}

/** Asks the guest to shut down. Returns why it did not. */
async function shutDownOnce(
  ctx: WorkerContext,
  vm: VmHandle,
  isOff: () => Promise<boolean>,
): Promise<Error | undefined> {
  const timeout = timeoutsOf(ctx).shutdown;
  try {
    await runStep(ctx, {
      name: 'stop',
      message: 'shutting down',
      waitingFor: 'waiting-for-shutdown',
      timeout: timeout + 60_000,
      vm,
      isDone: isOff,
      send: async () => {
        await requireOurs(ctx, vm);
        return ctx.ports.pve.write.shutdown(vm.node, vm.vmid, timeout);
      },
    });
    return undefined;
  } catch (error) {
    if (isWorthForce(error)) return error;
    throw error;
  }
}

/** A guest that hangs or is paused can't shut down by itself; a VM that isn't ours, or no right, is another matter. */
function isWorthForce(error: unknown): error is Error {
  if (error instanceof PveError) {
    const { failure } = error.facts;
    return failure !== 'forbidden' && failure !== 'unauthenticated' && failure !== 'untrusted';
  }
  return error instanceof TaskFailed || error instanceof TaskTimeout || error instanceof StepFailed;
}

/** Reads through a node or a connection that is away for a while: a worker is not left on for that. */
async function patiently<T>(ctx: WorkerContext, read: () => Promise<T>): Promise<T> {
  const { clock } = ctx.ports;
  const deadline = clock.monotonic() + timeoutsOf(ctx).shutdown;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!isAway(error) || clock.monotonic() >= deadline) throw error;
      tellProgress(ctx, 'stop', 'no answer', { waitingFor: 'waiting-for-node' });
      await clock.sleep(ASK_EVERY_MS, ctx.interrupts.second);
    }
  }
}

function isAway(error: unknown): boolean {
  if (!(error instanceof PveError)) return false;
  const { failure } = error.facts;
  return failure === 'node-unreachable' || failure === 'unanswered' || failure === 'unreachable';
}

async function forceOff(
  ctx: WorkerContext,
  vm: VmHandle,
  isOff: () => Promise<boolean>,
  isBusy: BusyGuest,
): Promise<void> {
  await waitForQuiet(ctx, vm, isBusy);
  tellWarning(ctx, `vm ${vm.vmid} did not shut down in time and is powered off hard`);
  await runStep(ctx, {
    name: 'stop',
    message: 'powering off hard',
    waitingFor: 'waiting-for-stop',
    timeout: 3 * 60_000,
    vm,
    isDone: isOff,
    send: async () => {
      await requireOurs(ctx, vm);
      return ctx.ports.pve.write.stop(vm.node, vm.vmid);
    },
  });
}

/** Waits until no backup locks the VM and no package manager runs in it, as long as patching may take. */
async function waitForQuiet(ctx: WorkerContext, vm: VmHandle, isBusy: BusyGuest): Promise<void> {
  const { clock, pve } = ctx.ports;
  const begun = clock.monotonic();
  const deadlineMs = timeoutsOf(ctx).patch;
  for (;;) {
    const { lock, status } = await patiently(ctx, () => pve.read.status(vm.node, vm.vmid));
    if (status === 'stopped') return;
    const reason =
      lock === 'backup'
        ? 'waiting-for-lock(backup)'
        : (await isBusy())
          ? 'waiting-for-packages'
          : undefined;
    if (reason === undefined) return;
    const waitedMs = clock.monotonic() - begun;
    if (waitedMs >= deadlineMs)
      throw new StepFailed(
        `vm ${vm.vmid} on ${vm.node} was left running: ${reason} for ${Math.round(waitedMs / 60_000)} minutes; power it off when that has ended: muster shutdown ${ctx.worker.worker}`,
      );
    tellProgress(ctx, 'stop', 'not yet powered off', { waitingFor: reason, waitedMs, deadlineMs });
    await clock.sleep(ASK_EVERY_MS, ctx.interrupts.second);
  }
}
