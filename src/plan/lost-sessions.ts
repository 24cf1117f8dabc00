import { lookup } from '../model/lookup.ts';
import type { Finding } from '../model/plan.ts';
import { isExpired } from '../model/runs.ts';
import type { PlanInput } from './plan-input.ts';

/** Sessions that are not over and that nobody leads any more: they can be gone on with, until an apply ends them. */
export function lostSessions({
  state,
  inventory,
}: Pick<PlanInput, 'state' | 'inventory'>): readonly Finding[] {
  const now = inventory.cluster.time;
  return Object.values(state.sessions).flatMap((session): readonly Finding[] => {
    if (session.kind !== 'live') return [];
    const leader = lookup(state.runs, session.run);
    if (leader !== undefined && !isExpired(leader, now)) return [];
    return [
      {
        code: 'session-lost',
        message: `session ${session.id} is not over, and the run that led it is dead; an apply ends it once none of its items runs, which is final`,
        remedy: `To go on with it instead:  muster sessions resume ${session.id}`,
      },
    ];
  });
}
