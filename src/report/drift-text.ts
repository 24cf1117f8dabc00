import type { Change, Plan, WorkerPlan } from '../model/plan.ts';
import { escapeTerminal } from './escape/terminal.ts';
import { labelled } from './layout.ts';
import type { Paint } from './paint.ts';
import { changeLines } from './plan/change-lines.ts';
import { findingLines } from './plan/checks-lines.ts';
import { contextLines, type StateView } from './plan/headline.ts';
import { count, listing } from './words.ts';

export interface DriftReport {
  /** Only what differs from the last apply; sorted by worker. */
  readonly workers: readonly DriftedWorker[];
  /** Workers about which nothing can be said, with the reason. */
  readonly unknown: readonly { readonly worker: string; readonly why: string }[];
}

export interface DriftedWorker {
  readonly worker: string;
  readonly node: string;
  readonly vmid?: number;
  /** left-running, vm-gone, …: drift that is not an attribute's. */
  readonly reasons: readonly string[];
  readonly changes: readonly Change[];
}

const DRIFT_REASONS = ['left-running', 'run-lost', 'vm-gone'];
const UNKNOWN_HOLDS = ['unreachable', 'invisible'];

/** What of a plan is drift: changed behind Muster's back, whatever the YAML says today. */
export function driftOf(plan: Plan): DriftReport {
  return {
    workers: plan.workers.flatMap(driftedWorker),
    unknown: plan.workers.flatMap(({ worker, held }) =>
      held !== undefined && UNKNOWN_HOLDS.includes(held.why)
        ? [{ worker, why: `${held.why} (${held.by})` }]
        : [],
    ),
  };
}

function driftedWorker(worker: WorkerPlan): readonly DriftedWorker[] {
  const changes = worker.changes.filter(({ causes }) => causes.includes('drift'));
  const reasons = worker.reasons.filter((reason) => DRIFT_REASONS.includes(reason));
  if (changes.length === 0 && reasons.length === 0) return [];
  const { worker: name, node, vmid } = worker;
  return [{ worker: name, node, ...(vmid === undefined ? {} : { vmid }), reasons, changes }];
}

export function driftText(
  plan: Plan,
  view: {
    readonly state: StateView;
    readonly paint: Paint;
    readonly verbose: boolean;
    readonly program: string;
  },
): string {
  const { workers, unknown } = driftOf(plan);
  const lines = [
    ...contextLines(plan.cluster, view.state),
    '',
    view.paint.bold(headline(workers.length, unknown.length)),
    ...workers.flatMap((worker) => ['', ...workerLines(worker, view.verbose)]),
    ...(unknown.length === 0 ? [] : ['']),
    ...unknown.flatMap(({ worker, why }) =>
      labelled('Unknown', `${escapeTerminal(worker)}: ${escapeTerminal(why)}`),
    ),
    ...(plan.findings.length === 0 ? [] : ['']),
    ...findingLines(plan.findings, view.verbose),
    ...(workers.length === 0
      ? []
      : ['', ...labelled('Next', `${view.program} plan, which puts it back`)]),
  ];
  return `${lines.join('\n')}\n`;
}

function headline(drifted: number, unknown: number): string {
  const about = unknown === 0 ? '' : ` Nothing can be said about ${count(unknown, 'worker')}.`;
  return drifted === 0 ? `No drift.${about}` : `Drift on ${count(drifted, 'worker')}.${about}`;
}

function workerLines(worker: DriftedWorker, verbose: boolean): readonly string[] {
  const vm = worker.vmid === undefined ? '' : `  vm ${worker.vmid}`;
  const reasons = worker.reasons.length === 0 ? '' : `  ${listing(worker.reasons)}`;
  return [
    `  ${escapeTerminal(worker.worker)}  on ${escapeTerminal(worker.node)}${vm}${reasons}`,
    ...changeLines(worker.changes, { verbose, indent: 4 }),
  ];
}
