import type { Inventory } from '../model/inventory.ts';
import type { WorkerPlan } from '../model/plan.ts';
import type { State } from '../model/state.ts';

/** What became of one worker's plan, judged by the state and the VM as they are now. */
export type Confirmed =
  /** As planned, or the rest of an interrupted run of it. */
  | { readonly kind: 'run'; readonly worker: WorkerPlan }
  | { readonly kind: 'done' }
  | { readonly kind: 'stale'; readonly differences: readonly string[] };

/** Rebuilds the worker's plan and compares (plan/confirm.ts); pure. */
export type Confirm = (planned: WorkerPlan, state: State, inventory: Inventory) => Confirmed;
