import type { Change, Plan, WorkerPlan } from '../../src/model/plan.ts';
import { DEFAULT_PLAN_OPTIONS } from '../../src/model/plan.ts';

/** A plan with nothing in it; tests say what they need. */
export function planOf(parts: Partial<Plan> = {}): Plan {
  return {
    format: 1,
    project: 'backup',
    environment: '',
    cluster: {
      name: 'homelab',
      version: '9.2.11',
      endpoint: 'https://pve1.example.net:8006',
      token: 'muster@pve!ci',
      nodes: 3,
      unreachable: 0,
    },
    options: DEFAULT_PLAN_OPTIONS,
    workers: [],
    unchanged: 0,
    findings: [],
    preflight: [],
    guards: { forbid: [] },
    refusals: [],
    warnings: [],
    contents: {},
    repositories: [],
    limits: { parallelism: 8, perNode: 2, perStorage: 2 },
    vmids: { from: 9100, to: 9199 },
    reviewDigest: '7f3a91c20be4d516'.repeat(4),
    ...parts,
  };
}

export function workerOf(worker: string, parts: Partial<WorkerPlan> = {}): WorkerPlan {
  return {
    worker,
    actions: ['configure'],
    reasons: ['new'],
    changes: [],
    node: 'pve1',
    frees: [],
    ...parts,
  };
}

export function changeOf(path: string, parts: Partial<Change> = {}): Change {
  return {
    path,
    before: null,
    after: null,
    causes: ['declaration'],
    cost: 'in-place',
    ...parts,
  };
}

/** Two dangerous actions, an unplanned power state, drift, a new node, and two workers that are held. */
export function driftPlan(): Plan {
  const at = (line: number, file = 'workers/north.yaml') => ({ file, line, column: 3 });
  return planOf({
    environment: 'production',
    cluster: {
      name: 'north',
      version: '9.2.11',
      endpoint: 'https://pve1.example.net:8006',
      token: 'muster@pve!ci',
      nodes: 5,
      unreachable: 1,
    },
    unchanged: 5,
    guards: { maxDestroy: 2, maxReplace: 1, forbid: [] },
    preflight: [
      {
        result: 'ok',
        code: 'template',
        message: 'template debian-13-5 on pve2; 20 of 164 GiB free on local-lvm; privileges',
      },
    ],
    workers: [
      workerOf('backup-old', {
        actions: ['destroy'],
        reasons: ['undeclared'],
        node: 'pve3',
        vmid: 9107,
        frees: ['local-lvm:vm-9107-disk-0 (20 GiB)'],
        lastUsed: 'nightly on 2026-11-20',
        declaredAt: at(40),
      }),
      workerOf('backup-pve1', {
        actions: ['update'],
        reasons: ['declaration-changed', 'drift'],
        vmid: 9101,
        declaredAt: at(3),
        changes: [
          changeOf('memory', { before: 6 * 2 ** 30, after: 8 * 2 ** 30 }),
          changeOf('networks[0].vlan', { after: 120, applied: 120, causes: ['drift'] }),
        ],
      }),
      workerOf('backup-pve2', {
        actions: ['replace'],
        reasons: ['declaration-changed'],
        node: 'pve2',
        vmid: 9102,
        declaredAt: at(14),
        changes: [
          changeOf('image', { before: 'debian-13', after: 'debian-13-5', cost: 'rebuild' }),
        ],
      }),
      workerOf('backup-pve3', {
        actions: ['update'],
        reasons: ['declaration-changed'],
        node: 'pve3',
        vmid: 9103,
        declaredAt: at(25),
        changes: [changeOf('memory', { before: 6 * 2 ** 30, after: 8 * 2 ** 30 })],
        held: {
          why: 'leased',
          by: 'session nightly-20261122-0200',
          until: Date.UTC(2026, 10, 22, 4, 10),
        },
      }),
      workerOf('backup-pve4', {
        actions: [],
        reasons: [],
        node: 'pve4',
        vmid: 9104,
        held: { why: 'unreachable', by: '595 No route to host' },
      }),
      workerOf('backup-pve5', {
        reasons: ['new-node'],
        node: 'pve5',
        set: 'everywhere',
        declaredAt: at(31, 'muster.yaml'),
        summary: '4 slots, 6 vCPU, 6 GiB, 20 GiB local-lvm, vmbr0 dhcp',
      }),
      workerOf('restore-pve1', {
        actions: ['shutdown'],
        reasons: ['left-running'],
        vmid: 9105,
        changes: [changeOf('power', { before: 'running', after: 'off', causes: ['drift'] })],
      }),
    ],
  });
}

export function firstPlan(): Plan {
  const summary = (storage: string) => `4 slots, 6 vCPU, 6 GiB, 20 GiB ${storage}, vmbr0 dhcp`;
  const declaredAt = { file: 'muster.yaml', line: 19, column: 3 };
  const one = (node: string, storage: string) =>
    workerOf(`backup-${node}`, { node, set: 'everywhere', declaredAt, summary: summary(storage) });
  return planOf({
    workers: [one('pve1', 'local-lvm'), one('pve2', 'local-lvm'), one('pve3', 'local-zfs')],
    preflight: [
      { result: 'ok', code: 'template', message: 'template on 3 of 3 nodes' },
      {
        result: 'ok',
        code: 'space',
        message: '20 GiB per node when deployed (pve2 is tightest: 187 GiB free on local-lvm)',
      },
    ],
    warnings: [
      {
        severity: 'warning',
        code: 'slots-unused',
        message: '12 slots use pbs-main, which takes 8 at once: 4 slots will wait',
        labels: [],
      },
    ],
  });
}
