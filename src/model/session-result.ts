import type { ItemVm, LaunchPhase, Place, SessionKind, SessionOutcome } from './session.ts';

/** How a session ended. Times are ms from its start. */
export interface SessionResult {
  readonly id: string;
  readonly name?: string;
  readonly kind: SessionKind;
  /** Cluster time, ms. */
  readonly startedAt: number;
  readonly tookMs: number;
  readonly outcome: SessionOutcome;
  /** Failed ones first, then by name. */
  readonly items: readonly ItemOutcome[];
  /** Sorted by name. */
  readonly workers: readonly WorkerLaunch[];
  readonly repositories: Readonly<Record<string, RepositoryUse>>;
  /** Workers that are still powered on: when it is over, none should be. */
  readonly leftRunning: readonly string[];
  /** It could not be brought to its end, or was stopped at once: it can be gone on with. */
  readonly isLive?: boolean;
  /** The guard that kept items from being started, in words. */
  readonly broken?: string;
  /** Ids of sessions that still run items of this one, which were not started for that. Sorted. */
  readonly elsewhere?: readonly string[];
}

export interface ItemOutcome {
  readonly item: string;
  readonly vm?: ItemVm;
  readonly repository?: string;
  /** `not-run`: no attempt was made. `running` and `waiting`: only of a session that is not over. */
  readonly result:
    | 'ok'
    | 'failed'
    | 'timeout'
    | 'stopped'
    | 'lost'
    | 'not-run'
    | 'running'
    | 'waiting';
  /**
   * How long it could not start though some worker was ready: for a slot, its node, or room in its repository;
   * between attempts too. Absent when no attempt was made.
   */
  readonly waitedMs?: number;
  /** Oldest first. */
  readonly attempts: readonly AttemptOutcome[];
}

/** True when it did not succeed, and no attempt that is under way or to come can change that. */
export function hasFailed({ result }: Pick<ItemOutcome, 'result'>): boolean {
  return result !== 'ok' && !isUnderWay({ result });
}

/** True when nobody knows yet how it will end. */
export function isUnderWay({ result }: Pick<ItemOutcome, 'result'>): boolean {
  return result === 'running' || result === 'waiting';
}

export interface AttemptOutcome {
  readonly worker: string;
  readonly node: string;
  readonly place: Place;
  readonly start: number;
  /** Of one that runs: the moment that it was looked at. */
  readonly end: number;
  readonly exitCode?: number;
  readonly lastLine?: string;
}

export interface WorkerLaunch {
  readonly worker: string;
  readonly node: string;
  readonly vmid?: number;
  readonly items: number;
  readonly leftOut?: string;
  readonly phases: readonly LaunchSpan[];
}

export interface LaunchSpan {
  readonly phase: LaunchPhase;
  readonly start: number;
  readonly end: number;
}

export interface RepositoryUse {
  readonly items: number;
  /** Time that its items took, added up. */
  readonly busyMs: number;
  /** Most items at once. */
  readonly peak: number;
}
