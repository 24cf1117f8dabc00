import { lookup } from '../model/lookup.ts';
import type { ItemAttempt, LiveSession, SessionItem } from '../model/session.ts';
import type { State } from '../model/state.ts';
import type { PendingItem, SlotWorker } from './board.ts';
import { expectedReady, launchPace } from './launch-pace.ts';
import { toPending } from './predict.ts';
import { runElsewhere } from './run-elsewhere.ts';
import { type Schedule, schedule } from './schedule.ts';
import { limitsOf, usesOwnRoom } from './session-limits.ts';

/** Where an item stands. `failed`: no attempt is left. */
export type ItemState = 'waiting' | 'running' | 'ok' | 'failed';

/** What the guest keeps an attempt under; `attempt` counts from 1. The same key is never started twice. */
export function attemptKey(session: string, item: string, attempt: number): string {
  return `${session}/${item}/${attempt}`;
}

export function attemptsOf(session: LiveSession, item: string): readonly ItemAttempt[] {
  return lookup(session.attempts, item) ?? [];
}

export function itemState(session: LiveSession, item: SessionItem): ItemState {
  const attempts = attemptsOf(session, item.name);
  const last = attempts.at(-1);
  if (last === undefined) return 'waiting';
  switch (last.result) {
    case 'running':
      return 'running';
    case 'ok':
      return 'ok';
    case 'stopped':
      return 'failed';
    case 'failed':
    case 'timeout':
    case 'lost':
      return attempts.length > item.retries ? 'failed' : 'waiting';
  }
}

/** True when nothing waits and nothing runs any more. */
export function isOver(session: LiveSession): boolean {
  return session.items.every((item) => {
    const state = itemState(session, item);
    return state === 'ok' || state === 'failed';
  });
}

/**
 * What a run starts next: `schedule` on what is recorded. `now` is cluster time, ms. Ask again when something
 * ended or got ready, and now and then: other sessions give repositories' room back.
 */
export function nextAssignments(
  session: LiveSession,
  state: Pick<State, 'sessions'>,
  now: number,
): Schedule {
  const elsewhere = runElsewhere(session, state);
  const waiting = session.items.filter((item) => itemState(session, item) === 'waiting');
  const isElsewhere = (item: SessionItem) => elsewhere.some((each) => each.item === item.name);
  const pending = waiting
    .filter((item) => !isElsewhere(item))
    .map((item) => pendingOf(session, item));
  const next = schedule(pending, slotWorkers(session, now), limitsOf(session, state, now), now);
  const never = elsewhere.filter(
    (each) => !each.willEnd && waiting.some(({ name }) => name === each.item),
  );
  return { ...next, impossible: [...next.impossible, ...never.map(({ item }) => item)] };
}

function pendingOf(session: LiveSession, item: SessionItem): PendingItem {
  const tried = attemptsOf(session, item.name).map(({ worker }) => worker);
  return { ...toPending(item), avoid: [...new Set(tried)] };
}

/** Workers that take items, now or when they are ready; those left out keep their room in the repositories. */
function slotWorkers(session: LiveSession, now: number): readonly SlotWorker[] {
  const running = runningByWorker(session, now);
  const pace = launchPace(session);
  return Object.entries(session.workers).map(([name, worker]) => {
    // Launched anew by a run that went on with the session, it is ready again only then.
    const last = worker.timeline.at(-1);
    const work = last?.phase === 'work' ? last : undefined;
    const isOut =
      worker.leftOut !== undefined || worker.endedAt !== undefined || last?.phase === 'stop';
    return {
      name,
      node: worker.node,
      slots: isOut ? 0 : worker.slots,
      ready: work !== undefined,
      readyAt: work?.at ?? expectedReady(worker, pace),
      running: running.get(name) ?? [],
    };
  });
}

function runningByWorker(
  session: LiveSession,
  now: number,
): ReadonlyMap<string, SlotWorker['running']> {
  const running = new Map<string, SlotWorker['running'][number][]>();
  for (const item of session.items) {
    const { name, repository, estimate } = item;
    const last = attemptsOf(session, name).at(-1);
    if (last?.result !== 'running') continue;
    const entry = {
      name,
      ...(repository !== undefined && usesOwnRoom(session, item, now) ? { repository } : {}),
      endsAt: last.startedAt + estimate.ms,
    };
    running.set(last.worker, [...(running.get(last.worker) ?? []), entry]);
  }
  return running;
}
