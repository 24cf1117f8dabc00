import type { SessionCare, VmHandle, WorkerContext } from '../apply/context.ts';
import { clusterNow } from '../apply/context.ts';
import { targetOf } from '../apply/launch-test.ts';
import { guestActivity } from '../guest/activity.ts';
import { keyDirectory, pollItem } from '../guest/supervise-item.ts';
import type { GuestTarget } from '../guest/target.ts';
import type { LiveSession } from '../model/session.ts';
import { deadSessions, type RunningItem, runningIn } from './dead-sessions.ts';
import { endingOf } from './item-ending.ts';
import { lastLineOf } from './last-line.ts';
import { isOutsideFailure } from './outside-failure.ts';
import { attemptKey } from './session-items.ts';
import { type AttemptEnded, endAttempt } from './session-state.ts';

/** Attempts of a patch run are no work items: whoever powers off waits for package managers by itself. */
const OWN = /^patch_/;

/** Before a worker that somebody left running is powered off: what ran in it is collected, what still runs is kept. */
export const sessionCare: SessionCare = {
  collect: async (ctx, vm) => {
    const now = clusterNow(ctx);
    const sessions = deadSessions(ctx.ports.ledger.current(), now);
    const working: string[] = [];
    const known = new Set<string>();
    for (const session of sessions)
      for (const running of runningIn(session, ctx.worker.worker)) {
        const key = attemptKey(session.id, running.item, running.attempt);
        known.add(keyDirectory(key));
        if (!(await collectOne(ctx, vm, session, running)))
          working.push(`${running.item} of session ${session.id}`);
      }
    const { attempts } = await guestActivity(targetOf(ctx, vm)).catch(ifSilent({ attempts: [] }));
    const others = attempts.filter((name) => !known.has(name) && !OWN.test(name));
    return [...working, ...others];
  },
};

/** False while it runs. */
async function collectOne(
  ctx: WorkerContext,
  vm: VmHandle,
  { id }: LiveSession,
  { item, attempt }: RunningItem,
): Promise<boolean> {
  const target = targetOf(ctx, vm);
  const found = await howItEnded(target, attemptKey(id, item, attempt));
  if (found === undefined) return false;
  const ended = { item, attempt, at: clusterNow(ctx), ...found };
  await ctx.ports.ledger.commit((state) => endAttempt(state, id, ended));
  return true;
}

/** undefined: it runs. A guest that doesn't answer is about to be powered off: then nobody will ever know. */
async function howItEnded(
  target: GuestTarget,
  key: string,
): Promise<Pick<AttemptEnded, 'result' | 'exitCode' | 'lastLine'> | undefined> {
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
