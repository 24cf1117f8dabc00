import type {
  BridgeFacts,
  ClusterFacts,
  NodeFacts,
  Permissions,
  StorageFacts,
  VmConfig,
  VmFacts,
} from './inventory.ts';

/**
 * Proxmox VE as Muster uses it. Every method may throw PveError; those that wait for a task TaskFailed or
 * TaskTimeout. A write that throws has an unknown outcome, always (a `refused`, `forbidden` or
 * `unauthenticated` one excepted). Only reads are retried inside. Sizes are bytes, times milliseconds.
 */
export interface Pve {
  readonly read: PveReads;
  readonly write: PveWrites;
  readonly agent: PveAgent;
  readonly tasks: PveTasks;
  /** The cluster's time: the last `Date` header plus the monotonic time since. Undefined before the first answer. */
  clusterTime(): number | undefined;
  /** Number of requests sent so far, by "METHOD /template". */
  requests(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

export interface ClusterList {
  readonly nodes: Readonly<Record<string, NodeFacts>>;
  readonly vms: readonly VmFacts[];
  /** From /cluster/resources: one per node and storage. */
  readonly storages: readonly StorageFacts[];
  readonly name?: string;
}

export interface PveReads {
  /** Version, endpoint and token id; also proves that the token is accepted. */
  facts(): Promise<Omit<ClusterFacts, 'time'>>;
  /** GET /cluster/resources: complete for what the token may see, power states up to 10 s old. */
  cluster(): Promise<ClusterList>;
  /** GET /nodes/N/qemu: true power states of all VMs of one node. */
  nodeVms(node: string): Promise<readonly VmFacts[]>;
  /** Pending values included unless `current`. Throws when the VM does not exist (`vmMissing` tells). */
  config(node: string, vmid: number, current?: boolean): Promise<VmConfig>;
  /** Keys whose value waits for a power cycle, and deletions that wait. */
  pending(node: string, vmid: number): Promise<readonly string[]>;
  /** True when no guest of the whole cluster has this id; needs no privilege (fact 44). */
  idIsFree(vmid: number): Promise<boolean>;
  status(node: string, vmid: number): Promise<VmStatus>;
  permissions(): Promise<Permissions>;
  storages(node: string): Promise<readonly StorageFacts[]>;
  bridges(node: string): Promise<readonly BridgeFacts[]>;
  /** Volumes of one content type on a storage, as that node sees it: volid → size. */
  volumes(
    node: string,
    storage: string,
    content: string,
  ): Promise<Readonly<Record<string, number>>>;
  /** vmids under HA or replication; empty when the token may not ask. */
  haManaged(): Promise<readonly number[]>;
  /** May this stopped VM move there offline? The reasons against it, empty when it may. */
  migrationObstacles(node: string, vmid: number, target: string): Promise<readonly string[]>;
  snapshots(node: string, vmid: number): Promise<readonly string[]>;
}

export interface VmStatus {
  readonly status: 'running' | 'stopped';
  /** `running`, `paused`, `io-error`, `internal-error`, … */
  readonly qmpStatus: string;
  readonly lock?: string;
  readonly uptime: number;
}

/** Parameters as PVE names them; booleans as 1/0 are made from true/false. */
export type PveParams = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** All return a UPID, except the synchronous ones, which return when the thing is done. */
export interface PveWrites {
  clone(
    node: string,
    source: number,
    params: {
      readonly newid: number;
      readonly name: string;
      readonly description: string;
      readonly full: boolean;
      readonly target?: string;
      readonly storage?: string;
      readonly pool?: string;
    },
  ): Promise<string>;
  create(node: string, params: PveParams & { readonly vmid: number }): Promise<string>;
  /** Synchronous PUT. `digest` guards it: a mismatch is a PveError for which `isDigestConflict` is true. */
  setConfig(
    node: string,
    vmid: number,
    set: PveParams,
    remove: readonly string[],
    digest: string,
  ): Promise<void>;
  resize(node: string, vmid: number, disk: string, bytes: number, digest?: string): Promise<string>;
  moveDisk(
    node: string,
    vmid: number,
    disk: string,
    storage: string,
    digest?: string,
  ): Promise<string>;
  migrate(node: string, vmid: number, target: string, targetStorage?: string): Promise<string>;
  start(node: string, vmid: number): Promise<string>;
  /** Guest shutdown; never forces. */
  shutdown(node: string, vmid: number, timeoutMs: number): Promise<string>;
  /** Power off now; overrules a shutdown that runs. */
  stop(node: string, vmid: number): Promise<string>;
  /** purge=1, never destroy-unreferenced-disks. */
  destroy(node: string, vmid: number): Promise<string>;
  downloadImage(
    node: string,
    storage: string,
    params: {
      readonly url: string;
      readonly filename: string;
      readonly checksum: string;
      readonly algorithm: string;
    },
  ): Promise<string>;
  regenerateCloudInit(node: string, vmid: number): Promise<void>;
  setPool(pool: string, vmid: number, member: boolean): Promise<void>;
}

export interface WaitOptions {
  /** Milliseconds from now. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (line: string) => void;
}

export interface TaskInfo {
  readonly upid: string;
  readonly node: string;
  readonly type: string;
  /** The guest's id as text. */
  readonly id: string;
  readonly startTime: number;
  readonly running: boolean;
  readonly exitText?: string;
}

export interface PveTasks {
  /** Polls adaptively until the task ends. Resolves with its warnings count (0 for OK). Throws TaskFailed, TaskTimeout. */
  wait(upid: string, options: WaitOptions): Promise<number>;
  /** Recent and running tasks of a node, newest first, as far as the token may see; optionally of one guest. */
  list(node: string, vmid?: number): Promise<readonly TaskInfo[]>;
  abort(upid: string): Promise<void>;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

/** The QEMU guest agent. Its failures are PveErrors for which `agentFailure` names the kind. */
export interface PveAgent {
  ping(node: string, vmid: number): Promise<void>;
  /** Runs argv (never a shell string) and polls until it ends or the timeout passes (WaitTimeout). */
  exec(
    node: string,
    vmid: number,
    argv: readonly string[],
    options: {
      readonly stdin?: string;
      readonly timeout: number;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<ExecResult>;
  /** undefined: no such file. */
  readFile(node: string, vmid: number, path: string): Promise<string | undefined>;
  writeFile(node: string, vmid: number, path: string, content: Uint8Array): Promise<void>;
  /** Addresses other than loopback and link-local. */
  addresses(node: string, vmid: number): Promise<readonly string[]>;
}
