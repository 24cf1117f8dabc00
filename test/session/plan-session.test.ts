import { describe, expect, it } from 'vitest';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';
import type { SessionPlan } from '../../src/model/session-plan.ts';
import { emptyState, type State } from '../../src/model/state.ts';
import { DEFAULT_PATCH } from '../../src/model/worker.ts';
import { estimateLaunch, readyTimes } from '../../src/session/launch-estimates.ts';
import { type PlanSessionInput, planSession } from '../../src/session/plan-session.ts';
import {
  desiredWorker,
  inventory,
  MINUTE,
  NOW,
  repository,
  sessionSpec,
  vm,
  workerRecord,
} from './support.ts';

const LAUNCH = { start: 2_000, agent: 18_000, test: 1_000, patch: 0, stop: 4_000 };

function input(parts: Partial<PlanSessionInput> = {}): PlanSessionInput {
  const location = { file: 'muster.yaml', line: 1, column: 1 };
  const state: State = {
    ...emptyState('l', 'backup', ''),
    workers: { 'backup-pve1': workerRecord(9100, 'pve1', { last: { launch: LAUNCH } }) },
    history: { nightly: { items: { 'vm-101': { ms: 9 * MINUTE, at: NOW } } } },
  };
  return {
    session: 'nightly',
    spec: sessionSpec({
      items: [
        {
          name: 'vm-${vm.id}',
          forEachVm: { exclude: [] },
          run: ['backup', '${vm.id}'],
          env: {},
          repository: 'pbs',
          timeout: 240 * MINUTE,
          retries: 1,
        },
      ],
    }),
    declaration: {
      repositories: { pbs: repository({ maxConcurrent: 8 }) },
      cluster: { limits: { parallelism: 8, perNode: 2 } },
      locate: () => location,
    },
    desired: {
      workers: [desiredWorker('backup-pve1', 'pve1'), desiredWorker('backup-pve2', 'pve2')],
      contents: {},
      repositories: [],
    },
    plan: { workers: [], findings: [], preflight: [] },
    state,
    inventory: inventory([vm(101, 'pve1'), vm(102, 'pve2'), vm(103, 'pve3')]),
    ...parts,
  };
}

describe('a session as a plan', () => {
  const plan = planSession(input());

  it('says what is done with each worker, and when it takes its first item', () => {
    expect(
      plan.workers.map(({ worker, vmid, actions, readyAt, launch }) => [
        worker,
        vmid,
        actions,
        readyAt,
        launch.from,
      ]),
    ).toEqual([
      ['backup-pve1', 9100, ['launch'], 21_000, 'worker'],
      ['backup-pve2', undefined, ['deploy', 'launch'], 111_000, 'default'],
    ]);
  });

  it('says where and when each item runs, and which are read over the network (W13)', () => {
    expect(
      plan.items.map(({ item, run }) => [item.name, run?.worker, run?.place, item.estimate]),
    ).toEqual([
      ['vm-101', 'backup-pve1', 'same-node', { ms: 9 * MINUTE, from: 'item' }],
      ['vm-103', 'backup-pve1', 'other-node', { ms: 9 * MINUTE, from: 'session' }],
      ['vm-102', 'backup-pve2', 'same-node', { ms: 9 * MINUTE, from: 'session' }],
    ]);
    expect(plan.forecast.overNetwork).toBe(1);
    expect(plan.repositories).toEqual({
      pbs: { address: 'pbs.example.net:8007', maxConcurrent: 8 },
    });
  });

  it('is the same for the same input: nothing in it tells the time', () => {
    expect(JSON.stringify(planSession(input()))).toBe(JSON.stringify(plan));
  });

  it('lists what a session leaves for an apply', () => {
    const left = { reasons: [], changes: [], node: 'pve3', frees: [] } as const;
    const { leftForApply } = planSession(
      input({
        plan: {
          workers: [
            { ...left, worker: 'backup-old', actions: ['destroy'] },
            { ...left, worker: 'backup-pve1', actions: ['update', 'test'], node: 'pve1' },
            { ...left, worker: 'backup-pve2', actions: ['replace'], node: 'pve2' },
          ],
          findings: [],
          preflight: [],
        },
      }),
    );
    expect(leftForApply).toEqual([
      { action: 'destroy', workers: 1 },
      { action: 'replace', workers: 1 },
    ]);
  });

  it('warns of a node that has no memory left for its workers, and of items that nobody may run', () => {
    const small = { online: true, cpus: 4, memory: 8 * 2 ** 30, memoryUsed: 4 * 2 ** 30 };
    const given = input();
    const { warnings } = planSession({
      ...given,
      spec: { ...given.spec, placement: 'sameNode' },
      inventory: { ...given.inventory, nodes: { ...given.inventory.nodes, pve1: small } },
    });
    expect(warnings.map(({ message }) => message)).toEqual([
      'pve1 has 4 GiB of memory left, and its worker takes 6 GiB',
      'pve1 has 4 CPUs, and its worker takes 6 vCPUs: items will wait for each other',
      'no worker of this session may run vm-103: they would fail',
    ]);
  });

  it('says when the CPUs of a node, or its memory, are the limit that one more worker would meet', () => {
    const given = input();
    const nodes = { ...given.inventory.nodes };
    const { pve1 } = nodes;
    if (pve1 === undefined) throw new Error('no pve1');
    const many = Array.from({ length: 40 }, (_, index) => vm(200 + index, 'pve1'));
    const plannedWith = (part: Partial<typeof pve1>) => {
      const { vms } = inventory(many);
      const changed = { ...given.inventory, vms, nodes: { ...nodes, pve1: { ...pve1, ...part } } };
      return planSession({ ...given, inventory: changed });
    };
    const lacking = ({ forecast }: SessionPlan) =>
      forecast.savings.find(({ what }) => what.kind === 'worker')?.lacks;
    const GIB = 2 ** 30;
    const roomy = plannedWith({ cpus: 64, memory: 64 * GIB, memoryUsed: 0 });
    expect([lacking(roomy), roomy.warnings]).toEqual([undefined, []]);
    expect(lacking(plannedWith({ cpus: 64, memory: 8 * GIB, memoryUsed: 0 }))).toBe('memory');
    const crowded = plannedWith({ cpus: 4, memory: 64 * GIB, memoryUsed: 0 });
    expect(lacking(crowded)).toBe('cpu');
    expect(crowded.warnings.map(({ code }) => code)).toEqual(['node-cpus']);
  });

  it('names every mistake at once, before anything is touched', () => {
    const given = input();
    const [item] = given.spec.items;
    if (item === undefined) throw new Error('no item');
    const spec = {
      ...given.spec,
      workers: { names: ['nobody'] },
      items: [{ ...item, repository: 'other' }],
    };
    try {
      planSession({ ...given, spec });
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof DiagnosticsError)) throw error;
      expect(error.diagnostics.map(({ code }) => code)).toEqual([
        'unknown-worker',
        'unknown-repository',
      ]);
    }
  });

  it('keeps what stands against running it now apart: no items is 6', () => {
    expect(planSession(input({ inventory: inventory([]) })).refusals).toMatchObject([
      { exitCode: 6 },
    ]);
  });
});

describe('a launch', () => {
  const subject = { worker: 'w1', actions: ['deploy', 'launch'] as const, patch: DEFAULT_PATCH };

  it('is expected to take what it took before, or what others took', () => {
    const state = { workers: { other: workerRecord(9101, 'pve1', { last: { launch: LAUNCH } }) } };
    expect(estimateLaunch({ ...subject, actions: ['launch'] }, 'backup', state, NOW)).toEqual({
      times: LAUNCH,
      from: 'others',
    });
    expect(estimateLaunch(subject, 'backup', { workers: {} }, NOW)).toMatchObject({
      from: 'default',
      times: { deploy: 90_000 },
    });
  });

  it('does not wait for updates when restoring, or when they were installed lately', () => {
    const patched = { result: 'nothing' as const, at: NOW - MINUTE, packages: [], rebooted: false };
    const record = workerRecord(9101, 'pve1', { last: { patch: patched } });
    expect(estimateLaunch(subject, 'restore', { workers: {} }, NOW).times.patch).toBeUndefined();
    expect(
      estimateLaunch({ ...subject, record }, 'backup', { workers: {} }, NOW).times.patch,
    ).toBeUndefined();
  });

  it('shares the cluster’s limits with others that are deployed', () => {
    const launches = ['a', 'b', 'c'].map((worker) => ({
      worker,
      node: 'pve1',
      times: { deploy: 60_000, start: 10_000 },
    }));
    const ready = readyTimes(launches, { parallelism: 8, perNode: 2 });
    expect([...ready.values()]).toEqual([70_000, 70_000, 130_000]);
  });
});
