import type { RepositorySpec, SessionSpec } from '../../src/model/declaration.ts';
import type { Inventory, VmFacts } from '../../src/model/inventory.ts';
import type { LiveSession, SessionItem } from '../../src/model/session.ts';
import type { WorkerRecord } from '../../src/model/state.ts';
import type { DesiredWorker, WorkerSpec } from '../../src/model/worker.ts';
import type { PendingItem, ScheduleLimits, SlotWorker } from '../../src/session/board.ts';
import type { PredictedWorker } from '../../src/session/predict.ts';
import { workerSpec } from '../state/support/states.ts';

export const MINUTE = 60_000;
/** Cluster time of the tests: 2026-11-22 02:00 UTC. */
export const NOW = Date.UTC(2026, 10, 22, 2);

export function pending(name: string, parts: Partial<PendingItem> = {}): PendingItem {
  return { name, estimate: 10 * MINUTE, avoid: [], ...parts };
}

/** A worker that is ready and idle. */
export function slotWorker(
  name: string,
  node: string,
  parts: Partial<SlotWorker> = {},
): SlotWorker {
  return { name, node, slots: 4, ready: true, readyAt: 0, running: [], ...parts };
}

export function predicted(
  name: string,
  node: string,
  parts: Partial<PredictedWorker> = {},
): PredictedWorker {
  return { name, node, slots: 4, readyAt: 20_000, stopMs: 5_000, ...parts };
}

export function limits(parts: Partial<ScheduleLimits> = {}): ScheduleLimits {
  return { placement: 'preferSameNode', reserve: 0, repositories: {}, ...parts };
}

export function sessionSpec(parts: Partial<SessionSpec> = {}): SessionSpec {
  return {
    kind: 'backup',
    workers: {},
    placement: 'preferSameNode',
    items: [],
    guards: { minItems: 1, minWorkers: 1, waitForWorkers: 15 * MINUTE },
    reserve: 0,
    env: {},
    ...parts,
  };
}

export function repository(parts: Partial<RepositorySpec> = {}): RepositorySpec {
  return {
    address: 'pbs.example.net:8007',
    host: 'pbs.example.net',
    port: 8007,
    env: {},
    ...parts,
  };
}

export function vm(vmid: number, node: string, parts: Partial<VmFacts> = {}): VmFacts {
  return {
    vmid,
    node,
    kind: 'qemu',
    name: `server-${vmid}`,
    status: 'running',
    template: false,
    tags: [],
    pool: 'production',
    ...parts,
  };
}

export function inventory(vms: readonly VmFacts[], parts: Partial<Inventory> = {}): Inventory {
  const node = { online: true, cpus: 16, memory: 64 * 2 ** 30, memoryUsed: 8 * 2 ** 30 };
  return {
    cluster: { version: '9.2.11', endpoint: 'https://pve1:8006', token: 'm@pve!ci', time: NOW },
    nodes: { pve1: node, pve2: node, pve3: node },
    vms: Object.fromEntries(vms.map((each) => [String(each.vmid), each])),
    configs: {},
    absent: {},
    storages: {},
    bridges: {},
    volumes: {},
    haManaged: [],
    ...parts,
  };
}

export function desiredWorker(
  name: string,
  node: string,
  spec: Partial<WorkerSpec> = {},
): DesiredWorker {
  return {
    name,
    spec: workerSpec({ node, ...spec }),
    declaredAt: { file: 'muster.yaml', line: 1, column: 1 },
  };
}

/** A worker with a VM, as an apply left it. */
export function workerRecord(
  vmid: number,
  node: string,
  parts: Partial<WorkerRecord> = {},
): WorkerRecord {
  return {
    vm: { vmid, node, uuid: `0b2f8a5e-1111-4222-8333-${String(vmid).padStart(12, '0')}` },
    declared: workerSpec({ node }),
    protect: false,
    last: {},
    ...parts,
  };
}

export function sessionItem(name: string, parts: Partial<SessionItem> = {}): SessionItem {
  return {
    name,
    run: ['/usr/local/bin/backup-vm'],
    env: {},
    timeout: 240 * MINUTE,
    retries: 0,
    estimate: { ms: 10 * MINUTE, from: 'default' },
    ...parts,
  };
}

export function liveSession(parts: Partial<LiveSession> = {}): LiveSession {
  const { items: _, ...spec } = sessionSpec();
  return {
    kind: 'live',
    id: 'nightly-20261122-0200',
    name: 'nightly',
    run: 'run-1',
    startedAt: NOW,
    spec,
    repositories: {},
    items: [],
    attempts: {},
    workers: {},
    ...parts,
  };
}

/** Numbers between 0 and 1 that are the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
