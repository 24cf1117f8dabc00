import type { VmHandle, WorkerBase, WorkerContext } from '../apply/context.ts';
import { Interrupted } from '../apply/context.ts';
import { freshInventory } from '../apply/fresh.ts';
import { isBusy, launch, targetOf } from '../apply/launch-test.ts';
import { perform } from '../apply/perform.ts';
import { powerOff } from '../apply/power.ts';
import { beatGuest } from '../guest/launch-guest.ts';
import { Fenced } from '../model/errors.ts';
import { lookup } from '../model/lookup.ts';
import type { ActionKind } from '../model/plan.ts';
import { releaseLeases } from '../model/runs.ts';
import type { LaunchPhase } from '../model/session.ts';
import type { SessionAction, SessionWorker } from '../model/session-plan.ts';
import { clearDoing, recordUse } from '../model/transitions.ts';
import { workerDigest } from '../plan/worker-digest.ts';
import { isOutsideFailure } from './outside-failure.ts';
import { rememberMember } from './remember-member.ts';
import { changeSession, type Member, type SessionContext, sessionTime } from './session-context.ts';
import { endWorker, enterPhase, leaveWorkerOut } from './session-state.ts';

/** How often the guest's dead-man timer is put off. */
const BEAT_EVERY_MS = 5 * 60_000;

/**
 * One worker through a session: what its plan asks for → launched, tested, patched → works until it is let go →
 * powered off, always. One that fails on the way is left out and powered off; the session goes on without it.
 * Resolves to whether it is off. Rejects with bugs only.
 */
export async function leadMember(
  ctx: SessionContext,
  member: Member,
  subject: SessionWorker,
): Promise<boolean> {
  const base = await baseOf(ctx, subject);
  try {
    await prepare(ctx, base, subject);
    const vm = requireVm(base);
    await enter(ctx, subject, 'start');
    const { test } = await launch({ ...base, action: 'session' }, vm, ctx.session.kind);
    const failed = test.checks.find(({ result }) => result === 'fail');
    if (failed === undefined) await work(ctx, member, base, subject, vm);
    else await leaveOut(ctx, member, `${failed.id}: ${failed.seen}`);
  } catch (error) {
    if (!(error instanceof Interrupted) && !isOutsideFailure(error)) throw error;
    await leaveOut(ctx, member, error.message).catch(ignoreOutside);
  }
  const isOff = await turnOff(ctx, base, subject);
  ctx.bell.ring();
  return isOff;
}

async function baseOf(ctx: SessionContext, { worker }: SessionWorker): Promise<WorkerBase> {
  const plan = ctx.plan.workers.find((each) => each.worker === worker);
  const record = lookup(ctx.ports.ledger.current().workers, worker);
  if (plan === undefined) throw new Error(`the plan does not hold ${worker}`);
  const inventory = await freshInventory(ctx.ports.pve, ctx.inventory, record?.vm).catch(
    () => ctx.inventory,
  );
  const { ports, run, lanes, running, take, interrupts, startedAt } = ctx;
  const fixed = { ports, run, lanes, running, take, interrupts, startedAt, waitMs: 0 };
  return { ...fixed, plan: ctx.plan, inventory, worker: plan, planDigest: workerDigest(plan) };
}

/** Everything that comes before the launch, within the limits that an apply keeps too. */
async function prepare(
  ctx: SessionContext,
  base: WorkerBase,
  { node, worker, actions }: SessionWorker,
): Promise<void> {
  const { parallelism, perNode } = ctx.plan.limits;
  const kinds = actions.filter((action) => action !== 'launch');
  if (kinds.length === 0) return;
  await ctx.lanes.within(
    [
      { key: `node ${node}`, room: perNode },
      { key: 'all', room: parallelism },
    ],
    async () => {
      for (const action of kinds) {
        const phase = PHASES[action];
        if (phase !== undefined)
          await changeSession(ctx, (state, id) =>
            enterPhase(state, id, worker, phase, sessionTime(ctx)),
          );
        await perform({ ...base, action: action satisfies ActionKind });
      }
    },
  );
}

const PHASES: Readonly<Partial<Record<SessionAction, LaunchPhase>>> = {
  deploy: 'deploy',
  update: 'update',
};

/** Takes items until it is let go; its beats keep the guest's dead-man timer off. */
async function work(
  ctx: SessionContext,
  member: Member,
  base: WorkerBase,
  subject: SessionWorker,
  vm: VmHandle,
): Promise<void> {
  await enter(ctx, subject, 'work', vm.vmid);
  ctx.bell.ring();
  const { signal } = member.leave;
  const fence = lookup(ctx.ports.ledger.current().workers, subject.worker)?.lease?.fence ?? 0;
  const actor = { run: ctx.run.id, fence };
  while (!signal.aborted) {
    await ctx.ports.clock.sleep(BEAT_EVERY_MS, signal).catch(() => undefined);
    if (signal.aborted) break;
    await beatGuest(targetOf({ ...base, action: 'session' }, vm), actor).catch(ignoreOutside);
  }
}

/** Powers it off and gives it back. False when that could not be done. */
async function turnOff(
  ctx: SessionContext,
  base: WorkerBase,
  subject: SessionWorker,
): Promise<boolean> {
  const { worker } = subject;
  if (ctx.interrupts.second.aborted) return false;
  const act: WorkerContext = { ...base, action: 'session', closing: true };
  try {
    const vm = vmOf(base);
    if (vm !== undefined) {
      await enter(ctx, subject, 'stop');
      await powerOff(act, vm, isBusy(targetOf(act, vm)));
    }
    await changeSession(ctx, (state, id) => {
      const now = sessionTime(ctx);
      const ended = endWorker(state, id, worker, now);
      const used = recordUse(clearDoing(ended, worker), worker, now, ctx.session.session);
      return releaseLeases(rememberMember(used, id, worker), ctx.run.id, [worker]);
    });
    return true;
  } catch (error) {
    ignoreOutside(error);
    const message = `${worker} could not be powered off: ${error instanceof Error ? error.message : ''}`;
    ctx.ports.log.emit({ kind: 'warning', at: 0, worker, message });
    return false;
  }
}

async function leaveOut(ctx: SessionContext, member: Member, why: string): Promise<void> {
  member.leave.abort();
  await changeSession(ctx, (state, id) => leaveWorkerOut(state, id, member.worker, why));
}

async function enter(
  ctx: SessionContext,
  { worker }: SessionWorker,
  phase: LaunchPhase,
  vmid?: number,
): Promise<void> {
  await changeSession(ctx, (state, id) =>
    enterPhase(state, id, worker, phase, sessionTime(ctx), vmid),
  );
}

/** The recorded VM, on the node where it was found. */
export function vmOf(
  base: Pick<WorkerBase, 'ports' | 'inventory' | 'worker'>,
): VmHandle | undefined {
  const vm = lookup(base.ports.ledger.current().workers, base.worker.worker)?.vm;
  if (vm === undefined) return undefined;
  const node = base.inventory.vms[String(vm.vmid)]?.node ?? vm.node;
  return { vmid: vm.vmid, node, uuid: vm.uuid };
}

function requireVm(base: WorkerBase): VmHandle {
  const vm = vmOf(base);
  if (vm === undefined) throw new Error(`${base.worker.worker} has no VM`);
  return vm;
}

function ignoreOutside(error: unknown): void {
  if (error instanceof Fenced || !isOutsideFailure(error)) throw error;
}
