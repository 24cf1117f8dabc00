import type { Plan } from '../../model/plan.ts';
import { countResources } from './resource-actions.ts';

/** What GitLab's `artifacts:reports:terraform` reads: these three members and no other. */
export function gitlabReport(plan: Plan): string {
  const { create, update, delete: deleted } = countResources(plan);
  return `${JSON.stringify({ create, update, delete: deleted })}\n`;
}
