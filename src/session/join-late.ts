import { DiagnosticsError } from '../model/diagnostic.ts';
import { PveError } from '../model/errors.ts';
import { lookup } from '../model/lookup.ts';
import { holderOf } from '../model/runs.ts';
import {
  changeSession,
  liveSession,
  type Part,
  type Planned,
  type SessionContext,
  type SessionInput,
  sessionTime,
} from './session-context.ts';
import { itemState } from './session-items.ts';
import { joinWorker } from './session-state.ts';

const ASK_EVERY_MS = 30_000;

/**
 * Takes in workers that others had leased, as soon as they are free, for as long as `waitForWorkers` says and
 * items wait. Each is planned again first: its former holder may have changed it.
 */
export function joinLate({
  session,
  replan,
}: Pick<SessionInput, 'session' | 'replan'>): (
  ctx: SessionContext,
  admit: (part: Part) => void,
  signal: AbortSignal,
) => Promise<void> {
  return async (ctx, admit, signal) => {
    const { clock } = ctx.ports;
    const deadline = clock.monotonic() + session.guards.waitForWorkers;
    const stop = AbortSignal.any([signal, ctx.interrupts.first, ctx.interrupts.second]);
    while (replan !== undefined && ctx.hopedFor.size > 0 && clock.monotonic() < deadline) {
      const pause = Math.min(ASK_EVERY_MS, deadline - clock.monotonic());
      await clock.sleep(pause, stop).catch(() => undefined);
      if (stop.aborted) break;
      if (await anyFree(ctx)) await take(ctx, replan, admit);
    }
    ctx.hopedFor.clear();
    ctx.bell.ring();
  };
}

/** True when one of them is free and something waits for it. */
async function anyFree(ctx: SessionContext): Promise<boolean> {
  const session = liveSession(ctx);
  if (!session.items.some((item) => itemState(session, item) === 'waiting')) return false;
  const state = await ctx.ports.ledger.refresh();
  const now = sessionTime(ctx);
  return [...ctx.hopedFor].some((name) => {
    const record = lookup(state.workers, name);
    return record !== undefined && holderOf(record, state, now) === undefined;
  });
}

async function take(
  ctx: SessionContext,
  replan: () => Promise<Planned>,
  admit: (part: Part) => void,
): Promise<void> {
  const planned = await replan().catch((error: unknown) => {
    if (error instanceof DiagnosticsError || error instanceof PveError) return undefined;
    throw error;
  });
  const fit = (planned?.session.workers ?? []).filter(({ worker }) => ctx.hopedFor.has(worker));
  if (planned === undefined || fit.length === 0) return;
  const { refused } = await ctx.take(fit.map(({ worker }) => worker));
  const had = fit.filter(({ worker }) => !refused.some((each) => each.worker === worker));
  const now = sessionTime(ctx);
  await changeSession(ctx, (before, id) =>
    had.reduce((state, { worker, node, vmid, readyAt }) => {
      const slots = planned.plan.workers.find((each) => each.worker === worker)?.desired?.spec
        .slots;
      const known = vmid === undefined ? {} : { vmid };
      const expectedAt = now + Math.round(readyAt);
      return joinWorker(state, id, worker, { node, ...known, slots: slots ?? 1, expectedAt });
    }, before),
  );
  const { plan, inventory } = planned;
  for (const subject of had) {
    ctx.hopedFor.delete(subject.worker);
    admit({ subject, how: 'launch', plan, inventory });
  }
  ctx.bell.ring();
}
