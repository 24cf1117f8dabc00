import type { Json } from '../../model/json.ts';
import type { Plan } from '../../model/plan.ts';
import type { ApplyResult, WorkerOutcome } from '../../model/result.ts';
import { base, diagnosticMessage, type JsonMessage, streamCounts } from './json-message.ts';

/** How an apply ended, in the order in which Terraform tells it: what was done, outputs (none), errors; then ours. */
export function resultMessages(plan: Plan, result: ApplyResult): readonly JsonMessage[] {
  return [
    appliedSummaryMessage(plan, result),
    { ...base('info', 'outputs', 'Outputs: 0'), outputs: {} },
    ...result.outcomes.filter(isError).map(outcomeMessage),
    resultMessage(result),
  ];
}

/** The counts of the plan when it has been applied: what was done, and nothing of what was not. */
function appliedSummaryMessage(plan: Plan, result: ApplyResult): JsonMessage {
  const done = new Set(
    result.outcomes.filter((each) => each.result === 'done').map(({ worker }) => worker),
  );
  const workers = plan.workers.filter(({ worker }) => done.has(worker));
  const counts = streamCounts({ workers });
  const { add, change, remove } = counts;
  const text = `Applied: ${add} added, ${change} changed, ${remove} destroyed.`;
  const operation = plan.options.destroy ? 'destroy' : 'apply';
  return {
    ...base('info', 'change_summary', text),
    changes: { ...counts, operation },
  };
}

function isError({ result }: WorkerOutcome): boolean {
  return result === 'failed' || result === 'stale';
}

function outcomeMessage(outcome: WorkerOutcome): JsonMessage {
  const { worker, result, error = result, detail, remedy } = outcome;
  const message = `${worker}: ${error}`;
  const more = {
    ...(detail === undefined ? {} : { detail }),
    ...(remedy === undefined ? {} : { remedy }),
  };
  return diagnosticMessage(
    { severity: 'error', code: result, message, labels: [], ...more },
    worker,
  );
}

function resultMessage(result: ApplyResult): JsonMessage {
  const failed = result.outcomes.filter((each) => each.result === 'failed').length;
  const done = result.outcomes.filter((each) => each.result === 'done').length;
  return {
    ...base('info', 'apply_result', `Applied: ${done} done, ${failed} failed.`),
    run: result.run,
    interrupted: result.interrupted,
    left_running: result.leftRunning,
    elapsed_seconds: result.tookMs / 1000,
    outcomes: JSON.parse(JSON.stringify(result.outcomes)) as Json,
  };
}
