import { type Diagnostic, problem } from '../../model/diagnostic.ts';
import type { Finding, Plan, PreflightLine, WorkerPlan } from '../../model/plan.ts';
import { countPlan, hasDrift, strongest } from '../../model/plan-counts.ts';
import { olderFormatText, type StateView } from '../plan/headline.ts';
import { resourceActions } from '../terraform/resource-actions.ts';
import {
  base,
  diagnosticMessage,
  type JsonMessage,
  resourceOf,
  streamCounts,
} from './json-message.ts';

/** A plan in the order in which Terraform tells one: what drifted, what is planned, the counts, what is to be known. */
export function planMessages(
  plan: Plan,
  version: string,
  { olderFormat }: Pick<StateView, 'olderFormat'> = {},
): readonly JsonMessage[] {
  return [
    versionMessage(version),
    ...plan.workers.filter(hasDrift).map(driftMessage),
    ...plan.workers.map(plannedChangeMessage),
    changeSummaryMessage(plan),
    ...(olderFormat === undefined ? [] : [diagnosticMessage(olderState(olderFormat))]),
    ...diagnosticsOf(plan),
  ];
}

/** A warning, for those who see nothing else of a state that will be written in another format. */
export function olderState(format: number): Diagnostic {
  const message = `the state has the ${olderFormatText(format)}`;
  return { ...problem('state-older-format', message), severity: 'warning' };
}

export function versionMessage(version: string): JsonMessage {
  return { ...base('info', 'version', `Muster ${version}`), muster: version, ui: '1.0' };
}

/** A worker exists even when its VM is gone: whatever others did to it is an update. */
function driftMessage({ worker, changes }: WorkerPlan): JsonMessage {
  const paths = changes.filter(({ causes }) => causes.includes('drift')).map(({ path }) => path);
  const change = { resource: resourceOf(worker), action: 'update', paths };
  return { ...base('info', 'resource_drift', `${worker}: changed outside Muster`), change };
}

export function plannedChangeMessage(worker: WorkerPlan): JsonMessage {
  const { actions, reasons, node, vmid, held, from } = worker;
  const reason = reasonOf(worker);
  return {
    ...base('info', 'planned_change', `${worker.worker}: ${actions.join(', ') || 'none'}`),
    change: {
      resource: resourceOf(worker.worker),
      ...(from === undefined ? {} : { previous_resource: resourceOf(from) }),
      action: terraformAction(worker),
      ...(reason === undefined ? {} : { reason }),
      actions,
      reasons,
      node,
      ...(vmid === undefined ? {} : { vmid }),
      ...(held === undefined ? {} : { held: { why: held.why, by: held.by } }),
    },
  };
}

/** One word, as the event stream has it: a replace is not two. */
function terraformAction(worker: WorkerPlan): string {
  const [first = 'no-op', second] = resourceActions(worker);
  if (second !== undefined) return 'replace';
  const words: Readonly<Record<string, string>> = { 'no-op': 'noop', forget: 'remove' };
  return words[first] ?? first;
}

/** Terraform's words for why something is destroyed or replaced; the stream's are not those of its plan. */
function reasonOf({ held, actions, reasons }: WorkerPlan): string | undefined {
  const kind = held === undefined ? strongest(actions) : undefined;
  if (kind === 'destroy' && reasons.includes('undeclared'))
    return 'delete_because_no_resource_config';
  if (kind !== 'replace') return undefined;
  return reasons.includes('requested') ? 'requested' : 'cannot_update';
}

export function changeSummaryMessage(plan: Plan): JsonMessage {
  const { held } = countPlan(plan);
  const counts = streamCounts(plan);
  const { add, change, remove } = counts;
  const text = `Plan: ${add} to add, ${change} to change, ${remove} to destroy.`;
  return {
    ...base('info', 'change_summary', text),
    changes: { ...counts, held: { ...held }, operation: 'plan' },
  };
}

/** What the text of a plan says below its workers. */
function diagnosticsOf(plan: Plan): readonly JsonMessage[] {
  return [
    ...plan.refusals.map((each) => diagnosticMessage(each)),
    ...plan.preflight.filter(({ result }) => result !== 'ok').map(preflightMessage),
    ...plan.warnings.map((each) => diagnosticMessage(each)),
    ...plan.findings.map(findingMessage),
  ];
}

function preflightMessage({ result, code, worker, message, remedy }: PreflightLine): JsonMessage {
  return about(worker, {
    severity: result === 'fail' ? 'error' : 'warning',
    code,
    message,
    labels: [],
    ...(remedy === undefined ? {} : { remedy }),
  });
}

function findingMessage({ code, worker, message, remedy }: Finding): JsonMessage {
  const more = remedy === undefined ? {} : { remedy };
  return about(worker, { severity: 'warning', code, message, labels: [], ...more });
}

function about(worker: string | undefined, diagnostic: Diagnostic): JsonMessage {
  if (worker === undefined) return diagnosticMessage(diagnostic);
  const message = `${worker}: ${diagnostic.message}`;
  return diagnosticMessage({ ...diagnostic, message }, worker);
}
