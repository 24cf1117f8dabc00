import type { Guards } from './declaration.ts';
import type { Diagnostic, Location } from './diagnostic.ts';
import type { ClusterFacts } from './inventory.ts';
import type { Json } from './json.ts';
import type { SessionPlan } from './session-plan.ts';
import type { DesiredWorker, RepositoryTarget } from './worker.ts';

/** What would be done, as a value (design section 6). Equal input gives equal bytes; there is no time in it. */
export interface Plan {
  readonly format: 1;
  readonly project: string;
  readonly environment: string;
  readonly cluster: PlanCluster;
  readonly options: PlanOptions;
  /** Workers with actions, a hold or changes; sorted by name. Untouched ones are only counted. */
  readonly workers: readonly WorkerPlan[];
  readonly unchanged: number;
  readonly findings: readonly Finding[];
  readonly preflight: readonly PreflightLine[];
  readonly guards: Guards;
  /** Guards that this plan breaks: refused with exit 6. */
  readonly refusals: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
  /** All desired entries of the workers above, file contents and repositories: what an apply of this plan needs. */
  readonly contents: Readonly<Record<string, string>>;
  readonly repositories: readonly RepositoryTarget[];
  readonly limits: {
    readonly parallelism: number;
    readonly perNode: number;
    readonly perStorage: number;
  };
  readonly vmids: { readonly from: number; readonly to: number };
  /** The session that this is the plan of; `workers` are then its workers, and no others. */
  readonly session?: SessionPlan;
  /** 64 hex digits over what would be done; the first 16 are shown. */
  readonly reviewDigest: string;
}

export interface PlanCluster extends Omit<ClusterFacts, 'time'> {
  readonly nodes: number;
  readonly unreachable: number;
}

export interface PlanOptions {
  readonly test: boolean;
  readonly destroy: boolean;
  readonly refreshOnly: boolean;
  readonly refresh: boolean;
  readonly prune: boolean;
  readonly strict: boolean;
  readonly target: readonly string[];
  readonly exclude: readonly string[];
  readonly replace: readonly string[];
  readonly force: readonly string[];
  /** Only these actions: what `muster shutdown` and `muster test` ask for. */
  readonly only?: readonly ActionKind[];
  /** Only orphans with these ids, and no worker at all: what `muster orphans --destroy` asks for. */
  readonly pruneOnly?: readonly number[];
}

export const DEFAULT_PLAN_OPTIONS: PlanOptions = {
  test: false,
  destroy: false,
  refreshOnly: false,
  refresh: true,
  prune: false,
  strict: false,
  target: [],
  exclude: [],
  replace: [],
  force: [],
};

/** In the order in which they are run and counted. */
export type ActionKind =
  | 'shutdown'
  | 'forget'
  | 'destroy'
  | 'adopt'
  | 'rename'
  | 'configure'
  | 'deploy'
  | 'update'
  | 'replace'
  | 'test'
  | 'session';

export type Reason =
  | 'new'
  | 'new-node'
  | 'declaration-changed'
  | 'drift'
  | 'image-changed'
  | 'vm-gone'
  | 'left-running'
  | 'run-lost'
  | 'interrupted'
  | 'undeclared'
  | 'node-gone'
  | 'orphan'
  | 'renamed'
  | 'removed'
  | 'eager'
  | 'requested';

export type Cost =
  /** Nothing on PVE. */
  'record' | 'in-place' | 'cloud-init-rerun' | 'power-off' | 'move-disk' | 'migrate' | 'rebuild';

export type Cause = 'declaration' | 'drift' | 'image' | 'tool';

/** One attribute; null is unset. `before` is what the VM shows, or the record when there is no VM. */
export interface Change {
  readonly path: string;
  readonly before: Json;
  readonly after: Json;
  readonly causes: readonly Cause[];
  readonly cost: Cost;
  /** What it was when last applied, for drift. */
  readonly applied?: Json;
  readonly at?: Location;
}

export type HeldWhy =
  | 'unreachable'
  | 'invisible'
  | 'leased'
  | 'locked'
  | 'ha-managed'
  | 'protected'
  | 'guard'
  | 'quarantined';

export interface Held {
  readonly why: HeldWhy;
  /** Who or what: session nightly-…, lock backup, 595 No route to host. */
  readonly by: string;
  /** How to go on. */
  readonly remedy?: string;
  readonly until?: number;
}

export interface WorkerPlan {
  readonly worker: string;
  readonly actions: readonly ActionKind[];
  readonly reasons: readonly Reason[];
  readonly changes: readonly Change[];
  readonly held?: Held;
  readonly declaredAt?: Location;
  readonly set?: string;
  readonly node: string;
  readonly vmid?: number;
  /** The SMBIOS uuid of the VM that these actions are for, as recorded or found. */
  readonly uuid?: string;
  /** The entry to work towards; absent for destroy, forget and shutdown of undeclared workers. */
  readonly desired?: DesiredWorker;
  /** Old name, for rename. */
  readonly from?: string;
  /** Volumes that destroy or replace frees, as `storage:volume (size)`. */
  readonly frees: readonly string[];
  /** One line for people: "4 slots, 6 vCPU, 6 GiB, 20 GiB local-lvm, vmbr0 dhcp". */
  readonly summary?: string;
  /** Last use, for a destroy: "nightly on 2026-11-20". */
  readonly lastUsed?: string;
}

export interface Finding {
  readonly code: string;
  readonly worker?: string;
  readonly vmid?: number;
  readonly node?: string;
  readonly message: string;
  readonly remedy?: string;
}

export interface PreflightLine {
  readonly result: 'ok' | 'warn' | 'fail';
  readonly code: string;
  readonly message: string;
  readonly worker?: string;
  readonly remedy?: string;
}

/** A plan on disk (`--out`). */
export interface SavedPlan {
  readonly format: 1;
  readonly kind: 'muster-plan';
  readonly toolVersion: string;
  readonly lineage: string;
  readonly serial: number;
  /** Set when that state is stored in an older format, which an apply with something to do writes anew. */
  readonly stateFormat?: number;
  /** Ms since the epoch. */
  readonly createdAt: number;
  readonly commit?: string;
  readonly plan: Plan;
  /** SHA-256 over everything above, canonical. */
  readonly fileDigest: string;
}
