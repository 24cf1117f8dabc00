import type { SessionSpec } from './declaration.ts';

/** Sessions as they are planned, run and recorded (design section 9). All durations are ms. */

export type SessionKind = SessionSpec['kind'];
export type Placement = SessionSpec['placement'];

/** The VM that an item is about, as the inventory showed it. */
export interface ItemVm {
  readonly vmid: number;
  readonly name: string;
  readonly node: string;
}

/** How long an item will take, and how that is known. */
export interface Estimate {
  readonly ms: number;
  /** `item`: by its earlier runs; `session`: by this session's other items; `default`: by nothing. */
  readonly from: 'item' | 'session' | 'default';
}

/**
 * One piece of a session's work. Its name is unique in the session, and with the session's id it is its
 * identity. `run` and `env` are templates still: `${node}`, `${worker.name}` and, where nobody knew it,
 * `${vm.address}` are put in when a worker is chosen, `${secret.X}` when the item is launched.
 */
export interface SessionItem {
  readonly name: string;
  readonly run: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly repository?: string;
  readonly timeout: number;
  readonly retries: number;
  readonly vm?: ItemVm;
  /** Only this worker may run it: the items of an ad hoc session. */
  readonly worker?: string;
  readonly estimate: Estimate;
}

/** Where an item runs, seen from its VM's node. `no-vm`: it has none. */
export type Place = 'same-node' | 'other-node' | 'no-vm';

export type AttemptResult =
  /** Saved before the launch, and until its end is known. */
  | 'running'
  | 'ok'
  | 'failed'
  | 'timeout'
  /** Ended by us: a cancel, or `sessions stop`. */
  | 'stopped'
  /** Its VM was powered off or rebooted, or its supervisor was killed: it is over, and nobody knows how it ended. */
  | 'lost';

/** One attempt at an item; its number is its place in the list, from 1. Times are cluster time in ms. */
export interface ItemAttempt {
  readonly worker: string;
  readonly vmid: number;
  readonly place: Place;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly result: AttemptResult;
  readonly exitCode?: number;
  /** The last line of output that was not empty, bounded. */
  readonly lastLine?: string;
}

export type LaunchPhase =
  | 'deploy'
  | 'update'
  /** Powering on. */
  | 'start'
  /** Until the guest answers and has its files. */
  | 'agent'
  | 'test'
  | 'patch'
  | 'work'
  | 'stop';

/** One worker's part in a session. Times are cluster time in ms. */
export interface SessionWorkerRecord {
  readonly node: string;
  readonly vmid?: number;
  /** As declared; the session's `reserve` is not taken off. */
  readonly slots: number;
  /** When it should be ready, by the estimates. */
  readonly expectedAt: number;
  /** The phases it went through, each from its beginning. */
  readonly timeline: readonly { readonly phase: LaunchPhase; readonly at: number }[];
  /** Powered off. */
  readonly endedAt?: number;
  /** Why it takes no (more) items. */
  readonly leftOut?: string;
}

/** What a repository allows, kept with the session: the YAML may change while it runs. */
export interface SessionRepository {
  readonly address: string;
  readonly maxConcurrent?: number;
}

/** A session that runs, or whose run is dead: everything that another machine needs to go on with it. */
export interface LiveSession {
  readonly kind: 'live';
  readonly id: string;
  /** Key under `sessions:`; undefined for an ad hoc one. */
  readonly name?: string;
  /** The run that leads it. */
  readonly run: string;
  /** File digest of the saved plan that it carries out: one such plan is run once. */
  readonly plan?: string;
  readonly startedAt: number;
  /** When it should be over, by the estimates; what others wait for. */
  readonly expectedEnd?: number;
  readonly spec: Omit<SessionSpec, 'items'>;
  readonly repositories: Readonly<Record<string, SessionRepository>>;
  readonly items: readonly SessionItem[];
  /** By item name; an item without attempts has no entry. */
  readonly attempts: Readonly<Record<string, readonly ItemAttempt[]>>;
  readonly workers: Readonly<Record<string, SessionWorkerRecord>>;
}

export type SessionOutcome = 'ok' | 'failed' | 'interrupted';

/** One line about a session that is over. */
export interface EndedSession {
  readonly kind: 'ended';
  readonly id: string;
  readonly name?: string;
  readonly work: SessionKind;
  /** File digest of the saved plan that it carried out. */
  readonly plan?: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: SessionOutcome;
  readonly ok: number;
  readonly failed: number;
  readonly notRun: number;
  readonly workers: number;
  readonly leftOut: number;
}

export type SessionRecord = LiveSession | EndedSession;

/** How long an item took before: a moving average of its successful attempts. */
export interface ItemHistory {
  readonly ms: number;
  /** Cluster time of the last one, ms. */
  readonly at: number;
}

/** What a session's earlier runs took, by item name; outlives their one-line records. */
export interface SessionHistory {
  readonly items: Readonly<Record<string, ItemHistory>>;
}

/** How long a worker's phases took before: moving averages, ms. */
export type LaunchTimes = Readonly<Partial<Record<Exclude<LaunchPhase, 'work'>, number>>>;

/** What a session tells while it goes on, besides what launching tells. `at` is ms since the run's start. */
export type SessionEvent =
  | {
      readonly kind: 'item-start';
      readonly at: number;
      readonly worker: string;
      readonly item: string;
      /** The VM's name. */
      readonly vm?: string;
      readonly place: Place;
      /** From 1. */
      readonly attempt: number;
      readonly attempts: number;
    }
  | {
      readonly kind: 'item-done';
      readonly at: number;
      readonly worker: string;
      readonly item: string;
      readonly tookMs: number;
    }
  | {
      readonly kind: 'item-failed';
      readonly at: number;
      readonly worker: string;
      readonly item: string;
      readonly result: Exclude<AttemptResult, 'running' | 'ok'>;
      readonly tookMs: number;
      readonly exitCode?: number;
      readonly attempt: number;
      readonly attempts: number;
      readonly lastLine?: string;
    };
