import { assertNever } from '../../model/assert-never.ts';
import type { RunEvent } from '../../model/event.ts';
import { formatDuration } from '../../model/quantity.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { clip, MAX_COLUMNS, padEnd, padStart, widthOf, wrap } from '../layout.ts';
import { sessionEventWords } from '../session/session-event-words.ts';
import { elapsed } from '../words.ts';

export interface EventColumns {
  /** Width of the longest worker's name. */
  readonly worker: number;
  /** Ms since the epoch of the run's start: times are shown as the clock's, in UTC, as a session does. */
  readonly startedAt?: number;
}

const TIME = 6;
const CLOCK_TIME = 10;
const STEP = 12;
const LONGEST_STEP = 30;

/** One event as plain lines: time since the start, worker, step, what happened; further lines hang below. */
export function eventLines(event: RunEvent, columns: EventColumns): readonly string[] {
  switch (event.kind) {
    // Their steps say more; machines get both.
    case 'action-start':
    case 'action-done':
      return [];
    case 'progress':
      return entry(event, event.step, progressWords(event), columns);
    case 'step-done': {
      const joint = event.message.startsWith('at "') ? ' ' : ': ';
      const message = event.failed === true ? `FAILED${joint}${event.message}` : event.message;
      return entry(event, event.step, message, columns, event.detail);
    }
    case 'action-failed': {
      const remedy = event.remedy === undefined ? [] : [event.remedy];
      const message = `FAILED after ${formatDuration(event.tookMs)}: ${event.error}`;
      return entry(event, event.action, message, columns, remedy);
    }
    case 'skipped':
      return entry(event, 'skipped', event.why, columns);
    case 'warning':
      return entry({ at: event.at, worker: event.worker ?? '' }, 'warning', event.message, columns);
    case 'note':
      return entry({ at: event.at, worker: '' }, '', event.message, columns);
    case 'item-start':
    case 'item-done':
      return entry(event, event.item, sessionEventWords(event), columns);
    case 'item-failed': {
      const last =
        event.lastLine === undefined ? [] : [`last line: ${JSON.stringify(event.lastLine)}`];
      return entry(event, event.item, sessionEventWords(event), columns, last);
    }
    default:
      return assertNever(event);
  }
}

/** "waiting-for-clone, 10 s of 30 m" or what the step says itself. */
export function progressWords(event: Extract<RunEvent, { kind: 'progress' }>): string {
  if (event.waitingFor === undefined) return event.message;
  const waited = event.waitedMs === undefined ? '' : `, ${formatDuration(event.waitedMs)}`;
  const limit = event.deadlineMs === undefined ? '' : ` of ${formatDuration(event.deadlineMs)}`;
  const extra =
    event.message === '' || event.message === event.waitingFor ? '' : `: ${event.message}`;
  return `${event.waitingFor}${waited}${limit}${extra}`;
}

/** The columns of a line that stays: when it happened, the worker, the step. */
function lineHead(at: number, worker: string, step: string, columns: EventColumns): string {
  const time =
    columns.startedAt === undefined
      ? padStart(elapsed(at), TIME)
      : `  ${new Date(columns.startedAt + at).toISOString().slice(11, 19)}`;
  return headOf(time, worker, step, columns);
}

/** The same columns for what goes on: how long it takes already, also where the others show the clock. */
export function liveHead(ms: number, worker: string, step: string, columns: EventColumns): string {
  const width = columns.startedAt === undefined ? TIME : CLOCK_TIME;
  return headOf(padStart(elapsed(ms), width), worker, step, columns);
}

function headOf(time: string, worker: string, step: string, columns: EventColumns): string {
  const name = padEnd(escapeTerminal(worker), columns.worker);
  const what = clip(escapeTerminal(step), LONGEST_STEP);
  return `${time}  ${name}  ${padEnd(`${what} `, STEP)}`;
}

function entry(
  { at, worker }: { readonly at: number; readonly worker: string },
  step: string,
  message: string,
  columns: EventColumns,
  detail: readonly string[] = [],
): readonly string[] {
  const head = lineHead(at, worker, step, columns);
  const indent = widthOf(head);
  const width = Math.max(30, MAX_COLUMNS - indent);
  const [first = '', ...more] = wrap(escapeTerminal(message), width);
  const below = [...more, ...detail.flatMap((line) => wrap(escapeTerminal(line), width))];
  return [`${head}${first}`.trimEnd(), ...below.map((line) => ' '.repeat(indent) + line)];
}
