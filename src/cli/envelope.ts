import type { Plan, SavedPlan } from '../model/plan.ts';
import type { State } from '../model/state.ts';
import { savePlan } from '../plan/saved-plan.ts';
import type { Invocation } from './invocation.ts';

/** A plan as it is saved, with the state that it was made from. */
export function envelopeOf(
  { context }: Invocation,
  plan: Plan,
  { lineage, serial }: Pick<State, 'lineage' | 'serial'>,
): SavedPlan {
  return savePlan(plan, {
    toolVersion: context.version,
    lineage,
    serial,
    createdAt: context.clock.now(),
    ...(context.commit === undefined ? {} : { commit: context.commit }),
  });
}
