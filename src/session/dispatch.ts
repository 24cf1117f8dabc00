import { lookup } from '../model/lookup.ts';
import { formatDuration } from '../model/quantity.ts';
import type { LiveSession, SessionItem } from '../model/session.ts';
import { runItem } from './run-item.ts';
import type { Assignment } from './schedule.ts';
import {
  changeSession,
  liveSession,
  type SessionContext,
  sessionTime,
  sinceSessionStart,
} from './session-context.ts';
import { isGuardBroken } from './session-guard.ts';
import { attemptsOf, itemState, nextAssignments } from './session-items.ts';
import { beginAttempt } from './session-state.ts';

/** Other sessions give repositories' room back without telling. */
const LOOK_AGAIN_MS = 15_000;

/**
 * Hands out items until nothing waits that anybody could run and nothing runs any more. Workers that are not
 * needed again are let go as soon as that is certain. After an interrupt nothing new is handed out, and what
 * runs is ended when its grace is over.
 */
export async function dispatch(ctx: SessionContext): Promise<void> {
  const attempts = new Map<string, Promise<void>>();
  const cancel = new AbortController();
  const stuck = new Set<string>();
  const bugs: unknown[] = [];
  const follow = (session: LiveSession, item: SessionItem): void => {
    const done = followAttempt(ctx, session, item, cancel.signal)
      .catch((error: unknown) => {
        bugs.push(error);
      })
      .then(() => {
        // Its end was recorded a moment ago: the next attempt may have begun already, and is another one's.
        if (attempts.get(item.name) === done) {
          attempts.delete(item.name);
          if (itemState(liveSession(ctx), item) === 'running') stuck.add(item.name);
        }
        ctx.bell.ring();
      });
    attempts.set(item.name, done);
  };
  const grace = graceTimer(ctx, cancel);
  adopt(ctx, follow);
  while (!ctx.interrupts.second.aborted && bugs.length === 0) {
    if (!ctx.interrupts.first.aborted) await assign(ctx, follow);
    letGo(ctx, attempts.size, stuck);
    if (attempts.size === 0 && ctx.collecting.size === 0 && !mayStartMore(ctx)) break;
    await ctx.bell.wait(LOOK_AGAIN_MS);
  }
  cancel.abort();
  await Promise.all([...attempts.values()]);
  grace.abort();
  if (bugs.length > 0) throw bugs[0];
}

/** Attempts that run already: of a session that is gone on with. */
function adopt(
  ctx: SessionContext,
  follow: (session: LiveSession, item: SessionItem) => void,
): void {
  const session = liveSession(ctx);
  for (const item of session.items) {
    const worker = attemptsOf(session, item.name).at(-1)?.worker ?? '';
    const isFollowed = itemState(session, item) === 'running' && !ctx.collecting.has(worker);
    if (isFollowed) follow(session, item);
  }
}

async function assign(
  ctx: SessionContext,
  follow: (session: LiveSession, item: SessionItem) => void,
): Promise<void> {
  if (isGuardBroken(liveSession(ctx))) return;
  const state = ctx.ports.ledger.current();
  const { assignments } = nextAssignments(liveSession(ctx), state, sessionTime(ctx));
  const usable = assignments.filter(
    ({ worker }) => ctx.members.get(worker)?.leave.signal.aborted === false,
  );
  if (usable.length === 0) return;
  await changeSession(ctx, (before, id) =>
    usable.reduce((next, assignment) => beginAttempt(next, id, attemptOf(ctx, assignment)), before),
  );
  const session = liveSession(ctx);
  for (const { item: name, worker, place } of usable) {
    const item = session.items.find((each) => each.name === name);
    const number = attemptsOf(session, name).length;
    if (item === undefined || itemState(session, item) !== 'running') continue;
    ctx.tell({
      kind: 'item-start',
      at: sinceSessionStart(ctx),
      worker,
      item: name,
      ...(item.vm === undefined ? {} : { vm: item.vm.name }),
      place,
      attempt: number,
      attempts: item.retries + 1,
    });
    follow(session, item);
  }
}

function attemptOf(ctx: SessionContext, { item, worker, place }: Assignment) {
  const vmid = lookup(ctx.ports.ledger.current().workers, worker)?.vm?.vmid ?? 0;
  return { item, worker, vmid, place, at: sessionTime(ctx) };
}

async function followAttempt(
  ctx: SessionContext,
  session: LiveSession,
  item: SessionItem,
  cancel: AbortSignal,
): Promise<void> {
  const attempts = attemptsOf(session, item.name);
  const attempt = attempts.at(-1);
  const member = attempt === undefined ? undefined : ctx.members.get(attempt.worker);
  const record =
    attempt === undefined ? undefined : lookup(ctx.ports.ledger.current().workers, attempt.worker);
  if (attempt === undefined || member === undefined || record?.vm === undefined)
    throw new Error(`item ${item.name} runs in a worker that takes no part in ${ctx.id}`);
  const node = lookup(session.workers, attempt.worker)?.node ?? record.vm.node;
  const vm = { vmid: record.vm.vmid, node, uuid: record.vm.uuid };
  await runItem(ctx, { item, number: attempts.length, attempt, vm, member, cancel });
}

/** True while an item waits, or may wait again, for a worker that could still take it. */
function mayStartMore(ctx: SessionContext): boolean {
  if (ctx.interrupts.first.aborted) return false;
  const session = liveSession(ctx);
  const waiting = session.items.filter((item) => itemState(session, item) === 'waiting');
  if (waiting.length === 0 || isGuardBroken(session)) return false;
  if (ctx.hopedFor.size > 0) return true;
  const isAnyoneThere = [...ctx.members.values()].some(({ leave }) => !leave.signal.aborted);
  const { impossible } = nextAssignments(session, ctx.ports.ledger.current(), sessionTime(ctx));
  return isAnyoneThere && impossible.length < waiting.length;
}

/** Workers without an item go when no item waits and none that runs may have to be tried again. */
function letGo(ctx: SessionContext, running: number, stuck: ReadonlySet<string>): void {
  if (ctx.collecting.size > 0 || mayStartMore(ctx)) return;
  const session = liveSession(ctx);
  const live = session.items.filter(
    (item) => itemState(session, item) === 'running' && !stuck.has(item.name),
  );
  const mayRetry =
    !ctx.interrupts.first.aborted &&
    live.some((item) => attemptsOf(session, item.name).length <= item.retries);
  if (mayRetry && running > 0) return;
  const busy = new Set(live.map((item) => attemptsOf(session, item.name).at(-1)?.worker));
  for (const [name, member] of ctx.members) if (!busy.has(name)) member.leave.abort();
}

/** At once: whoever sees nothing happen presses Ctrl-C again, and that leaves the workers on. */
function tellInterrupt(ctx: SessionContext): void {
  const session = liveSession(ctx);
  const running = session.items.filter((item) => itemState(session, item) === 'running');
  const number = `${running.length} ${running.length === 1 ? 'item' : 'items'}`;
  const when =
    ctx.graceMs === 0 ? 'now' : `in ${formatDuration(ctx.graceMs)} (--grace) at the latest`;
  const end = running.length === 0 ? '' : ` ${number} end ${when},`;
  const message = `interrupted: nothing more is handed out,${end} the workers are powered off; once more stops at once and leaves them on`;
  ctx.ports.log.emit({ kind: 'note', at: sinceSessionStart(ctx), message });
}

function graceTimer(ctx: SessionContext, cancel: AbortController): AbortController {
  const timer = new AbortController();
  const { first } = ctx.interrupts;
  const begin = (): void => {
    ctx.bell.ring();
    void ctx.ports.clock.sleep(ctx.graceMs, timer.signal).then(
      () => cancel.abort(),
      () => undefined,
    );
  };
  if (first.aborted) begin();
  else {
    const onInterrupt = (): void => {
      tellInterrupt(ctx);
      begin();
    };
    first.addEventListener('abort', onInterrupt, { once: true });
    timer.signal.addEventListener('abort', () => first.removeEventListener('abort', onInterrupt));
  }
  return timer;
}
