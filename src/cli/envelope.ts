import type { Plan, SavedPlan } from '../model/plan.ts';
import { savePlan } from '../plan/saved-plan.ts';
import type { OpenProject } from './assemble.ts';
import type { Invocation } from './invocation.ts';

/** A plan as it is saved, with the state that it was made from. */
export function envelopeOf(
  { context }: Invocation,
  plan: Plan,
  {
    state: { lineage, serial },
    stateView: { olderFormat },
  }: Pick<OpenProject, 'state' | 'stateView'>,
): SavedPlan {
  return savePlan(plan, {
    toolVersion: context.version,
    lineage,
    serial,
    ...(olderFormat === undefined ? {} : { stateFormat: olderFormat }),
    createdAt: context.clock.now(),
    ...(context.commit === undefined ? {} : { commit: context.commit }),
  });
}
