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

/** A VM that is being made. */
export interface Making {
  readonly vm: VmHandle;
  /** Where PVE keeps it until a clone has ended: the template's node. */
  readonly cloneNode: string;
  readonly template?: number;
  /** False while nothing of ours can be under that id. */
  mayBeOurs: boolean;
}

/**
 * Whether that id holds the VM that this deploy is making. Waits while it is locked by clone or create, as long as a deploy may take. Throws IdTaken when it is
 * somebody else's, or when our own task has ended and left its lock: only root can mend that, and Muster goes on
 * under another id.
 */
export async function isMade(ctx: WorkerContext, making: Making): Promise<boolean> {
  const { vm, cloneNode } = making;
  const { pve, clock } = ctx.ports;
  const { lineage } = ctx.ports.ledger.current();
  const deadline = clock.monotonic() + timeoutsOf(ctx).deploy;
  let unseenSince: number | undefined;
  for (;;) {
    if (await pve.read.idIsFree(vm.vmid)) return false;
    const config = await lookFor(ctx, vm, cloneNode);
    const lock = config?.values.lock;
    if (config !== undefined && lock !== 'clone' && lock !== 'create') {
      const doubt = doubtsAbout(config, vm, lineage, 'card');
      if (doubt === undefined) return true;
      throw new IdTaken(vm.vmid, doubt);
    }
    if (config === undefined && !making.mayBeOurs)
      throw new IdTaken(vm.vmid, 'by a guest that this token may not see, or on another node');
    if (!making.mayBeOurs) throw new IdTaken(vm.vmid, `somebody is making it (lock ${lock})`);
    unseenSince = (await isUnseen(ctx, making)) ? (unseenSince ?? clock.monotonic()) : undefined;
    const isLong = unseenSince !== undefined && clock.monotonic() - unseenSince > UNSEEN_MS;
    const task = isLong ? 'ended' : await ownTask(ctx, vm, deadline - clock.monotonic());
    if (config === undefined && task === 'ended' && !(await pve.read.idIsFree(vm.vmid)))
      throw new IdTaken(vm.vmid, 'by a guest that this token may not see');
    if (config !== undefined && task === 'ended' && (await isStillLocked(ctx, vm, cloneNode)))
      throw new IdTaken(vm.vmid, leftLocked(vm, lock ?? 'clone'));
    if (clock.monotonic() >= deadline) throw new StepFailed(stillMade(vm, lock ?? 'clone'));
    tellProgress(ctx, lock ?? 'clone', `vm ${vm.vmid} is being made`, {
      waitingFor: `waiting-for-${lock ?? 'clone'}`,
    });
    await clock.sleep(LOOK_EVERY_MS, ctx.interrupts.second);
  }
}

/** Its config where it belongs, or where a clone to another node still keeps it. A 403 tells nothing (fact 44). */
async function lookFor(
  ctx: WorkerContext,
  vm: VmHandle,
  cloneNode: string,
): Promise<VmConfig | undefined> {
  for (const node of new Set([vm.node, cloneNode])) {
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

async function isStillLocked(
  ctx: WorkerContext,
  vm: VmHandle,
  cloneNode: string,
): Promise<boolean> {
  const lock = (await lookFor(ctx, vm, cloneNode))?.values.lock;
  return lock === 'clone' || lock === 'create';
}

/**
 * Waits for the task that the record names. `unknown`: there is none, or this token may not ask about it: a
 * token without Sys.Audit sees only its own tasks, so an unseen one proves nothing.
 */
async function ownTask(
  ctx: WorkerContext,
  vm: VmHandle,
  left: number,
): Promise<'ended' | 'unknown'> {
  const doing = recordOf(ctx)?.doing;
  if (doing?.upid === undefined || doing.vmid !== vm.vmid) return 'unknown';
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
async function isUnseen(ctx: WorkerContext, { vm, cloneNode, template }: Making): Promise<boolean> {
  const { permissions } = ctx.inventory;
  const need: PrivilegeNeed = {
    path: `/nodes/${cloneNode}`,
    anyOf: ['Sys.Audit'],
    why: 'to see all tasks',
  };
  if (permissions === undefined || lacking([need], permissions, undefined).length > 0) return false;
  const tasks = await ctx.ports.pve.tasks.list(cloneNode);
  return !tasks.some(
    ({ running, type, id }) =>
      running &&
      ((type === 'qmclone' && id === String(template)) ||
        (type === 'qmcreate' && id === String(vm.vmid))),
  );
}

function leftLocked(vm: VmHandle, lock: string): string {
  return `its ${lock} was cut off and left a lock that only root can remove (on ${vm.node}: qm unlock ${vm.vmid} && qm destroy ${vm.vmid} --purge)`;
}

function stillMade(vm: VmHandle, lock: string): string {
  return `vm ${vm.vmid} on ${vm.node} is still locked (${lock}): whoever makes it has not ended`;
}
