import { assertNever } from '../../model/assert-never.ts';
import type { RunEvent } from '../../model/event.ts';
import type { Json } from '../../model/json.ts';
import type { ActionKind, WorkerPlan } from '../../model/plan.ts';
import type { SessionEvent } from '../../model/session.ts';
import { sessionEventWords } from '../session/session-event-words.ts';
import { actionInProgress } from '../terraform/resource-actions.ts';
import { base, diagnosticMessage, type JsonMessage, resourceOf } from './json-message.ts';

export interface EventFacts {
  /** When the action of this event began. */
  readonly startedAt?: number | undefined;
  /** What is planned for its worker. */
  readonly planned?: WorkerPlan | undefined;
}

/** What a run tells of itself while it goes on. */
export function eventMessage(event: RunEvent, facts: EventFacts = {}): JsonMessage {
  const { startedAt, planned } = facts;
  switch (event.kind) {
    case 'action-start':
      return hooked('apply_start', event, planned, event.message, {});
    case 'progress': {
      const { step, waitingFor, waitedMs, deadlineMs } = event;
      return hooked('apply_progress', event, planned, event.message, {
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
      return hooked('apply_progress', event, planned, event.message, extra);
    }
    case 'action-done':
      return hooked('apply_complete', event, planned, `${event.action} complete`, {
        elapsed_seconds: event.tookMs / 1000,
      });
    case 'action-failed':
      return {
        ...hooked('apply_errored', event, planned, event.error, {
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

function hooked(
  type: string,
  event: { readonly at: number; readonly worker: string; readonly action: ActionKind },
  planned: WorkerPlan | undefined,
  message: string,
  extra: Readonly<Record<string, Json | undefined>>,
): JsonMessage {
  const known = Object.entries(extra).filter(
    (pair): pair is [string, Json] => pair[1] !== undefined,
  );
  const hook = {
    resource: resourceOf(event.worker),
    action: actionInProgress(event.action, planned),
    actions: [event.action],
    ...(planned?.vmid === undefined ? {} : { id_key: 'vmid', id_value: String(planned.vmid) }),
    ...Object.fromEntries(known),
  };
  return { ...base('info', type, `${event.worker}: ${message}`), at_ms: event.at, hook };
}
