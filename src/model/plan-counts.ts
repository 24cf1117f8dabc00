import { assertNever } from './assert-never.ts';
import type { ActionKind, HeldWhy, Plan, WorkerPlan } from './plan.ts';

/** By danger: how workers are sorted, counted and summed up (design section 6). */
export const BY_STRENGTH: readonly ActionKind[] = [
  'destroy',
  'replace',
  'shutdown',
  'update',
  'adopt',
  'rename',
  'deploy',
  'configure',
  'session',
  'test',
  'forget',
];

export interface PlanCounts {
  /** Workers by their strongest action; held ones are not in it. */
  readonly strongest: Readonly<Record<ActionKind, number>>;
  /** Workers that are tested, whatever else happens to them. */
  readonly tests: number;
  readonly held: Readonly<Partial<Record<HeldWhy, number>>>;
  /** Workers with at least one change caused by drift. */
  readonly drifted: number;
  readonly unchanged: number;
}

/** The action that a worker is listed and counted under; undefined when there is none. */
export function strongest(actions: readonly ActionKind[]): ActionKind | undefined {
  return BY_STRENGTH.find((kind) => actions.includes(kind));
}

/** True when an apply of this plan would do something now. */
export function anythingToDo(plan: Plan): boolean {
  return plan.workers.some((worker) => worker.held === undefined && worker.actions.length > 0);
}

export function hasDrift(worker: WorkerPlan): boolean {
  return (
    worker.changes.some(({ causes }) => causes.includes('drift')) ||
    worker.reasons.some((reason) => reason === 'drift' || reason === 'left-running')
  );
}

export function countPlan(plan: Plan): PlanCounts {
  const byStrongest = Object.fromEntries(BY_STRENGTH.map((kind) => [kind, 0])) as Record<
    ActionKind,
    number
  >;
  const held: Partial<Record<HeldWhy, number>> = {};
  let tests = 0;
  for (const worker of plan.workers) {
    if (worker.held !== undefined) {
      held[worker.held.why] = (held[worker.held.why] ?? 0) + 1;
      continue;
    }
    const kind = strongest(worker.actions);
    if (kind !== undefined) byStrongest[kind] += 1;
    if (worker.actions.includes('test')) tests += 1;
  }
  const drifted = plan.workers.filter(hasDrift).length;
  return { strongest: byStrongest, tests, held, drifted, unchanged: plan.unchanged };
}

export function symbolOf(action: ActionKind): string {
  switch (action) {
    case 'destroy':
      return '-';
    case 'replace':
      return '-/+';
    case 'shutdown':
      return 'o';
    case 'update':
    case 'rename':
    case 'adopt':
      return '~';
    case 'configure':
    case 'deploy':
      return '+';
    case 'test':
    case 'session':
      return '>';
    case 'forget':
      return '.';
    default:
      return assertNever(action);
  }
}
