import type { Status } from './lifecycle.ts';
import type { ActionKind } from './plan.ts';
import type { PatchRecord, TestRecord } from './state.ts';

/** How an apply ended for one worker. */
export interface WorkerOutcome {
  readonly worker: string;
  readonly actions: readonly ActionKind[];
  readonly result: 'done' | 'failed' | 'stale' | 'skipped' | 'held' | 'interrupted';
  readonly status: Status;
  readonly node: string;
  readonly vmid?: number;
  readonly error?: string;
  /** What was seen besides: task log lines, the attributes that made it stale. */
  readonly detail?: readonly string[];
  readonly remedy?: string;
  /** It was left on, because a work item runs in it. */
  readonly isWorking?: true;
  readonly test?: TestRecord;
  readonly patch?: PatchRecord;
  readonly tookMs: number;
}

export interface ApplyResult {
  readonly run: string;
  /** Sorted by worker. */
  readonly outcomes: readonly WorkerOutcome[];
  readonly interrupted: boolean;
  /** Workers of this run that are still powered on, which should be none. */
  readonly leftRunning: readonly string[];
  readonly tookMs: number;
}
