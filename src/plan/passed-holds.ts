import type { Inventory } from '../model/inventory.ts';
import { lookup } from '../model/lookup.ts';
import type { Plan, WorkerPlan } from '../model/plan.ts';
import { holderOf } from '../model/runs.ts';
import type { State } from '../model/state.ts';
import { confirm } from './confirm.ts';

/**
 * A saved plan as it can be applied now: workers that were leased or locked when it was made, and are not any more,
 * are no longer held. What was reviewed for them is still what would be done, or they are left as they are.
 */
export function withoutPassedHolds(plan: Plan, state: State, inventory: Inventory): Plan {
  return { ...plan, workers: plan.workers.map((worker) => released(worker, state, inventory)) };
}

function released(worker: WorkerPlan, state: State, inventory: Inventory): WorkerPlan {
  const { held, ...free } = worker;
  if ((held?.why !== 'leased' && held?.why !== 'locked') || worker.actions.length === 0)
    return worker;
  const record = lookup(state.workers, worker.from ?? worker.worker);
  const holder = record === undefined ? undefined : holderOf(record, state, inventory.cluster.time);
  if (holder !== undefined) return worker;
  return confirm(free, state, inventory).kind === 'stale' ? worker : free;
}
