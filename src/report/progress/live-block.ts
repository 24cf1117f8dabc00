import type { RunEvent } from '../../model/event.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { clip } from '../layout.ts';
import { type EventColumns, liveHead, progressWords } from './event-lines.ts';

/** What each worker is at, and each item that runs, as of its last event. Values only; the cli redraws it. */
export interface LiveState {
  readonly busy: Readonly<Record<string, Busy>>;
}

interface Busy {
  readonly worker: string;
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
      const { worker, step } = event;
      const before = state.busy[worker];
      const since = before?.step === step ? before.since : event.at;
      const busy = { worker, step, words: progressWords(event), since };
      return { state: withBusy(state, worker, busy), scroll: false };
    }
    case 'action-start': {
      const { worker, action, message, at } = event;
      const busy = { worker, step: action, words: message, since: at };
      return { state: withBusy(state, worker, busy), scroll: false };
    }
    case 'step-done': {
      const isOver = state.busy[event.worker]?.step === event.step;
      return { state: isOver ? without(state, event.worker) : state, scroll: true };
    }
    case 'action-done':
    case 'action-failed':
    case 'skipped':
      return { state: without(state, event.worker), scroll: true };
    case 'item-start': {
      const { worker, item, vm, at } = event;
      const busy = { worker, step: item, words: vm ?? 'running', since: at };
      // What the worker was launched with is over when its first item starts.
      const launched = without(state, worker);
      return { state: withBusy(launched, itemKey(event), busy), scroll: true };
    }
    case 'item-done':
    case 'item-failed':
      return { state: without(state, itemKey(event)), scroll: true };
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
  const lines = shown.map(({ 1: { worker, step, words, since } }) => {
    const head = liveHead(atMs - since, worker, step, columns);
    return clip(`${head}${escapeTerminal(words)}`, terminal.columns - 1);
  });
  const rest = entries.length - shown.length;
  return rest > 0 ? [...lines, `        and ${rest} more`] : lines;
}

function withBusy(state: LiveState, key: string, busy: Busy): LiveState {
  return { busy: { ...state.busy, [key]: busy } };
}

function without({ busy }: LiveState, key: string): LiveState {
  const { [key]: _ended, ...rest } = busy;
  return { busy: rest };
}

/** No worker's name has a line break in it. */
function itemKey({ worker, item }: { readonly worker: string; readonly item: string }): string {
  return `${worker}\n${item}`;
}
