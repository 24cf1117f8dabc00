import { digestOf } from '../model/digest.ts';
import type { WorkerPlan } from '../model/plan.ts';

/** What a run works towards for one worker: the record keeps it while it is being done, and confirm compares it. */
export function workerDigest({
  desired,
  actions,
}: Pick<WorkerPlan, 'desired' | 'actions'>): string {
  return digestOf({ spec: desired?.spec ?? null, actions });
}
