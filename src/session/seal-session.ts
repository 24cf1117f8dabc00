import type { Plan } from '../model/plan.ts';
import type { SessionPlan } from '../model/session-plan.ts';
import { reviewDigest } from '../plan/review-digest.ts';

/** A session and what is done with its workers as one plan, to be reviewed and saved; other workers take no part. */
export function sealSession(whole: Plan, session: SessionPlan): Plan {
  const own = new Set(session.workers.map(({ worker }) => worker));
  const { reviewDigest: _, ...rest } = whole;
  const plan = {
    ...rest,
    workers: whole.workers.filter(({ worker }) => own.has(worker)),
    unchanged: 0,
    findings: whole.findings.filter(({ worker }) => worker === undefined || own.has(worker)),
    preflight: whole.preflight.filter(({ worker }) => worker === undefined || own.has(worker)),
    refusals: [],
    session,
  };
  return { ...plan, reviewDigest: reviewDigest(plan) };
}
