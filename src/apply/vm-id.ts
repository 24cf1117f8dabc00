import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { lookup } from '../model/lookup.ts';
import { reserveVmid, vmidOwner } from '../model/transitions.ts';
import { recordOf, type VmHandle, type WorkerContext } from './context.ts';
import { desiredOf } from './subject.ts';

/** An id turned out to be somebody else's (ids are not reserved by PVE's nextid). */
export class IdTaken extends Error {
  readonly vmid: number;
  constructor(vmid: number, seen: string) {
    super(`vm id ${vmid} is taken: ${seen}`);
    this.name = 'IdTaken';
    this.vmid = vmid;
  }
}

export interface Placed {
  readonly vm: VmHandle;
  /** An interrupted deploy may have begun to make it: what is there under that id may be ours. */
  readonly isBegun: boolean;
}

/**
 * The id, node and uuid for a VM to be made. What an interrupted deploy of this worker began is gone on with;
 * otherwise the planned id, or the next free one of the range. The record reserves it before anything is sent.
 */
export async function placeVm(ctx: WorkerContext, not: readonly number[]): Promise<Placed> {
  const { node, vmid: explicit } = desiredOf(ctx).spec;
  const { vmid: begun, node: where, uuid, step = '' } = recordOf(ctx)?.doing ?? {};
  const isBegun = begun !== undefined && where !== undefined && uuid !== undefined;
  if (isBegun && isMaking(step) && !not.includes(begun))
    return { vm: { vmid: begun, node: where, uuid }, isBegun: true };
  if (explicit !== undefined && not.includes(explicit))
    throw new DiagnosticsError([
      problem(
        'vmid-taken',
        `vm id ${explicit}, which ${ctx.worker.worker} asks for, is taken by another VM`,
        'Free that id, or declare another vmid (or none, to have one chosen).',
      ),
    ]);
  for (const vmid of candidates(ctx, explicit)) {
    if (not.includes(vmid) || !(await ctx.ports.pve.read.idIsFree(vmid))) continue;
    const vm = { vmid, node, uuid: ctx.ports.random.uuid() };
    if (await reserve(ctx, vm)) return { vm, isBegun: false };
  }
  const { from, to } = ctx.plan.vmids;
  throw new DiagnosticsError([
    problem(
      'no-free-vmid',
      `no id from ${from} to ${to} is free for ${ctx.worker.worker}`,
      'Widen cluster.vmids, or remove guests that hold ids of this range.',
    ),
  ]);
}

/** Steps of a deploy; behind the first of them a VM may be there. */
const MAKING = ['place', 'download', 'clone', 'create', 'move-disk', 'set-config', 'resize'];

function isMaking(step: string): boolean {
  return MAKING.includes(step);
}

function* candidates(ctx: WorkerContext, explicit: number | undefined): Generator<number> {
  if (explicit !== undefined) {
    yield explicit;
    return;
  }
  const planned = ctx.worker.vmid;
  if (planned !== undefined) yield planned;
  const { from, to } = ctx.plan.vmids;
  const others = new Set(ctx.plan.workers.map((worker) => worker.vmid));
  for (let vmid = from; vmid <= to; vmid += 1) {
    if (!others.has(vmid) && ctx.inventory.vms[String(vmid)] === undefined) yield vmid;
  }
}

/** Saves the intent with that id; false when another worker's record has it. */
async function reserve(ctx: WorkerContext, vm: VmHandle): Promise<boolean> {
  const worker = ctx.worker.worker;
  const doing = {
    run: ctx.run.id,
    action: ctx.action,
    step: 'place',
    ...vm,
    plan: ctx.planDigest,
  };
  const state = await ctx.ports.ledger.commit((current) => {
    const owner = vmidOwner(current, vm.vmid);
    return owner === undefined || owner === worker ? reserveVmid(current, worker, doing) : current;
  });
  return lookup(state.workers, worker)?.doing?.uuid === vm.uuid;
}
