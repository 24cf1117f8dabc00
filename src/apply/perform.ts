import { StepFailed } from '../model/errors.ts';
import type { PatchRecord, TestRecord } from '../model/state.ts';
import {
  clearDoing,
  forgetVm,
  forgetWorker,
  recordObserved,
  recordVm,
} from '../model/transitions.ts';
import { attributesTakenIn } from '../plan/worker-views.ts';
import {
  changeRecord,
  changeState,
  recordOf,
  StillWorking,
  type VmHandle,
  type WorkerContext,
} from './context.ts';
import { converge } from './converge.ts';
import { deploy } from './deploy.ts';
import { deleteVm } from './destroy.ts';
import { NotOurs, requireOurs } from './identity.ts';
import { isBusy, launchForTest, targetOf } from './launch-test.ts';
import { migrate } from './migrate.ts';
import { powerOff } from './power.ts';
import { declare, recordMade, recordNode, refOf } from './record-made.ts';
import { desiredOf, subjectOf } from './subject.ts';

export interface Performed {
  readonly test?: TestRecord;
  readonly patch?: PatchRecord;
}

/** Runs one action of a worker's plan. What it finds done it leaves; the state says afterwards what is true. */
export async function perform(ctx: WorkerContext): Promise<Performed> {
  switch (ctx.action) {
    case 'shutdown':
      await shutDown(ctx);
      return {};
    case 'forget':
      await changeState(ctx, forgetWorker);
      return {};
    case 'destroy':
      await destroy(ctx);
      return {};
    case 'adopt':
      await adopt(ctx);
      return {};
    case 'rename':
      // The record was renamed together with the taking of its lease.
      return {};
    case 'configure':
      await configure(ctx);
      return {};
    case 'deploy':
      await deployOnce(ctx);
      return {};
    case 'update':
      await update(ctx);
      return {};
    case 'replace':
      await replace(ctx);
      return {};
    case 'test':
      return launchForTest(ctx, requireVm(ctx));
    case 'session':
      throw new Error('a session is not run by an apply');
  }
}

/** The recorded VM, on the node where it was found. */
function vmOf(ctx: WorkerContext): VmHandle | undefined {
  const vm = recordOf(ctx)?.vm;
  if (vm === undefined) return undefined;
  const node = ctx.inventory.vms[String(vm.vmid)]?.node ?? vm.node;
  return { vmid: vm.vmid, node, uuid: vm.uuid };
}

function requireVm(ctx: WorkerContext): VmHandle {
  const vm = vmOf(ctx);
  if (vm === undefined) throw new StepFailed(`${ctx.worker.worker} has no VM`);
  return vm;
}

/** Also of a VM that is about to be adopted, and that no record names yet. */
async function shutDown(ctx: WorkerContext): Promise<void> {
  const vm = vmOf(ctx) ?? plannedVm(ctx);
  const { worker } = ctx.worker;
  const isForced = ctx.plan.options.force.includes(worker);
  const working = isForced ? [] : await ctx.care.collect(ctx, vm);
  if (working.length > 0) throw new StillWorking(worker, working);
  await powerOff(ctx, vm, isBusy(targetOf(ctx, vm)));
  await changeRecord(ctx, clearDoing);
}

/** Deletes the VM. An undeclared worker's record goes with it; a declared one is Configured again. */
async function destroy(ctx: WorkerContext): Promise<void> {
  const recorded = vmOf(ctx);
  const vm = recorded ?? plannedVm(ctx);
  // What an interrupted deploy left may bear its card only; an orphan has all marks.
  const isUnmarked = recorded === undefined && recordOf(ctx) !== undefined;
  await powerOff(ctx, vm, isBusy(targetOf(ctx, vm)));
  await deleteVm(ctx, vm, isUnmarked ? 'card' : 'strong-and-soft');
  const keep = ctx.worker.desired !== undefined;
  await changeRecord(ctx, (state, worker) => {
    return keep ? clearDoing(forgetVm(state, worker), worker) : forgetWorker(state, worker);
  });
}

/**
 * The VM that the plan names although no record does: an orphan to prune, one to adopt, or what an interrupted
 * deploy left. No plan destroys, adopts or powers off a worker without naming its VM.
 */
function plannedVm(ctx: WorkerContext): VmHandle {
  const { worker, vmid, uuid, node } = ctx.worker;
  if (vmid === undefined || uuid === undefined)
    throw new StepFailed(`${worker} has no VM that could be powered off, destroyed or adopted`);
  return { vmid, uuid, node };
}

/**
 * Records what is declared. The VM, if a former one is gone, is forgotten; nothing is asked of PVE. What an
 * interrupted deploy has begun stays recorded for the deploy that follows.
 */
async function configure(ctx: WorkerContext): Promise<void> {
  const { actions, reasons } = ctx.worker;
  const { spec } = desiredOf(ctx);
  await changeState(ctx, (state, worker) => {
    const isGone = reasons.includes('vm-gone');
    const placed = isGone ? state : recordNode(state, worker, vmOf(ctx), spec);
    const declared = declare(ctx, placed, spec);
    const settled = actions.includes('deploy') ? declared : clearDoing(declared, worker);
    return isGone ? forgetVm(settled, worker) : settled;
  });
}

/**
 * A worker has one VM: when the record names one that is there, an earlier run of this plan made it, and it is
 * only brought to its declaration. One that is proven gone is forgotten first.
 */
async function deployOnce(ctx: WorkerContext): Promise<void> {
  const vm = vmOf(ctx);
  if (vm === undefined) {
    await deploy(ctx);
    return;
  }
  if (await isStillOurs(ctx, vm)) {
    await update(ctx);
    return;
  }
  await changeState(ctx, (state, worker) => clearDoing(forgetVm(state, worker), worker));
  await deploy(ctx);
}

/** False only when the id is free, or when another guest has it by now. Throws when the VM can't be seen. */
async function isStillOurs(ctx: WorkerContext, vm: VmHandle): Promise<boolean> {
  if (ctx.inventory.vms[String(vm.vmid)]?.kind === 'lxc') return false;
  if (await ctx.ports.pve.read.idIsFree(vm.vmid)) return false;
  try {
    await requireOurs(ctx, vm);
    return true;
  } catch (error) {
    if (error instanceof NotOurs) return false;
    throw error;
  }
}

async function update(ctx: WorkerContext): Promise<void> {
  const vm = requireVm(ctx);
  const target = subjectOf(ctx, vm.uuid).spec.node;
  const placed = vm.node === target ? vm : await migrate(ctx, vm, target);
  await converge(ctx, placed, false);
  await recordMade(ctx, placed);
}

/** Destroy, then deploy, under the same id. When the deploy fails the worker is Configured, not lost. */
async function replace(ctx: WorkerContext): Promise<void> {
  const vm = vmOf(ctx);
  if (vm !== undefined) {
    await powerOff(ctx, vm, isBusy(targetOf(ctx, vm)));
    await deleteVm(ctx, vm);
  }
  await deploy(ctx);
}

/** Takes a VM that bears all our marks into the state; an update in the same plan brings it to its declaration. */
async function adopt(ctx: WorkerContext): Promise<void> {
  const { spec } = desiredOf(ctx);
  const vm = plannedVm(ctx);
  const config = await requireOurs(ctx, vm, 'strong-and-soft');
  const ref = refOf(vm, config);
  const image = { name: spec.image, source: 'unknown' };
  const pool = ctx.inventory.vms[String(vm.vmid)]?.pool;
  const observed = attributesTakenIn(config, { ...vm, ...(pool === undefined ? {} : { pool }) });
  await changeState(ctx, (state, worker) => {
    const made = recordVm(declare(ctx, state, spec), worker, ref, image);
    return recordObserved(made, worker, observed);
  });
}
