import type { LiveSession } from '../model/session.ts';
import { itemState } from './session-items.ts';

/** Workers of a session that were not left out. */
function workersLeft({ workers }: Pick<LiveSession, 'workers'>): number {
  return Object.values(workers).filter(({ leftOut }) => leftOut === undefined).length;
}

/** True when too few workers are left for anything more to be handed out. */
export function isGuardBroken(session: LiveSession): boolean {
  return workersLeft(session) < session.spec.guards.minWorkers;
}

/** What a broken guard kept from running, in words; undefined when none is broken or nothing was kept. */
export function brokenGuard(session: LiveSession): string | undefined {
  if (!isGuardBroken(session)) return undefined;
  const waiting = session.items.filter((item) => itemState(session, item) === 'waiting').length;
  if (waiting === 0) return undefined;
  const { minWorkers } = session.spec.guards;
  return `${workersLeft(session)} of at least ${minWorkers} workers were left (guards.minWorkers): ${waiting} ${waiting === 1 ? 'item was' : 'items were'} not started`;
}
