import type { SessionCare, VmHandle, WorkerContext, Working } from '../apply/context.ts';
import { clusterNow } from '../apply/context.ts';
import { targetOf } from '../apply/launch-test.ts';
import { guestActivity } from '../guest/activity.ts';
import { keyDirectory, pollItem } from '../guest/supervise-item.ts';
import type { GuestTarget } from '../guest/target.ts';
import { deadSessions, type RunningItem, runningIn } from './dead-sessions.ts';
import { endingOf, endTime, type ItemEnding } from './item-ending.ts';
import { lastLineOf } from './last-line.ts';
import { isOutsideFailure } from './outside-failure.ts';
import { attemptKey, attemptsOf } from './session-items.ts';
import { endAttempt, requireLive } from './session-state.ts';

/** Attempts of a patch run are no work items: whoever powers off waits for package managers by itself. */
const OWN = /^patch_/;

/** Before a worker that somebody left running is powered off: what ran in it is collected, what still runs is kept. */
export const sessionCare: SessionCare = {
  collect: async (ctx, vm) => {
    const now = clusterNow(ctx);
    const sessions = deadSessions(ctx.ports.ledger.current(), now);
    const working: Working[] = [];
    const known = new Set<string>();
    for (const session of sessions)
      for (const running of runningIn(session, ctx.worker.worker)) {
        const key = attemptKey(session.id, running.item, running.attempt);
        known.add(keyDirectory(key));
        if (!(await collectOne(ctx, vm, session.id, running)))
          working.push({ item: running.item, session: session.id });
      }
    const { attempts } = await guestActivity(targetOf(ctx, vm)).catch(ifSilent({ attempts: [] }));
    const others = attempts.filter((name) => !known.has(name) && !OWN.test(name));
    return [...working, ...others.map((item) => ({ item }))];
  },
};

/** Records how an attempt ended that nobody follows. False while it runs. */
export async function collectOne(
  ctx: WorkerContext,
  vm: VmHandle,
  id: string,
  { item, attempt }: RunningItem,
): Promise<boolean> {
  const target = targetOf(ctx, vm);
  const found = await howItEnded(target, attemptKey(id, item, attempt));
  if (found === undefined) return false;
  await ctx.ports.ledger.commit((state) => {
    const begun = attemptsOf(requireLive(state, id), item)[attempt - 1]?.startedAt ?? 0;
    const at = endTime(begun, found, clusterNow(ctx));
    return endAttempt(state, id, { item, attempt, at, ...found });
  });
  return true;
}

/** undefined: it runs. A guest that doesn't answer is about to be powered off: then nobody will ever know. */
async function howItEnded(target: GuestTarget, key: string): Promise<ItemEnding | undefined> {
  const status = await pollItem(target, key, 'last').catch(ifSilent(undefined));
  switch (status?.state) {
    case 'running':
    case 'starting':
      return undefined;
    case 'ended':
      return endingOf(status, lastLineOf(status.tail ?? status.output));
    default:
      return { result: 'lost' };
  }
}

function ifSilent<T>(otherwise: T): (error: unknown) => T {
  return (error) => {
    if (!isOutsideFailure(error)) throw error;
    return otherwise;
  };
}
