import type { Inventory } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import { statusOf } from '../model/lifecycle.ts';
import { lookup } from '../model/lookup.ts';
import { phaseOf } from '../model/phase-of.ts';
import type { Plan, WorkerPlan } from '../model/plan.ts';
import { BY_STRENGTH } from '../model/plan-counts.ts';
import type { ApplyResult, WorkerOutcome } from '../model/result.ts';
import { holderOf } from '../model/runs.ts';
import { recordNodes } from '../model/transitions.ts';
import { workerDigest } from '../plan/worker-digest.ts';
import type { Confirm } from './confirm-port.ts';
import type {
  ApplyPorts,
  Interrupts,
  Run,
  SessionCare,
  TakeWorkers,
  WorkerBase,
} from './context.ts';
import { createLanes, type LaneKey, type Lanes } from './lanes.ts';
import { type Enter, runWorker } from './run-worker.ts';

export interface ApplyInput {
  readonly plan: Plan;
  /** Read right before; each worker's VM is read anew once its lease is taken. */
  readonly inventory: Inventory;
  readonly ports: ApplyPorts;
  readonly run: Run;
  readonly take: TakeWorkers;
  readonly confirm: Confirm;
  readonly interrupts: Interrupts;
  readonly care: SessionCare;
  readonly options: {
    readonly onError: 'continue' | 'stop';
    /** How long to wait for leased workers, ms; 0: not at all. */
    readonly waitMs: number;
  };
}

/** Runs a plan. Independent workers go on when one fails, unless told to stop. Throws only on a bug or when the state can't be written. */
export async function applyPlan(input: ApplyInput): Promise<ApplyResult> {
  const { plan, ports, interrupts } = input;
  const startedAt = ports.clock.monotonic();
  await rememberCluster(input);
  const shared = { lanes: createLanes(), running: new Set<string>(), failed: new Set<string>() };
  const outcomes = await allOf(
    inOrder(plan).map((worker) => runInLane(input, worker, startedAt, shared)),
  );
  return {
    run: input.run.id,
    outcomes: outcomes.sort((a, b) => byCodeUnit(a.worker, b.worker)),
    interrupted: interrupts.first.aborted || interrupts.second.aborted,
    leftRunning: [...shared.running].sort(byCodeUnit),
    tookMs: ports.clock.monotonic() - startedAt,
  };
}

/** Waits for all of them, also when one ends with a bug: the others may have workers to power off. */
async function allOf<T>(runs: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(runs);
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

interface Shared {
  readonly lanes: Lanes;
  /** Workers that this run powered on and did not yet power off. */
  readonly running: Set<string>;
  readonly failed: Set<string>;
}

/** What has to be waited for comes last; of the rest, what endangers most is begun first; within that by name. */
function inOrder(plan: Plan): readonly WorkerPlan[] {
  const rank = ({ actions }: WorkerPlan): number =>
    BY_STRENGTH.findIndex((kind) => actions.includes(kind));
  return plan.workers
    .filter(({ actions }) => actions.length > 0)
    .sort(
      (a, b) => heldLast(a) - heldLast(b) || rank(a) - rank(b) || byCodeUnit(a.worker, b.worker),
    );
}

function heldLast({ held }: WorkerPlan): number {
  return held === undefined ? 0 : 1;
}

async function runInLane(
  input: ApplyInput,
  worker: WorkerPlan,
  startedAt: number,
  shared: Shared,
): Promise<WorkerOutcome> {
  const { plan, ports } = input;
  const mayWait = isWaitable(worker) && input.options.waitMs > 0;
  if (worker.held !== undefined && !mayWait) return heldOutcome(input, worker);
  const base: WorkerBase = {
    ports,
    run: input.run,
    plan,
    inventory: input.inventory,
    worker,
    planDigest: workerDigest(worker),
    lanes: shared.lanes,
    running: shared.running,
    interrupts: input.interrupts,
    take: input.take,
    waitMs: input.options.waitMs,
    startedAt,
    care: input.care,
  };
  const noted = (outcome: WorkerOutcome): WorkerOutcome => {
    if (outcome.result === 'failed') shared.failed.add(worker.worker);
    return outcome;
  };
  const enter: Enter = (work) =>
    shared.lanes.within(lanesOf(plan, worker), async () => {
      const skipped = skippedAfterFailure(input, worker, startedAt, shared);
      return skipped ?? noted(await work());
    });
  return noted(await runWorker(base, input.confirm, enter));
}

function skippedAfterFailure(
  input: ApplyInput,
  worker: WorkerPlan,
  startedAt: number,
  { failed }: Shared,
): WorkerOutcome | undefined {
  const { clock, log } = input.ports;
  const [culprit] = failed;
  if (culprit === undefined || input.options.onError === 'continue') return undefined;
  const why = `${culprit} failed, and --on-error is stop`;
  log.emit({ kind: 'skipped', at: clock.monotonic() - startedAt, worker: worker.worker, why });
  return { ...heldOutcome(input, worker), result: 'skipped', error: why };
}

/** Held by what ends by itself. */
function isWaitable({ held }: WorkerPlan): boolean {
  return held?.why === 'leased' || held?.why === 'locked';
}

/** Workers that only change the record need no room: they all go into one write. */
function lanesOf(plan: Plan, worker: WorkerPlan): readonly LaneKey[] {
  const recordOnly = worker.actions.every(
    (action) => action === 'configure' || action === 'forget',
  );
  if (recordOnly) return [];
  const { parallelism, perNode } = plan.limits;
  const replace = worker.actions.includes('replace');
  return [
    ...(replace ? [{ key: `replace ${worker.node}`, room: 1 }] : []),
    { key: `node ${worker.node}`, room: perNode },
    { key: 'all', room: parallelism },
  ];
}

function heldOutcome({ ports }: ApplyInput, worker: WorkerPlan): WorkerOutcome {
  const state = ports.ledger.current();
  const record = lookup(state.workers, worker.worker);
  const { vm } = record ?? {};
  const { held } = worker;
  const now = ports.pve.clusterTime() ?? ports.clock.now();
  const holder = record === undefined ? undefined : holderOf(record, state, now);
  return {
    worker: worker.worker,
    actions: worker.actions,
    result: 'held',
    status: statusOf(phaseOf(record, holder)),
    node: worker.node,
    ...(vm === undefined ? {} : { vmid: vm.vmid }),
    ...(held === undefined ? {} : { error: `${held.why}: ${held.by}` }),
    ...(held?.remedy === undefined ? {} : { remedy: held.remedy }),
    tookMs: 0,
  };
}

async function rememberCluster({ ports, inventory }: ApplyInput): Promise<void> {
  const nodes = Object.fromEntries(
    Object.entries(inventory.nodes)
      .filter(([, { cpus }]) => cpus > 0)
      .map(([name, { cpus, memory }]) => [name, { cpus, memory }]),
  );
  const { name } = inventory.cluster;
  await ports.ledger.commit((state) =>
    recordNodes(state, { ...state.nodes, ...nodes }, name === undefined ? state.cluster : { name }),
  );
}
