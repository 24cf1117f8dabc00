import type { LaunchTimes, SessionHistory, SessionRecord } from './session.ts';
import type { Attributes, WorkerSpec } from './worker.ts';

/** Our record of what exists (design section 4). Plain JSON; schemas/state.schema.json describes it for people. */
export interface State {
  readonly format: 1;
  /** Born with the state, never changed. */
  readonly lineage: string;
  /** +1 per changed write. */
  readonly serial: number;
  readonly project: string;
  readonly environment: string;
  readonly cluster?: { readonly name?: string };
  /** Nodes of the cluster when last seen, for sizing without a refresh and to know another cluster. */
  readonly nodes: Readonly<Record<string, { readonly cpus: number; readonly memory: number }>>;
  readonly workers: Readonly<Record<string, WorkerRecord>>;
  readonly runs: Readonly<Record<string, RunRecord>>;
  /** Live sessions with their spec and items; ended ones, one line each, the last 50. */
  readonly sessions: Readonly<Record<string, SessionRecord>>;
  /** How long the items of earlier sessions took, by the session's name. */
  readonly history?: Readonly<Record<string, SessionHistory>>;
}

export interface WorkerRecord {
  /** Absent: Configured, no VM. */
  readonly vm?: VmRef;
  /** The declaration as last applied. */
  readonly declared: WorkerSpec;
  /** "workers/north.yaml:3": for messages about workers that are no longer declared. */
  readonly declaredIn?: string;
  /** What the VM showed after the last apply, canonical; drift is measured against it. */
  readonly observed?: Attributes;
  /** The image that this VM was made from. */
  readonly image?: { readonly name: string; readonly source: string };
  readonly protect: boolean;
  readonly doing?: Doing;
  readonly lease?: Lease;
  /** The last fence that a lease of this worker had; outlives the lease, so that fences only grow. */
  readonly fence?: number;
  readonly quarantine?: { readonly note: string; readonly until?: number; readonly by: string };
  readonly last: {
    readonly test?: TestRecord;
    readonly patch?: PatchRecord;
    readonly session?: { readonly name: string; readonly at: number };
    /** Cluster time, ms. */
    readonly used?: number;
    /** How long its launches took. */
    readonly launch?: LaunchTimes;
  };
}

export interface VmRef {
  readonly vmid: number;
  readonly node: string;
  readonly uuid: string;
  /** From PVE's `meta`, seconds since the epoch; tells a VM from its restore. */
  readonly ctime?: number;
}

/** The write-ahead record: saved before the call that makes it true. Without a live run it means: interrupted. */
export interface Doing {
  readonly run: string;
  readonly action: string;
  readonly step: string;
  readonly vmid?: number;
  readonly node?: string;
  readonly uuid?: string;
  readonly upid?: string;
  /** Digest of the worker's plan that this run carries out (plan/worker-digest.ts). */
  readonly plan: string;
  readonly error?: string;
}

export interface Lease {
  readonly run: string;
  /** Grows by one with each lease of this worker; guest scripts refuse a lower one than the last seen. */
  readonly fence: number;
}

export interface RunRecord {
  readonly id: string;
  readonly kind: 'apply' | 'session';
  readonly session?: string;
  /** user@host, or the CI's word for who started it. */
  readonly who: string;
  readonly host: string;
  readonly pid: number;
  /** Process start time, boot id, pid namespace: what makes a pid comparable. */
  readonly pidProof?: {
    readonly startTime: string;
    readonly bootId: string;
    readonly pidNamespace: string;
  };
  readonly jobUrl?: string;
  readonly planDigest?: string;
  /** Cluster time in ms of the last acknowledged write of this run. */
  readonly beat: number;
  readonly startedAt: number;
  /** The run that took its workers over after it gave no beat in time; it may not act any more. */
  readonly lostTo?: string;
}

export interface TestRecord {
  readonly result: 'passed' | 'failed';
  /** Cluster time, ms. */
  readonly at: number;
  readonly checks: readonly CheckResult[];
}

export interface CheckResult {
  /** Stable id: `gateway`, `repository:pbs-main`, or a declared check's name. */
  readonly id: string;
  readonly result: 'pass' | 'warn' | 'fail' | 'skip';
  readonly ms: number;
  readonly seen: string;
  readonly hint?: string;
}

export interface PatchRecord {
  readonly result: 'patched' | 'nothing' | 'skipped' | 'failed';
  readonly at: number;
  readonly manager?: string;
  /** name old-version new-version */
  readonly packages: readonly string[];
  readonly rebooted: boolean;
  readonly message?: string;
}

/** A new, empty state. */
export function emptyState(lineage: string, project: string, environment: string): State {
  return {
    format: 1,
    lineage,
    serial: 0,
    project,
    environment,
    nodes: {},
    workers: {},
    runs: {},
    sessions: {},
  };
}
