import type { Plan } from '../model/plan.ts';

/** True when preflight found what makes this plan fail as a whole. */
export function isImpossible(plan: Plan): boolean {
  return plan.preflight.some(({ result }) => result === 'fail');
}
