import type { Plan, WorkerPlan } from '../../../src/model/plan.ts';
import type { WorkerRecord } from '../../../src/model/state.ts';
import type { WorkerFields } from '../../../src/model/worker.ts';
import { edited, type Made, made, withWorkers, workerIn } from './builders.ts';

export const A: WorkerFields = { node: 'pve1' };

/** The plan of one worker. */
export function one(plan: Plan, name = 'a'): WorkerPlan {
  const worker = plan.workers.find((each) => each.worker === name);
  if (worker === undefined) throw new Error(`${name} is not in the plan`);
  return worker;
}

/** Worker `a`, deployed from these fields, at rest. */
export function resting(fields: WorkerFields = A, vmid = 9100): Made {
  return made(workerIn(withWorkers({ a: fields }), 'a'), vmid);
}

export interface Twist {
  readonly record?: Partial<WorkerRecord>;
  readonly vm?: Partial<Made['vm']>;
  readonly config?: Readonly<Record<string, string | null>>;
}

export function twisted(worker: Made, twist: Twist): Made {
  return {
    record: { ...worker.record, ...twist.record },
    vm: { ...worker.vm, ...twist.vm },
    config: edited(worker.config, twist.config ?? {}),
  };
}
