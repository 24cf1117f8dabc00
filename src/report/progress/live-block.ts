import type { RunEvent } from '../../model/event.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { clip } from '../layout.ts';
import { type EventColumns, lineHead, progressWords } from './event-lines.ts';

/** What each worker is at, as of its last event. Values only; the cli redraws it. */
export interface LiveState {
  readonly busy: Readonly<Record<string, Busy>>;
}

interface Busy {
  readonly step: string;
  readonly words: string;
  /** Ms since the run's start, of the event that began this step. */
  readonly since: number;
}

export const NOTHING_LIVE: LiveState = { busy: {} };

/** The state after an event; `scroll` says whether the event also deserves a line that stays. */
export function nextLive(
  state: LiveState,
  event: RunEvent,
): { readonly state: LiveState; readonly scroll: boolean } {
  switch (event.kind) {
    case 'progress': {
      const before = state.busy[event.worker];
      const since = before?.step === event.step ? before.since : event.at;
      const busy = { step: event.step, words: progressWords(event), since };
      return { state: withWorker(state, event.worker, busy), scroll: false };
    }
    case 'action-start': {
      const busy = { step: event.action, words: event.message, since: event.at };
      return { state: withWorker(state, event.worker, busy), scroll: false };
    }
    case 'action-done':
    case 'action-failed':
    case 'skipped': {
      const { [event.worker]: _ended, ...busy } = state.busy;
      return { state: { busy }, scroll: true };
    }
    default:
      return { state, scroll: true };
  }
}

/** The lines below the scrolling ones, at most `rows`, clipped to the terminal's width. */
export function liveLines(
  state: LiveState,
  atMs: number,
  columns: EventColumns,
  terminal: { readonly columns: number; readonly rows: number },
): readonly string[] {
  const entries = Object.entries(state.busy).sort(([, a], [, b]) => a.since - b.since);
  const shown = entries.slice(0, terminal.rows);
  const lines = shown.map(([worker, busy]) => {
    const head = lineHead(atMs - busy.since, worker, busy.step, columns);
    return clip(`${head}${escapeTerminal(busy.words)}`, terminal.columns - 1);
  });
  const rest = entries.length - shown.length;
  return rest > 0 ? [...lines, `        and ${rest} more`] : lines;
}

function withWorker(state: LiveState, worker: string, busy: Busy): LiveState {
  return { busy: { ...state.busy, [worker]: busy } };
}
