import { assertNever } from '../../model/assert-never.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { RunEvent } from '../../model/event.ts';
import type { Json } from '../../model/json.ts';
import type { ActionKind, Plan, WorkerPlan } from '../../model/plan.ts';
import { countPlan } from '../../model/plan-counts.ts';
import type { ApplyResult } from '../../model/result.ts';
import type { SessionEvent } from '../../model/session.ts';
import { sessionEventWords } from '../session/session-event-words.ts';
import { countResources, resourceActions } from '../terraform/resource-actions.ts';

/**
 * `--json` of commands that run: one object per line, with the message types that readers of Terraform's machine
 * readable UI know, and `worker_result`, `apply_result`, `note` of our own beside them.
 */
export type JsonMessage = { readonly [key: string]: Json };

export function versionMessage(version: string): JsonMessage {
  return { ...base('info', 'version', `Muster ${version}`), muster: version, ui: '1.0' };
}

export function plannedChangeMessage(worker: WorkerPlan): JsonMessage {
  return {
    ...base('info', 'planned_change', `${worker.worker}: ${worker.actions.join(', ') || 'none'}`),
    change: {
      resource: resourceOf(worker.worker),
      action: terraformAction(worker),
      actions: worker.actions,
      reasons: worker.reasons,
      node: worker.node,
      ...(worker.vmid === undefined ? {} : { vmid: worker.vmid }),
      ...(worker.held === undefined ? {} : { held: { why: worker.held.why, by: worker.held.by } }),
    },
  };
}

/** Counts as Terraform's readers expect them: a replace is one to add and one to remove. */
export function changeSummaryMessage(plan: Plan): JsonMessage {
  const { held } = countPlan(plan);
  const { create: add, update: change, delete: remove, forget } = countResources(plan);
  const text = `Plan: ${add} to add, ${change} to change, ${remove} to destroy.`;
  return {
    ...base('info', 'change_summary', text),
    changes: { add, change, import: 0, remove, forget, held: { ...held }, operation: 'plan' },
  };
}

/** The same when it has been applied: what was done, and nothing of what was not. */
export function appliedSummaryMessage(plan: Plan, result: ApplyResult): JsonMessage {
  const done = new Set(
    result.outcomes.filter((each) => each.result === 'done').map(({ worker }) => worker),
  );
  const workers = plan.workers.filter(({ worker }) => done.has(worker));
  const { create: add, update: change, delete: remove, forget } = countResources({ workers });
  const text = `Applied: ${add} added, ${change} changed, ${remove} destroyed.`;
  return {
    ...base('info', 'change_summary', text),
    changes: { add, change, import: 0, remove, forget, operation: 'apply' },
  };
}

/** `startedAt`: when the action of this event began. */
export function eventMessage(event: RunEvent, startedAt?: number): JsonMessage {
  switch (event.kind) {
    case 'action-start':
      return hooked('apply_start', event, event.message, {});
    case 'progress': {
      const { step, waitingFor, waitedMs, deadlineMs } = event;
      return hooked('apply_progress', event, event.message, {
        elapsed_seconds: elapsed(event, startedAt),
        step,
        waitingFor,
        waitedMs,
        deadlineMs,
      });
    }
    case 'step-done': {
      const { step, detail } = event;
      const elapsed_seconds = elapsed(event, startedAt);
      const extra = { elapsed_seconds, step, detail, failed: event.failed === true };
      return hooked('apply_progress', event, event.message, extra);
    }
    case 'action-done':
      return hooked('apply_complete', event, `${event.action} complete`, {
        elapsed_seconds: event.tookMs / 1000,
      });
    case 'action-failed':
      return {
        ...hooked('apply_errored', event, event.error, {
          elapsed_seconds: event.tookMs / 1000,
          remedy: event.remedy,
        }),
        '@level': 'error',
      };
    case 'skipped':
      return { ...base('warn', 'skipped', event.why), worker: event.worker, at_ms: event.at };
    case 'warning':
      return diagnosticMessage({
        severity: 'warning',
        code: 'run',
        message: event.worker === undefined ? event.message : `${event.worker}: ${event.message}`,
        labels: [],
      });
    case 'note':
      return { ...base('info', 'note', event.message), at_ms: event.at };
    case 'item-start':
    case 'item-done':
    case 'item-failed':
      return itemMessage(event);
    default:
      return assertNever(event);
  }
}

function elapsed({ at }: { readonly at: number }, startedAt: number | undefined) {
  return startedAt === undefined ? undefined : (at - startedAt) / 1000;
}

/** Ours: `item_start`, `item_complete`, `item_errored`. */
function itemMessage(event: SessionEvent): JsonMessage {
  const types = {
    'item-start': 'item_start',
    'item-done': 'item_complete',
    'item-failed': 'item_errored',
  };
  const { kind, at, ...facts } = event;
  const level = kind === 'item-failed' ? 'error' : 'info';
  const text = `${event.worker}: ${event.item} ${sessionEventWords(event)}`;
  return { ...base(level, types[kind], text), at_ms: at, item: { ...facts } };
}

export function diagnosticMessage(diagnostic: Diagnostic): JsonMessage {
  const { severity, code, message, detail = [], remedy, labels } = diagnostic;
  const label = labels[0];
  const level = severity === 'error' ? 'error' : 'warn';
  const range =
    label === undefined
      ? {}
      : {
          range: {
            filename: label.file,
            start: { line: label.line, column: label.column },
            end: { line: label.endLine ?? label.line, column: label.endColumn ?? label.column },
          },
        };
  return {
    ...base(level, 'diagnostic', `${severity === 'error' ? 'Error' : 'Warning'}: ${message}`),
    diagnostic: {
      severity,
      code,
      summary: message,
      detail: [...detail, ...(remedy === undefined ? [] : [remedy])].join('\n'),
      ...range,
    },
  };
}

export function resultMessage(result: ApplyResult): JsonMessage {
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

/** Terraform's word for what is being done; ours is in `actions`, as in `planned_change`. */
const HOOK_ACTIONS: Readonly<Record<ActionKind, string>> = {
  configure: 'create',
  deploy: 'create',
  update: 'update',
  replace: 'replace',
  test: 'update',
  session: 'update',
  shutdown: 'update',
  destroy: 'delete',
  adopt: 'update',
  rename: 'update',
  forget: 'remove',
};

function hooked(
  type: string,
  event: { readonly at: number; readonly worker: string; readonly action: ActionKind },
  message: string,
  extra: Readonly<Record<string, Json | undefined>>,
): JsonMessage {
  const known = Object.entries(extra).filter(
    (pair): pair is [string, Json] => pair[1] !== undefined,
  );
  const hook = {
    resource: resourceOf(event.worker),
    action: HOOK_ACTIONS[event.action],
    actions: [event.action],
    ...Object.fromEntries(known),
  };
  return { ...base('info', type, `${event.worker}: ${message}`), at_ms: event.at, hook };
}

export function base(level: string, type: string, message: string): JsonMessage {
  return { '@level': level, '@message': message, '@module': 'muster', type };
}

/** As in the plan's JSON, so that readers find the same resource in both. */
function resourceOf(worker: string): JsonMessage {
  const address = `muster_worker.${worker}`;
  return {
    addr: address,
    module: '',
    resource: address,
    implied_provider: 'muster',
    resource_type: 'muster_worker',
    resource_name: worker,
    resource_key: null,
  };
}

/** One word, as the event stream has it: a replace is not two. */
function terraformAction(worker: WorkerPlan): string {
  const [first = 'no-op', second] = resourceActions(worker);
  if (second !== undefined) return 'replace';
  const words: Readonly<Record<string, string>> = { 'no-op': 'noop', forget: 'remove' };
  return words[first] ?? first;
}
