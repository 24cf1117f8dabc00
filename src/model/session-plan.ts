import type { SessionSpec } from './declaration.ts';
import type { Diagnostic } from './diagnostic.ts';
import type {
  LaunchTimes,
  Place,
  Placement,
  SessionItem,
  SessionKind,
  SessionRepository,
} from './session.ts';

/** What `plan --with-session` shows: the whole run before anything is touched. Times are ms from its start. */
export interface SessionPlan {
  readonly session: string;
  readonly kind: SessionKind;
  /** What chooses its workers, as declared. */
  readonly selects: SessionSpec['workers'];
  readonly placement: Placement;
  readonly reserve: number;
  readonly guards: SessionSpec['guards'];
  readonly repositories: Readonly<Record<string, SessionRepository>>;
  /** Sorted by name. */
  readonly workers: readonly SessionWorker[];
  readonly leftOut: readonly LeftOutWorker[];
  /** Sorted by start, then name; those that nobody can run come last. */
  readonly items: readonly PlannedItem[];
  readonly forecast: Forecast;
  /** What a session does not do, by action: "1 to destroy". */
  readonly leftForApply: readonly { readonly action: string; readonly workers: number }[];
  readonly warnings: readonly Diagnostic[];
  /** Why it would not run at all; empty when it would. */
  readonly refusals: readonly SessionRefusal[];
}

/** 1: a mistake in what was asked. 4: a needed worker is leased. 6: a guard. */
export interface SessionRefusal {
  readonly exitCode: 1 | 4 | 6;
  readonly diagnostic: Diagnostic;
}

/** What a session does with a worker; `launch` stands for start, test, patch, work and power-off. */
export type SessionAction = 'shutdown' | 'configure' | 'deploy' | 'update' | 'launch';

export interface SessionWorker {
  readonly worker: string;
  readonly node: string;
  readonly vmid?: number;
  /** In the order in which they are done; the last one is `launch`. */
  readonly actions: readonly SessionAction[];
  /** That this session may use: as declared, less `reserve`. */
  readonly slots: number;
  readonly launch: LaunchEstimate;
  /** When it takes its first item. */
  readonly readyAt: number;
}

export interface LaunchEstimate {
  readonly times: LaunchTimes;
  /** `worker`: by its own earlier launches; `others`: by other workers'; `default`: by nothing. */
  readonly from: 'worker' | 'others' | 'default';
}

export type LeftOutWhy =
  | 'disabled'
  | 'quarantined'
  | 'leased'
  | 'needs-replace'
  | 'needs-apply'
  | 'unreachable'
  | 'invisible'
  | 'locked'
  | 'ha-managed'
  /** Some of its VM's marks agree and some don't. */
  | 'ambiguous'
  /** Preflight found that it can't be made or started. */
  | 'preflight'
  /** `reserve` takes all its slots. */
  | 'no-slots';

export interface LeftOutWorker {
  readonly worker: string;
  readonly node: string;
  readonly why: LeftOutWhy;
  /** Who or what: session nightly-…, lock backup, 595 No route to host, image changed. */
  readonly by: string;
  /** Cluster time at which the reason should pass, ms. */
  readonly until?: number;
  /** It was asked for by name. */
  readonly named: boolean;
}

export interface PlannedItem {
  readonly item: SessionItem;
  /** Absent: no worker of this session can run it. */
  readonly run?: PlannedRun;
}

export interface PlannedRun {
  readonly worker: string;
  readonly node: string;
  readonly place: Place;
  readonly start: number;
  readonly end: number;
  /** What kept it from starting last, when something did. */
  readonly waitedFor?: WaitReason;
}

/** What an item that could run has to wait for. */
export type WaitReason =
  /** No worker that may run it has been launched yet. */
  | { readonly kind: 'launch' }
  | { readonly kind: 'slots' }
  | { readonly kind: 'repository'; readonly name: string }
  /** Slots are free elsewhere, and its own node's will be free soon, or are the only ones allowed. */
  | { readonly kind: 'node'; readonly name: string };

export interface Forecast {
  /** From the beginning until everything is powered off. */
  readonly totalMs: number;
  /** When the last item ends. */
  readonly itemsEndMs: number;
  /** No order of work could be faster than this. */
  readonly bound: Bound;
  /** From when to when items waited, how many at most, and what for. */
  readonly waits: readonly WaitPeriod[];
  /** What one more of something would bring; only what saves time, the most first. */
  readonly savings: readonly Saving[];
  /** Items read from another node than the VM's own. */
  readonly overNetwork: number;
}

/** The limit that the total can't go below. */
export interface Bound {
  readonly ms: number;
  readonly by: BoundBy;
}

export type BoundBy =
  | { readonly kind: 'launch' }
  | { readonly kind: 'longest-item'; readonly name: string }
  | { readonly kind: 'slots' }
  | { readonly kind: 'repository'; readonly name: string }
  | { readonly kind: 'node'; readonly name: string };

export interface WaitPeriod {
  readonly from: number;
  readonly to: number;
  readonly reason: WaitReason;
  readonly items: number;
}

export interface Saving {
  readonly what:
    | { readonly kind: 'slot'; readonly worker: string }
    | { readonly kind: 'worker'; readonly node: string }
    | { readonly kind: 'repository-slot'; readonly name: string };
  readonly ms: number;
  /** What the node has not left for it. */
  readonly lacks?: 'memory' | 'cpu';
}
