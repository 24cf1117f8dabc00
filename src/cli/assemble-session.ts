import { DEFAULT_PLAN_OPTIONS, type Plan } from '../model/plan.ts';
import type { SessionPlan } from '../model/session-plan.ts';
import { expand } from '../plan/expand.ts';
import { expandFactsOf } from '../plan/expand-facts.ts';
import { planSession } from '../session/plan-session.ts';
import { sealSession } from '../session/seal-session.ts';
import { type Assembled, assemble, type OpenProject } from './assemble.ts';
import type { Invocation } from './invocation.ts';
import { sessionRequest } from './session-request.ts';

export interface AssembledSession {
  readonly assembled: Assembled;
  readonly session: SessionPlan;
  /** Both as one plan, with the digest that is reviewed. */
  readonly sealed: Plan;
}

/** The session that the flags name, planned against the cluster as it is now. Touches nothing. */
export async function assembleSession(
  invocation: Invocation,
  open: OpenProject,
): Promise<AssembledSession> {
  const { declaration } = open.project;
  const request = sessionRequest(invocation, declaration);
  // With their launch as an action, so that holds are judged.
  const assembled = await assemble(invocation, open, { ...DEFAULT_PLAN_OPTIONS, test: true });
  const { plan, inventory, state } = assembled;
  const { desired } = expand(declaration, expandFactsOf(inventory, state));
  const session = planSession({ ...request, declaration, desired, plan, state, inventory });
  return { assembled, session, sealed: sealSession(plan, session) };
}
