import { lookup } from '../model/lookup.ts';
import type { LiveSession } from '../model/session.ts';
import type { State } from '../model/state.ts';
import type { ScheduleLimits } from './board.ts';

/**
 * The limits of one session. A repository's room is shared with all sessions that run: what items of others use
 * now is taken off, down to nothing.
 */
export function limitsOf(
  { id, spec, repositories }: Pick<LiveSession, 'spec' | 'repositories'> & { readonly id?: string },
  state: Pick<State, 'sessions'>,
): ScheduleLimits {
  const others = Object.values(state.sessions).filter(
    (session) => session.kind === 'live' && session.id !== id,
  );
  const used = (name: string): number =>
    others.reduce(
      (sum, session) => sum + (session.kind === 'live' ? runningIn(session, name) : 0),
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

function runningIn({ items, attempts }: LiveSession, repository: string): number {
  return items.filter(
    (item) =>
      item.repository === repository && lookup(attempts, item.name)?.at(-1)?.result === 'running',
  ).length;
}
