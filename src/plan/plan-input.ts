import type { Declaration } from '../model/declaration.ts';
import type { Diagnostic, Location } from '../model/diagnostic.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Finding, PlanOptions, WorkerPlan } from '../model/plan.ts';
import type { State, WorkerRecord } from '../model/state.ts';
import type { Desired, DesiredWorker } from '../model/worker.ts';
import type { Identities } from './identity.ts';

/** Everything a plan is made of. Nothing else is looked at: no clock, no files, no network. */
export interface PlanInput {
  readonly declaration: Declaration;
  /** From `expand`. */
  readonly desired: Desired;
  readonly state: State;
  readonly inventory: Inventory;
  readonly options: PlanOptions;
  /** True once the inventory holds what `planNeeds` asked for: storages, bridges, permissions … */
  readonly preflight?: boolean;
  /** From `expand` and before; they are shown with the plan. */
  readonly warnings?: readonly Diagnostic[];
}

/** What one worker is judged by, besides its own declaration and record. */
export interface WorkerContext {
  readonly state: State;
  readonly inventory: Inventory;
  readonly options: PlanOptions;
  readonly identities: Identities;
  /** Where an attribute's value is declared. */
  readonly locate?: (worker: DesiredWorker, attribute: string) => Location;
}

/** One worker to be planned. */
export interface WorkerCase {
  readonly name: string;
  readonly desired?: DesiredWorker;
  readonly record?: WorkerRecord;
  /** Its name in the state, when that is another one. */
  readonly from?: string;
  /** Under `removed:`. */
  readonly removed?: boolean;
  /** Another worker of its node is replaced for its image in this plan. */
  readonly imageMustWait?: boolean;
}

export interface Decision {
  readonly plan: WorkerPlan;
  readonly findings: readonly Finding[];
  /** Mistakes in the declaration that only the VM shows, such as a smaller disk: they stop the command. */
  readonly problems: readonly Diagnostic[];
  /** Refused with exit 6. */
  readonly refusals: readonly Diagnostic[];
}
