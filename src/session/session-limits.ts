import { lookup } from '../model/lookup.ts';
import type { ItemAttempt, LiveSession, SessionItem } from '../model/session.ts';
import type { State } from '../model/state.ts';
import type { ScheduleLimits } from './board.ts';

/** From an attempt's record to its start, and from its timeout to its last process's end: never longer. */
const AROUND_MS = 15 * 60_000;

/**
 * True while an item's last attempt may use its repository. The guest ends it at its timeout, whoever leads it: one in a lost
 * worker keeps its room until then, and not for ever.
 */
function usesRoom(session: LiveSession, item: SessionItem, now: number): boolean {
  const attempt = runningOf(session, item);
  return attempt !== undefined && now < attempt.startedAt + item.timeout + AROUND_MS;
}

/**
 * The same in the session that asks. A hung guest ends nothing at the timeout, and may wake up:
 * while its worker is not given up it keeps its room, and then for the time that powering it off takes.
 */
export function usesOwnRoom(session: LiveSession, item: SessionItem, now: number): boolean {
  const attempt = runningOf(session, item);
  if (attempt === undefined) return false;
  const worker = lookup(session.workers, attempt.worker);
  if (worker !== undefined && worker.leftOut === undefined) return true;
  const givenUp = worker?.timeline.at(-1)?.at ?? 0;
  return now < givenUp + AROUND_MS || usesRoom(session, item, now);
}

function runningOf({ attempts }: LiveSession, { name }: SessionItem): ItemAttempt | undefined {
  const last = lookup(attempts, name)?.at(-1);
  return last?.result === 'running' ? last : undefined;
}

/**
 * The limits of one session at a cluster time. A repository's room is shared with all sessions that run: what
 * items of others use now is taken off, down to nothing.
 */
export function limitsOf(
  { id, spec, repositories }: Pick<LiveSession, 'spec' | 'repositories'> & { readonly id?: string },
  state: Pick<State, 'sessions'>,
  now: number,
): ScheduleLimits {
  const others = Object.values(state.sessions).filter(
    (session) => session.kind === 'live' && session.id !== id,
  );
  const used = (name: string): number =>
    others.reduce(
      (sum, session) => sum + (session.kind === 'live' ? runningIn(session, name, now) : 0),
      0,
    );
  const limited = Object.entries(repositories).flatMap(([name, { maxConcurrent }]) =>
    maxConcurrent === undefined ? [] : [[name, Math.max(0, maxConcurrent - used(name))] as const],
  );
  return {
    placement: spec.placement,
    reserve: spec.reserve,
    repositories: Object.fromEntries(limited),
  };
}

function runningIn(session: LiveSession, repository: string, now: number): number {
  return session.items.filter(
    (item) => item.repository === repository && usesRoom(session, item, now),
  ).length;
}
