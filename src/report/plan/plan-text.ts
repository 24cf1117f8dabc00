import type { Plan } from '../../model/plan.ts';
import { BY_STRENGTH, countPlan } from '../../model/plan-counts.ts';
import { indented } from '../layout.ts';
import type { Paint } from '../paint.ts';
import { checksLines } from './checks-lines.ts';
import { contextLines, type StateView, summaryLines } from './headline.ts';
import { type NextView, nextLines } from './next-lines.ts';
import { workerRows } from './worker-rows.ts';

export interface PlanView {
  readonly state: StateView;
  readonly verbose: boolean;
  readonly paint: Paint;
  /** What to type next; undefined where the question or the run follows at once. */
  readonly next?: NextView;
}

/** A plan for people: summary first, danger first, one line per worker, what is held and why, the next command. */
export function planText(plan: Plan, view: PlanView): string {
  const { verbose, paint } = view;
  const blocks = [
    contextLines(plan.cluster, view.state),
    summaryLines(plan, paint),
    workerRows(plan, { verbose, paint }),
    view.next === undefined ? [] : configureNote(plan, view.next.program),
    checksLines(plan, verbose, paint),
    view.next === undefined ? [] : nextLines(plan, view.next),
  ];
  const lines = blocks
    .filter((block) => block.length > 0)
    .flatMap((block, index) => (index === 0 ? block : ['', ...block]));
  return `${lines.join('\n')}\n`;
}

/** Said only where nothing else happens: the first plan that somebody sees. */
function configureNote(plan: Plan, program: string): readonly string[] {
  const { strongest } = countPlan(plan);
  const others = BY_STRENGTH.filter((kind) => kind !== 'configure' && strongest[kind] > 0);
  const isNew = plan.workers.some((worker) => worker.reasons.includes('new'));
  if (others.length > 0 || strongest.configure === 0 || !isNew) return [];
  return indented(
    '"configure" only records a worker. Its VM is deployed when a session first needs it, or now, ' +
      `with a test and power off at the end: ${program} apply --test`,
    0,
  );
}
