import { digestOf } from '../model/digest.ts';
import type { WorkerPlan } from '../model/plan.ts';

/**
 * What a run works towards for one worker, and from where: the record keeps it while it is being done, and confirm
 * compares it. Another plan for the same entry, whose changes were agreed to apart, has another digest.
 */
export function workerDigest({
  desired,
  actions,
  uuid,
  vmid,
  changes,
}: Pick<WorkerPlan, 'desired' | 'actions' | 'uuid' | 'vmid' | 'changes'>): string {
  return digestOf({
    spec: desired?.spec ?? null,
    actions,
    uuid: uuid ?? null,
    vmid: vmid ?? null,
    changes: changes.map(({ path, before, after, cost }) => ({ path, before, after, cost })),
  });
}
