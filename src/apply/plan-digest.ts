import { digestOf } from '../model/digest.ts';
import type { WorkerPlan } from '../model/plan.ts';

/** What a run works towards for one worker: the record keeps it, so that a later run knows whose rest it finds. */
export function planDigest(worker: WorkerPlan): string {
  return digestOf({ spec: worker.desired?.spec ?? null, actions: worker.actions });
}
