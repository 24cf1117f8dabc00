import type { Declaration, Limits, SessionSpec } from '../model/declaration.ts';
import { type Diagnostic, DiagnosticsError } from '../model/diagnostic.ts';
import type { Inventory } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import type { ActionKind, Plan, WorkerPlan } from '../model/plan.ts';
import { BY_STRENGTH, strongest } from '../model/plan-counts.ts';
import type { SessionItem, SessionRepository } from '../model/session.ts';
import type {
  Forecast,
  PlannedItem,
  SessionPlan,
  SessionRefusal,
  SessionWorker,
} from '../model/session-plan.ts';
import type { State } from '../model/state.ts';
import type { Desired } from '../model/worker.ts';
import type { ScheduleLimits } from './board.ts';
import { type ChosenWorker, chooseWorkers } from './choose-workers.ts';
import { deadSessions } from './dead-sessions.ts';
import { withEstimates } from './estimates.ts';
import { type ExpandedItem, type ExpandInput, expandItems } from './expand-items.ts';
import { estimateLaunch, readyTimes } from './launch-estimates.ts';
import { roomWarnings, withLacks } from './node-room.ts';
import { type PredictedWorker, type Prediction, predict, toPending } from './predict.ts';
import { savingsOf } from './savings.ts';
import { limitsOf } from './session-limits.ts';

export interface PlanSessionInput {
  /** Key under `sessions:`, or what an ad hoc session is called. */
  readonly session: string;
  readonly spec: SessionSpec;
  /** Items of an ad hoc session; undefined: from the spec. */
  readonly items?: readonly ExpandedItem[];
  readonly declaration: {
    readonly repositories: ExpandInput['repositories'];
    readonly cluster: { readonly limits: Pick<Limits, 'parallelism' | 'perNode'> };
    readonly locate?: Declaration['locate'];
  };
  readonly desired: Desired;
  /** What an apply would do: of all workers, made with their launch as an action. */
  readonly plan: Pick<Plan, 'workers' | 'findings' | 'preflight'>;
  readonly state: State;
  readonly inventory: Inventory;
  /** Only these items (`--item`). */
  readonly only?: readonly string[];
  readonly addresses?: ReadonlyMap<number, string>;
}

/**
 * A session as a plan: pure, equal input gives equal bytes. Throws DiagnosticsError for mistakes that no waiting
 * mends; what only stands against running it now is in `refusals`.
 */
export function planSession(input: PlanSessionInput): SessionPlan {
  const { session, spec, state, inventory, declaration } = input;
  const locate = declaration.locate === undefined ? {} : { locate: declaration.locate };
  const now = inventory.cluster.time;
  // Who is named on the command line stands nowhere in the text.
  const choice = chooseWorkers({ ...input, now, ...(input.items === undefined ? locate : {}) });
  const expanded =
    input.items === undefined
      ? expandItems({ ...input, repositories: declaration.repositories, ...locate })
      : { items: input.items, problems: [], warnings: [], refusals: [] };
  const problems = [...choice.problems, ...expanded.problems];
  if (problems.length > 0) throw new DiagnosticsError(problems);
  const history = lookup(state.history ?? {}, session);
  const items = withEstimates(expanded.items, history);
  const repositories = repositoriesOf(items, declaration.repositories);
  const workers = sessionWorkers(choice.chosen, input, now);
  // What other sessions use of a repository now says nothing about then.
  const limits = limitsOf({ spec, repositories }, { sessions: {} }, 0);
  const { planned, forecast } = forecastOf(items, choice.chosen, workers, { limits, inventory });
  return {
    session,
    kind: spec.kind,
    selects: spec.workers,
    placement: spec.placement,
    reserve: spec.reserve,
    guards: spec.guards,
    repositories,
    workers,
    leftOut: choice.leftOut,
    items: planned,
    forecast,
    leftForApply: leftForApply(input, choice.chosen),
    warnings: [
      ...lostOnes(session, state, now),
      ...choice.warnings,
      ...expanded.warnings,
      ...roomWarnings(choice.chosen, inventory),
      ...nobodyRuns(planned, choice.chosen.length),
    ],
    refusals: sortRefusals([...choice.refusals, ...expanded.refusals]),
  };
}

/** Nights that were cut off: this one takes their place, unless somebody goes on with them first. */
function lostOnes(name: string, state: State, now: number): readonly Diagnostic[] {
  return deadSessions(state, now)
    .filter((lost) => lost.name === name)
    .map(
      ({ id }): Diagnostic => ({
        severity: 'warning',
        code: 'session-lost',
        message: `session ${id} is not over, and the run that led it is dead; this one runs its items anew`,
        labels: [],
        remedy: `To go on with it instead:  muster sessions resume ${id}`,
      }),
    );
}

function repositoriesOf(
  items: readonly SessionItem[],
  declared: ExpandInput['repositories'],
): Readonly<Record<string, SessionRepository>> {
  const names = [...new Set(items.flatMap(({ repository }) => repository ?? []))].sort(byCodeUnit);
  const entries = names.flatMap((name) => {
    const repository = lookup(declared, name);
    if (repository === undefined) return [];
    const { address, maxConcurrent } = repository;
    return [
      [name, { address, ...(maxConcurrent === undefined ? {} : { maxConcurrent }) }] as const,
    ];
  });
  return Object.fromEntries(entries);
}

function sessionWorkers(
  chosen: readonly ChosenWorker[],
  { spec, state, declaration }: PlanSessionInput,
  now: number,
): readonly SessionWorker[] {
  const launches = chosen.map((worker) => ({
    worker: worker.desired.name,
    node: nodeOf(worker),
    subject: worker,
    launch: estimateLaunch(
      {
        worker: worker.desired.name,
        ...(worker.record === undefined ? {} : { record: worker.record }),
        actions: worker.actions,
        patch: worker.desired.spec.patch,
      },
      spec.kind,
      state,
      now,
    ),
  }));
  const ready = readyTimes(
    launches.map(({ worker, node, launch }) => ({ worker, node, times: launch.times })),
    declaration.cluster.limits,
  );
  return launches.map(({ worker, node, subject, launch }) => {
    const vmid = subject.record?.vm?.vmid ?? subject.plan?.vmid;
    return {
      worker,
      node,
      ...(vmid === undefined ? {} : { vmid }),
      actions: subject.actions,
      slots: Math.max(0, subject.desired.spec.slots - spec.reserve),
      launch,
      readyAt: ready.get(worker) ?? 0,
    };
  });
}

/** Where its VM is; a new one is made on the declared node. */
function nodeOf({ desired, record, plan }: ChosenWorker): string {
  return record?.vm === undefined ? desired.spec.node : (plan?.node ?? record.vm.node);
}

function forecastOf(
  items: readonly SessionItem[],
  chosen: readonly ChosenWorker[],
  workers: readonly SessionWorker[],
  { limits, inventory }: { readonly limits: ScheduleLimits; readonly inventory: Inventory },
): { readonly planned: readonly PlannedItem[]; readonly forecast: Forecast } {
  const slots = new Map(chosen.map(({ desired }) => [desired.name, desired.spec.slots]));
  const predicted = workers.map(
    ({ worker, node, readyAt, launch }): PredictedWorker => ({
      name: worker,
      node,
      slots: slots.get(worker) ?? 0,
      readyAt,
      stopMs: launch.times.stop ?? 0,
    }),
  );
  const pending = items.map(toPending);
  const prediction = predict(pending, predicted, limits);
  const { totalMs, itemsEndMs, bound, waits, runs } = prediction;
  const overNetwork = [...runs.values()].filter(({ place }) => place === 'other-node').length;
  const savings = withLacks(savingsOf(pending, predicted, limits, prediction), chosen, inventory);
  return {
    planned: inOrder(items, prediction),
    forecast: { totalMs, itemsEndMs, bound, waits, savings, overNetwork },
  };
}

/** By start; what nobody can run comes last. */
function inOrder(items: readonly SessionItem[], { runs }: Prediction): readonly PlannedItem[] {
  const planned = items.map((item): PlannedItem => {
    const run = runs.get(item.name);
    return run === undefined ? { item } : { item, run };
  });
  const startOf = ({ run }: PlannedItem): number => run?.start ?? Number.MAX_SAFE_INTEGER;
  return planned.sort((a, b) => startOf(a) - startOf(b) || byCodeUnit(a.item.name, b.item.name));
}

/** What of the whole plan this session does not do. */
function leftForApply(
  { plan }: PlanSessionInput,
  chosen: readonly ChosenWorker[],
): SessionPlan['leftForApply'] {
  const done = new Set(chosen.map(({ desired }) => desired.name));
  const counts = new Map<string, number>();
  for (const each of plan.workers) {
    const kind = strongest(withoutLaunch(each));
    if (kind !== undefined && each.held === undefined && !done.has(each.worker))
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return BY_STRENGTH.flatMap((action) => {
    const workers = counts.get(action);
    return workers === undefined ? [] : [{ action, workers }];
  });
}

/** The plan was made with every worker's launch as an action; an apply deploys only what is to be there always. */
function withoutLaunch({ actions, reasons, desired }: WorkerPlan): readonly ActionKind[] {
  const isForLaunch = reasons.includes('requested') && desired?.spec.deploy !== 'eager';
  return actions.filter(
    (action) => action !== 'test' && action !== 'session' && !(isForLaunch && action === 'deploy'),
  );
}

function nobodyRuns(planned: readonly PlannedItem[], workers: number): readonly Diagnostic[] {
  const names = planned.filter(({ run }) => run === undefined).map(({ item }) => item.name);
  if (names.length === 0 || workers === 0) return [];
  const few = names.slice(0, 5).join(', ');
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return [
    {
      severity: 'warning',
      code: 'no-worker-for-item',
      message: `no worker of this session may run ${few}${more}: they would fail`,
      labels: [],
      remedy: 'Add a worker on the node of their VMs, or set placement: preferSameNode.',
    },
  ];
}

/** The exit code that matters first stands first: 4 before 6. */
function sortRefusals(refusals: readonly SessionRefusal[]): readonly SessionRefusal[] {
  return [...refusals].sort((a, b) => a.exitCode - b.exitCode);
}
