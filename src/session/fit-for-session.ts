import type { ActionKind, Plan, WorkerPlan } from '../model/plan.ts';
import { expectedEnd, holderName, holderOf } from '../model/runs.ts';
import type { LeftOutWorker } from '../model/session-plan.ts';
import type { State, WorkerRecord } from '../model/state.ts';
import type { DesiredWorker } from '../model/worker.ts';

export interface FitInput {
  /** Of all workers, made with their launch as an action, so that holds are judged. */
  readonly plan: Pick<Plan, 'workers' | 'findings' | 'preflight'>;
  readonly state: State;
  /** Cluster time, ms: what leases and quarantines are measured by. */
  readonly now: number;
  /** Slots that the session leaves free. */
  readonly reserve: number;
}

/** Why a worker takes no part; an empty answer: it may. */
export type Against = Pick<LeftOutWorker, 'why' | 'by' | 'until'>;

export function reasonAgainst(
  { name, spec }: DesiredWorker,
  record: WorkerRecord | undefined,
  plan: WorkerPlan | undefined,
  input: FitInput,
): Against | undefined {
  if (!spec.enabled) return { why: 'disabled', by: 'enabled: false' };
  return (
    byQuarantine(record, input.now) ??
    byLease(record, input) ??
    byFindings(name, input) ??
    byHold(plan) ??
    byActions(plan) ??
    (spec.slots > input.reserve
      ? undefined
      : { why: 'no-slots', by: `reserve: ${input.reserve} of ${spec.slots} slots` })
  );
}

function byQuarantine(record: WorkerRecord | undefined, now: number): Against | undefined {
  const mark = record?.quarantine;
  if (mark === undefined || (mark.until !== undefined && mark.until <= now)) return undefined;
  const until = mark.until === undefined ? {} : { until: mark.until };
  return { why: 'quarantined', by: `${mark.by}: ${mark.note}`, ...until };
}

/** A lease of a dead run is no obstacle: whoever leads this session takes it over. */
function byLease(record: WorkerRecord | undefined, { state, now }: FitInput): Against | undefined {
  const holder = record === undefined ? undefined : holderOf(record, state, now);
  if (holder === undefined) return undefined;
  const until = expectedEnd(holder, state, now);
  return { why: 'leased', by: holderName(holder), ...(until === undefined ? {} : { until }) };
}

function byFindings(name: string, { plan }: FitInput): Against | undefined {
  const failed = plan.preflight.find(({ worker, result }) => worker === name && result === 'fail');
  if (failed !== undefined) return { why: 'preflight', by: failed.message };
  const finding = plan.findings.find(({ worker, code }) => worker === name && code === 'ambiguous');
  return finding === undefined ? undefined : { why: 'ambiguous', by: finding.message };
}

function byHold(plan: WorkerPlan | undefined): Against | undefined {
  const { held, actions } = plan ?? {};
  if (held === undefined) return undefined;
  const until = held.until === undefined ? {} : { until: held.until };
  if (held.why === 'protected' || held.why === 'guard')
    return actions?.includes('replace') === true
      ? { why: 'needs-replace', by: held.by }
      : { why: 'needs-apply', by: held.by };
  return { why: held.why, by: held.by, ...until };
}

const MAY: ReadonlySet<ActionKind> = new Set([
  'shutdown',
  'configure',
  'deploy',
  'update',
  'test',
  'session',
]);

/** What needs an approval is left for an apply. */
function byActions(plan: WorkerPlan | undefined): Against | undefined {
  const others = (plan?.actions ?? []).filter((action) => !MAY.has(action));
  if (others.length === 0) return undefined;
  const changed = (plan?.changes ?? [])
    .filter(({ cost }) => cost === 'rebuild')
    .map(({ path }) => path);
  const by =
    changed.length === 0 ? (plan?.reasons.join(', ') ?? '') : `${changed.join(', ')} changed`;
  return { why: others.includes('replace') ? 'needs-replace' : 'needs-apply', by };
}
