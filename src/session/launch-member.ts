import type { VmHandle, WorkerBase, WorkerContext } from '../apply/context.ts';
import { Interrupted, StillWorking } from '../apply/context.ts';
import { freshInventory } from '../apply/fresh.ts';
import { requireOurs } from '../apply/identity.ts';
import { actorOf, isBusy, launch, targetOf } from '../apply/launch-test.ts';
import { perform } from '../apply/perform.ts';
import { powerOff } from '../apply/power.ts';
import { beatGuest, launchGuest } from '../guest/launch-guest.ts';
import { BEAT_EVERY_MS } from '../guest/while-beating.ts';
import { Fenced } from '../model/errors.ts';
import { lookup } from '../model/lookup.ts';
import type { ActionKind } from '../model/plan.ts';
import { releaseLeases } from '../model/runs.ts';
import type { LaunchPhase } from '../model/session.ts';
import type { SessionAction } from '../model/session-plan.ts';
import type { State } from '../model/state.ts';
import { clearDoing, recordUse } from '../model/transitions.ts';
import { workerDigest } from '../plan/worker-digest.ts';
import { collectOne } from './collect-attempts.ts';
import { loseAttempts, runningIn } from './dead-sessions.ts';
import { isOutsideFailure } from './outside-failure.ts';
import { rememberMember } from './remember-member.ts';
import {
  changeSession,
  liveSession,
  type Member,
  type Part,
  type SessionContext,
  sessionTime,
  sinceSessionStart,
} from './session-context.ts';
import { endWorker, enterPhase, leaveWorkerOut } from './session-state.ts';
import { requireVm, vmOf } from './worker-vm.ts';

/**
 * One worker through a session: what its plan asks for → launched, tested, patched → works until it is let go →
 * powered off, always. One that fails on the way is left out and powered off; the session goes on without it.
 * Resolves to whether it is off. Rejects with bugs only.
 */
export async function leadMember(
  ctx: SessionContext,
  member: Member,
  part: Part,
): Promise<boolean> {
  const { subject, how } = part;
  const base = await baseOf(ctx, part);
  try {
    if (how === 'go-on') await goOn(ctx, member, base, subject);
    else if (how === 'launch') await launchAndWork(ctx, member, base, part);
  } catch (error) {
    if (error instanceof StillWorking) return await leaveAlone(ctx, member, error);
    if (!(error instanceof Interrupted) && !isOutsideFailure(error)) throw error;
    await leaveOut(ctx, member, error.message).catch(ignoreOutside);
  }
  const isOff = await turnOff(ctx, base, subject);
  ctx.collecting.delete(subject.worker);
  ctx.bell.ring();
  return isOff;
}

async function launchAndWork(
  ctx: SessionContext,
  member: Member,
  base: WorkerBase,
  { subject, collects }: Part,
): Promise<void> {
  await prepare(ctx, base, subject);
  const vm = requireVm(base);
  await enter(ctx, subject, 'start');
  const onPhase = (phase: LaunchPhase): Promise<void> => enter(ctx, subject, phase);
  const { test } = await launch({ ...base, action: 'session', onPhase }, vm, ctx.kind);
  if (collects === true) await collect(ctx, { ...base, action: 'session' }, vm);
  const failed = test.checks.find(({ result }) => result === 'fail');
  if (failed === undefined) await work(ctx, member, base, subject, vm);
  else await leaveOut(ctx, member, `${failed.id}: ${failed.seen}`);
}

/**
 * A worker that runs and was tested by a run that is dead: taken over with this run's fence. Its files stay as
 * they are, because something may run that was begun with them.
 */
async function goOn(
  ctx: SessionContext,
  member: Member,
  base: WorkerBase,
  subject: Part['subject'],
): Promise<void> {
  const { worker } = subject;
  const vm = requireVm(base);
  const act: WorkerContext = { ...base, action: 'session' };
  ctx.running.add(worker);
  await requireOurs(act, vm);
  try {
    const taken = { ...actorOf(act), worker, files: [], contents: {} };
    await launchGuest(targetOf(act, vm), taken);
  } catch (error) {
    ignoreOutside(error);
    // Only what runs in it is worth waiting for; who follows that gives it up after a while.
    if (!isWorkedIn(ctx, worker)) throw error;
  }
  await work(ctx, member, base, subject, vm);
}

/** It was off: what ran in it before is over, and its disk tells how as far as it ended by itself. */
async function collect(ctx: SessionContext, act: WorkerContext, vm: VmHandle): Promise<void> {
  const { worker } = act.worker;
  for (const running of runningIn(liveSession(ctx), worker))
    await collectOne(act, vm, ctx.id, running);
  ctx.collecting.delete(worker);
}

function isWorkedIn(ctx: SessionContext, worker: string): boolean {
  return Object.values(liveSession(ctx).attempts).some((attempts) => {
    const last = attempts.at(-1);
    return last?.worker === worker && last.result === 'running';
  });
}

/** Another session's item runs in it, which nobody leads any more: not ours to power off. */
async function leaveAlone(ctx: SessionContext, member: Member, why: Error): Promise<boolean> {
  await leaveOut(ctx, member, why.message);
  await changeSession(ctx, (state, id) => {
    const ended = endWorker(state, id, member.worker, sessionTime(ctx));
    return releaseLeases(ended, ctx.run.id, [member.worker]);
  });
  ctx.collecting.delete(member.worker);
  ctx.bell.ring();
  return true;
}

async function baseOf(
  ctx: SessionContext,
  { subject: { worker }, plan: whole, inventory: seen }: Part,
): Promise<WorkerBase> {
  const plan = whole.workers.find((each) => each.worker === worker);
  const record = lookup(ctx.ports.ledger.current().workers, worker);
  if (plan === undefined) throw new Error(`the plan does not hold ${worker}`);
  const inventory = await freshInventory(ctx.ports.pve, seen, record?.vm).catch(() => seen);
  const { ports, run, lanes, running, take, interrupts, startedAt, care } = ctx;
  const fixed = { ports, run, lanes, running, take, interrupts, startedAt, care, waitMs: 0 };
  const planDigest = workerDigest(plan);
  return { ...fixed, plan: whole, inventory, worker: plan, planDigest };
}

/** Everything that comes before the launch, within the limits that an apply keeps too. */
async function prepare(
  ctx: SessionContext,
  base: WorkerBase,
  { node, worker, actions }: Part['subject'],
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
  subject: Part['subject'],
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
  subject: Part['subject'],
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
      const ended = endWorker(loseAttempts(state, id, worker, now), id, worker, now);
      const used = recordUse(withoutLaunch(ended, worker), worker, now, ctx.label);
      return releaseLeases(rememberMember(used, id, worker), ctx.run.id, [worker]);
    });
    return true;
  } catch (error) {
    ignoreOutside(error);
    const message = `${worker} could not be powered off: ${error instanceof Error ? error.message : ''}`;
    ctx.ports.log.emit({ kind: 'warning', at: sinceSessionStart(ctx), worker, message });
    return false;
  }
}

/** A deploy or an update that did not end stays recorded: whoever comes next goes on with it. */
function withoutLaunch(state: State, worker: string): State {
  const doing = lookup(state.workers, worker)?.doing;
  return doing?.action === 'session' ? clearDoing(state, worker) : state;
}

async function leaveOut(ctx: SessionContext, member: Member, why: string): Promise<void> {
  member.leave.abort();
  await changeSession(ctx, (state, id) => leaveWorkerOut(state, id, member.worker, why));
}

async function enter(
  ctx: SessionContext,
  { worker }: Part['subject'],
  phase: LaunchPhase,
  vmid?: number,
): Promise<void> {
  await changeSession(ctx, (state, id) =>
    enterPhase(state, id, worker, phase, sessionTime(ctx), vmid),
  );
}

function ignoreOutside(error: unknown): void {
  if (error instanceof Fenced || !isOutsideFailure(error)) throw error;
}
