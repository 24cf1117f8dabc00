import type { SessionSpec } from '../model/declaration.ts';
import type { Diagnostic, Location } from '../model/diagnostic.ts';
import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import type { ActionKind, Plan, WorkerPlan } from '../model/plan.ts';
import { holderOf, whereabouts } from '../model/runs.ts';
import type {
  LeftOutWhy,
  LeftOutWorker,
  SessionAction,
  SessionRefusal,
} from '../model/session-plan.ts';
import type { State, WorkerRecord } from '../model/state.ts';
import { didYouMean } from '../model/suggest.ts';
import type { Desired, DesiredWorker } from '../model/worker.ts';
import { reasonAgainst } from './fit-for-session.ts';

export interface ChooseInput {
  readonly session: string;
  readonly spec: SessionSpec;
  readonly desired: Desired;
  /** Of all workers, made with their launch as an action, so that holds are judged. */
  readonly plan: Pick<Plan, 'workers' | 'findings' | 'preflight'>;
  readonly state: State;
  /** Cluster time, ms: what leases and quarantines are measured by. */
  readonly now: number;
  readonly locate?: (path: readonly (string | number)[]) => Location;
}

export interface ChosenWorker {
  readonly desired: DesiredWorker;
  readonly record?: WorkerRecord;
  readonly plan?: WorkerPlan;
  /** In the order in which they are done; the last one is `launch`. */
  readonly actions: readonly SessionAction[];
}

export interface Choice {
  /** Sorted by name. */
  readonly chosen: readonly ChosenWorker[];
  readonly leftOut: readonly LeftOutWorker[];
  readonly problems: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
  readonly refusals: readonly SessionRefusal[];
}

/**
 * The workers of a session (design section 9): enabled, selected, not quarantined, not leased by a living run,
 * and fit to be launched without anything that needs an approval.
 */
export function chooseWorkers(input: ChooseInput): Choice {
  const problems = unknownNames(input);
  const selected = input.desired.workers
    .filter((worker) => isSelected(worker, input.spec))
    .sort((a, b) => byCodeUnit(a.name, b.name));
  const judged = selected.map((desired) => judge(desired, input));
  const chosen = judged.flatMap((each) => ('actions' in each ? [each] : []));
  const leftOut = judged.flatMap((each) => ('why' in each ? [each] : []));
  const nobody = selected.length === 0 && problems.length === 0 ? [selectsNobody(input)] : [];
  return {
    chosen,
    leftOut,
    problems: [...problems, ...nobody],
    warnings: leftOut.flatMap((worker) => replaceWarning(worker)),
    refusals: nobody.length > 0 ? [] : refusalsOf(chosen.length, leftOut, input),
  };
}

/** Names and labels: what both choose, when both are given. */
function isSelected({ name, spec }: DesiredWorker, { workers }: SessionSpec): boolean {
  const { names, labels = {} } = workers;
  return (
    (names === undefined || names.includes(name)) &&
    Object.entries(labels).every(([key, value]) => lookup(spec.labels, key) === value)
  );
}

function judge(desired: DesiredWorker, input: ChooseInput): ChosenWorker | LeftOutWorker {
  const { state, plan: whole, spec: session } = input;
  const record = lookup(state.workers, desired.name);
  const plan = whole.workers.find(({ worker }) => worker === desired.name);
  const fit = { plan: whole, state, now: input.now, reserve: session.reserve };
  const reason = reasonAgainst(desired, record, plan, fit);
  if (reason !== undefined)
    return {
      worker: desired.name,
      node: plan?.node ?? record?.vm?.node ?? desired.spec.node,
      named: session.workers.names?.includes(desired.name) === true,
      ...reason,
    };
  return {
    desired,
    ...(record === undefined ? {} : { record }),
    ...(plan === undefined ? {} : { plan }),
    actions: actionsOf(plan?.actions ?? [], record?.vm !== undefined),
  };
}

function actionsOf(actions: readonly ActionKind[], hasVm: boolean): readonly SessionAction[] {
  const deploys = !hasVm || actions.includes('deploy');
  return [
    ...(actions.includes('shutdown') ? (['shutdown'] as const) : []),
    ...(actions.includes('configure') ? (['configure'] as const) : []),
    ...(deploys ? (['deploy'] as const) : []),
    ...(actions.includes('update') && !deploys ? (['update'] as const) : []),
    'launch',
  ];
}

function declaredOnes(names: readonly string[]): string {
  const rest = names.length - 10;
  return `Declared are: ${names.slice(0, 10).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`;
}

function unknownNames({ session, spec, desired, locate }: ChooseInput): readonly Diagnostic[] {
  const known = desired.workers.map(({ name }) => name);
  return (spec.workers.names ?? []).flatMap((name, index) =>
    known.includes(name)
      ? []
      : [
          {
            severity: 'error' as const,
            code: 'unknown-worker',
            message: `session ${session} names the worker "${name}", which is not declared`,
            labels:
              locate === undefined
                ? []
                : [locate(['sessions', session, 'workers', 'names', index])],
            remedy: didYouMean(name, known) ?? declaredOnes(known),
          },
        ],
  );
}

function selectsNobody({ session, locate }: ChooseInput): Diagnostic {
  return {
    severity: 'error',
    code: 'selects-nobody',
    message: `session ${session} selects no worker`,
    labels: locate === undefined ? [] : [locate(['sessions', session, 'workers'])],
    remedy: 'Declare workers that bear its labels, or select others.',
  };
}

function refusalsOf(
  chosen: number,
  leftOut: readonly LeftOutWorker[],
  input: ChooseInput,
): readonly SessionRefusal[] {
  const { session, spec } = input;
  const leased = leftOut.filter(({ why }) => why === 'leased');
  const named = leased.filter((worker) => worker.named);
  const refusals = named.map((left) => {
    const { worker, by } = left;
    const message = `${worker}, which session ${session} names, is leased by ${by}`;
    return refusal(4, 'worker-leased', message, leadersOf([left], input));
  });
  const { minWorkers } = spec.guards;
  if (chosen >= minWorkers || named.length > 0) return refusals;
  const message = `session ${session} has ${chosen} of at least ${minWorkers} workers`;
  const reasons = leftOut.map(({ worker, why, by }) => `${worker}: ${why} (${by})`);
  const detail = [...reasons, ...leadersOf(leased, input)];
  return [...refusals, refusal(leased.length > 0 ? 4 : 6, 'too-few-workers', message, detail)];
}

/** Of the sessions that hold them: a session's name says neither where it runs nor whom to ask. */
function leadersOf(leased: readonly LeftOutWorker[], { state, now }: ChooseInput) {
  const lines = leased.flatMap(({ worker }) => {
    const record = lookup(state.workers, worker);
    const holder = record === undefined ? undefined : holderOf(record, state, now);
    return holder?.session === undefined
      ? []
      : [`session ${holder.session} is led by ${whereabouts(holder)}`];
  });
  return [...new Set(lines)];
}

function refusal(
  exitCode: 4 | 6,
  code: string,
  message: string,
  detail: readonly string[] = [],
): SessionRefusal {
  const remedy =
    exitCode === 4
      ? 'Wait for that to end, or choose other workers. One that died is taken over 10 minutes after its last sign of life.'
      : 'Mend what leaves the others out, or lower guards.minWorkers.';
  const more = detail.length === 0 ? {} : { detail };
  const diagnostic: Diagnostic = { severity: 'error', code, message, labels: [], ...more, remedy };
  return { exitCode, diagnostic };
}

const APPROVED: readonly LeftOutWhy[] = ['needs-replace', 'needs-apply'];

function replaceWarning({ worker, why, by }: LeftOutWorker): readonly Diagnostic[] {
  if (!APPROVED.includes(why)) return [];
  const what = why === 'needs-replace' ? 'a new VM' : 'an apply';
  const message = `${worker} needs ${what} first (${by}), so this session goes without it`;
  const remedy = `muster apply --target ${worker}`;
  return [{ severity: 'warning', code: why, message, labels: [], remedy }];
}
