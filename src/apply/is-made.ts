import { PveError, StepFailed, TaskFailed, TaskTimeout } from '../model/errors.ts';
import type { VmConfig } from '../model/inventory.ts';
import { isVmMissing } from '../model/pve-texts.ts';
import { lacking } from '../plan/permissions.ts';
import type { PrivilegeNeed } from '../plan/privileges.ts';
import {
  recordOf,
  tellProgress,
  timeoutsOf,
  type VmHandle,
  type WorkerContext,
} from './context.ts';
import { doubtsAbout } from './identity.ts';
import { IdTaken } from './vm-id.ts';

const LOOK_EVERY_MS = 2000;
/** Without any task that makes it, seen by a token that sees all tasks, for so long: its task worker died. */
const UNSEEN_MS = 20_000;

const UNSEEN = 'by a guest that this token may not see, or on another node';

/** A VM that is being made. */
export interface Making {
  readonly vm: VmHandle;
  /** The task that makes it. It runs where PVE keeps the config until it has ended: the template's node, of a clone. */
  readonly task: { readonly node: string; readonly type: string; readonly id: number };
  /** False while nothing of ours can be under that id. */
  mayBeOurs: boolean;
}

/**
 * Whether that id holds the VM that this deploy is making. Waits while it is locked by clone or create, as long as a deploy may take. Throws IdTaken when it is
 * somebody else's, or when our own task has ended and left its lock: only root can mend that, and Muster goes on
 * under another id.
 */
export async function isMade(ctx: WorkerContext, making: Making): Promise<boolean> {
  const { vm, task: maker } = making;
  const { pve, clock } = ctx.ports;
  const { lineage } = ctx.ports.ledger.current();
  const deadline = clock.monotonic() + timeoutsOf(ctx).deploy;
  let unseenSince: number | undefined;
  for (;;) {
    if (await pve.read.idIsFree(vm.vmid)) return false;
    const config = await lookFor(ctx, vm, maker.node);
    if (config !== undefined && makingLock(config) === undefined) {
      const doubt = doubtsAbout(config, vm, lineage, 'card');
      if (doubt === undefined) return true;
      throw new IdTaken(vm.vmid, doubt);
    }
    const lock = config?.values.lock ?? 'clone';
    if (!making.mayBeOurs)
      throw new IdTaken(
        vm.vmid,
        config === undefined ? UNSEEN : `somebody is making it (lock ${lock})`,
      );
    unseenSince = (await isUnseen(ctx, making)) ? (unseenSince ?? clock.monotonic()) : undefined;
    const isLong = unseenSince !== undefined && clock.monotonic() - unseenSince > UNSEEN_MS;
    const task = isLong ? 'ended' : await ownTask(ctx, deadline - clock.monotonic());
    if (task === 'ended') await refuseDead(ctx, making);
    if (clock.monotonic() >= deadline) throw new StepFailed(stillMade(vm, lock));
    tellProgress(ctx, lock, `vm ${vm.vmid} is being made`, { waitingFor: `waiting-for-${lock}` });
    await clock.sleep(LOOK_EVERY_MS, ctx.interrupts.second);
  }
}

/** Its config where it belongs, or where a clone to another node still keeps it. A 403 tells nothing (fact 44). */
async function lookFor(
  ctx: WorkerContext,
  vm: VmHandle,
  makerNode: string,
): Promise<VmConfig | undefined> {
  for (const node of new Set([vm.node, makerNode])) {
    try {
      return await ctx.ports.pve.read.config(node, vm.vmid);
    } catch (error) {
      const isAbsent =
        isVmMissing(error) || (error instanceof PveError && error.facts.status === 403);
      if (!isAbsent) throw error;
    }
  }
  return undefined;
}

/** The lock of a VM that is being made. */
function makingLock({ values: { lock } }: VmConfig): string | undefined {
  return lock === 'clone' || lock === 'create' ? lock : undefined;
}

/** Nothing makes it any more: what is locked still, or can't be seen although its id is not free, never gets ready. */
async function refuseDead(ctx: WorkerContext, { vm, task }: Making): Promise<void> {
  const config = await lookFor(ctx, vm, task.node);
  if (config === undefined) {
    if (await ctx.ports.pve.read.idIsFree(vm.vmid)) return;
    throw new IdTaken(vm.vmid, UNSEEN);
  }
  const lock = makingLock(config);
  if (lock !== undefined) throw new IdTaken(vm.vmid, leftLocked(vm, lock));
}

/**
 * Waits for the task that the record names. `unknown`: there is none, or this token may not ask about it: a
 * token without Sys.Audit sees only its own tasks, so an unseen one proves nothing.
 */
async function ownTask(ctx: WorkerContext, left: number): Promise<'ended' | 'unknown'> {
  const doing = recordOf(ctx)?.doing;
  if (doing?.upid === undefined) return 'unknown';
  try {
    const wait = { timeout: Math.max(1000, left), signal: ctx.interrupts.second };
    await ctx.ports.pve.tasks.wait(doing.upid, wait);
    return 'ended';
  } catch (error) {
    if (error instanceof TaskFailed) return 'ended';
    if (error instanceof PveError || error instanceof TaskTimeout) return 'unknown';
    throw error;
  }
}

/** True only when this token sees everybody's tasks on that node, and none that runs can be making the VM. */
async function isUnseen(ctx: WorkerContext, { task }: Making): Promise<boolean> {
  const { permissions } = ctx.inventory;
  const need: PrivilegeNeed = {
    path: `/nodes/${task.node}`,
    anyOf: ['Sys.Audit'],
    why: 'to see all tasks',
  };
  if (permissions === undefined || lacking([need], permissions, undefined).length > 0) return false;
  const tasks = await ctx.ports.pve.tasks.list(task.node);
  return !tasks.some(
    ({ running, type, id }) => running && type === task.type && id === String(task.id),
  );
}

function leftLocked(vm: VmHandle, lock: string): string {
  return `its ${lock} was cut off and left a lock that only root can remove (on ${vm.node}: qm unlock ${vm.vmid} && qm destroy ${vm.vmid} --purge)`;
}

function stillMade(vm: VmHandle, lock: string): string {
  return `vm ${vm.vmid} on ${vm.node} is still locked (${lock}): whoever makes it has not ended`;
}
