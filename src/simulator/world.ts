/**
 * The simulated cluster as data. It is plain JSON, so that saving it and restoring it gives the same
 * cluster, and it is mutable: the core moves it forward, and a test may edit it by hand.
 */
import type { ArmedFault } from './faults.ts';
import type { Guest, GuestDisk } from './guest/program.ts';
import type { Download, ImageBehaviour, NetworkWorld } from './world-outside.ts';

export type { ArmedFault, Fault, FaultEffect, WorldChange } from './faults.ts';

export interface World {
  format: 1;
  cluster: { name: string; version: string; release: string; repoId: string };
  nowMs: number;
  /** Draws of the seeded sequence so far start here. */
  seed: number;
  /** Counts whatever needs a number of its own: events, digests, pids. */
  counter: number;
  nodes: Record<string, SimNode>;
  storages: Record<string, SimStorage>;
  /** Key: volumeKey(volid, node). */
  volumes: Record<string, Volume>;
  bridges: Record<string, Bridge>;
  vnets: Record<string, Vnet>;
  pools: Record<string, Pool>;
  vms: Record<string, Vm>;
  /** Containers, which Muster has nothing to do with but whose ids are taken. */
  containers?: Record<string, Container>;
  access: Access;
  tasks: Task[];
  events: WorldEvent[];
  faults: ArmedFault[];
  journal: JournalEntry[];
  ha: Record<string, HaResource>;
  replication: ReplicationJob[];
  images: Record<string, ImageBehaviour>;
  network: NetworkWorld;
  downloads: Record<string, Download>;
  durations: Durations;
  /** How long the API process takes to say 401, in ms. */
  authDelayMs: number;
  /** What /cluster/resources shows: power states and names as they were broadcast last. */
  broadcast: { nextMs: number; vms: Record<string, BroadcastVm> };
  options: Record<string, string>;
}

export interface Container {
  vmid: number;
  node: string;
  name: string;
}

export interface BroadcastVm {
  status: string;
  name?: string;
  uptime: number;
  node: string;
}

export interface SimNode {
  name: string;
  cpus: number;
  memory: number;
  status: 'online' | 'offline';
  /** How a request to it fails while it is offline. */
  offlineText: string;
  address: string;
  bootedMs: number;
  maintenance: boolean;
}

export interface SimStorage {
  id: string;
  type: string;
  shared: boolean;
  /** Absent: on every node. */
  nodes?: string[];
  content: string[];
  /** Bytes, per node; a shared storage has the one entry `*`. */
  size: Record<string, number>;
  /** Bytes used by what the simulator doesn't know of, per node or `*`. */
  otherUsed: Record<string, number>;
  enabled: boolean;
  /** Why it can't be activated; absent: it can. */
  broken?: string;
  path?: string;
  pool?: string;
}

export interface Volume {
  volid: string;
  storage: string;
  /** null: on a shared storage. */
  node: string | null;
  format: string;
  content: string;
  size: number;
  vmid?: number;
  /** The volume that a linked clone stands on. */
  parent?: string;
  ctime: number;
  isBase?: boolean;
  /** Which image's behaviour the disk has. */
  image?: string;
  /** What a guest wrote on it so far; absent: as the image. */
  disk?: GuestDisk;
}

export interface Bridge {
  name: string;
  nodes: string[];
  vlanAware: boolean;
}

export interface Vnet {
  name: string;
  zone: string;
  nodes: string[];
}

export interface Pool {
  id: string;
  comment: string;
  vms: number[];
  storages: string[];
}

export interface Snapshot {
  name: string;
  description: string;
  snaptime: number;
  parent?: string;
  config: Record<string, string>;
  disks: Record<string, GuestDisk | null>;
}

export interface Vm {
  vmid: number;
  node: string;
  config: Record<string, string>;
  /** Written while running and not yet in force. */
  pending: Record<string, string>;
  pendingDelete: string[];
  snapshots: Record<string, Snapshot>;
  currentParent?: string;
  power: Power;
  /** A guest that doesn't heed a shutdown request. */
  ignoresShutdown: boolean;
  /** Bytes that a backup of it would read. */
  backupBytes: number;
  /** What the running process was started with; pending changes wait for its end. */
  running?: { config: Record<string, string>; cpus: number; memoryMiB: number };
}

export interface Power {
  status: 'running' | 'stopped';
  qmpstatus: string;
  startedMs: number;
  pid: number;
  /** The process doesn't answer its monitor (SIGSTOP, dead storage). */
  hung: boolean;
  guest?: Guest;
  /** The boot is over and the guest runs from here. */
  bootDoneMs: number;
}

export interface Access {
  users: Record<string, { enabled: boolean; expire: number; password?: string }>;
  /** Key: user@realm!id. */
  tokens: Record<string, { secret: string; privsep: boolean; expire: number }>;
  roles: Record<string, string[]>;
  acls: { path: string; who: string; role: string; propagate: boolean }[];
}

export interface Task {
  upid: string;
  node: string;
  type: string;
  id: string;
  user: string;
  starttimeMs: number;
  endtimeMs?: number;
  pid: number;
  pstart: number;
  status: 'running' | 'stopped';
  exitstatus?: string;
  log: string[];
  /** What it does, and how far it has got. */
  job: Job;
  /** Its next step is due then. */
  dueMs: number;
}

export interface Job {
  kind: string;
  stage: string;
  /** Arguments and interim results. */
  data: Record<string, string | number | boolean | null>;
  params: Record<string, string>;
  /** Config locks (`vm:ID:x` exclusive, `vm:ID:s` shared, `storage:ID`) that it holds. */
  locks: string[];
  /** A scripted fault: it ends with this text instead. */
  failWith?: string;
  /** A scripted fault: the worker is killed half-way and cleans nothing up. */
  killed?: boolean;
}

export type WorldEvent = {
  atMs: number;
  seq: number;
} & (
  | { kind: 'power-off'; vmid: number; bootId: string }
  | { kind: 'reboot'; vmid: number; bootId: string }
  /** The QEMU process is started anew (the second half of a reboot task); bootId is empty. */
  | { kind: 'start-again'; vmid: number; bootId: string }
);

export interface HaResource {
  sid: string;
  state: string;
  group?: string;
}

export interface ReplicationJob {
  id: string;
  guest: number;
  target: string;
  schedule: string;
}

export interface Durations {
  requestMs: number;
  cloneBaseMs: number;
  clonePerGiBMs: number;
  linkedCloneMs: number;
  createMs: number;
  importPerGiBMs: number;
  startMs: number;
  stopMs: number;
  destroyMs: number;
  resizeMs: number;
  migrateMs: number;
  downloadPerGiBMs: number;
  smallTaskMs: number;
  agentExecMs: number;
}

/** One accepted write, or one thing that a task did. */
export interface JournalEntry {
  readonly atMs: number;
  readonly user: string;
  readonly method: string;
  /** As routed: `/nodes/pve1/qemu/101/config`. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly node?: string;
  readonly vmid?: number;
  readonly status: number;
  readonly upid?: string;
}
