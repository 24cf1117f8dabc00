import type { RunEvent } from '../model/event.ts';
import type { WorkerPlan } from '../model/plan.ts';
import type { Clock, Log } from '../model/ports.ts';
import { eventMessage } from '../report/progress/event-json.ts';
import { type EventColumns, eventLines } from '../report/progress/event-lines.ts';
import { liveLines, NOTHING_LIVE, nextLive } from '../report/progress/live-block.ts';
import { type Told, tellOrNot } from '../report/progress/waiting-filter.ts';
import type { TextOutput } from './context.ts';
import { messageLine } from './message-line.ts';

/** What shows a run while it goes on. */
export interface RunLog extends Log {
  /** Must be called, also after a failure. An empty line follows the lines that stay, if there are any. */
  end(): Promise<void>;
}

export interface RunLogOptions {
  readonly stdout: TextOutput;
  readonly clock: Clock;
  readonly json: boolean;
  readonly columns: EventColumns;
  /** What is planned for its workers; programs are told. */
  readonly workers: readonly WorkerPlan[];
}

const REDRAW_MS = 500;
const MOST_ROWS = 12;

/** A live block on a terminal, plain lines in a pipe, one JSON object per line for programs. */
export function openRunLog(options: RunLogOptions): RunLog {
  if (options.json) return jsonLog(options);
  return options.stdout.isTTY ? liveLog(options) : plainLog(options);
}

function jsonLog({ stdout, clock, workers }: RunLogOptions): RunLog {
  /** By worker: an action follows another one, never two at once. */
  const started = new Map<string, number>();
  const byName = new Map(workers.map((worker) => [worker.worker, worker]));
  return {
    emit: (event) => {
      if (event.kind === 'action-start') started.set(event.worker, event.at);
      const startedAt =
        event.kind === 'progress' || event.kind === 'step-done'
          ? started.get(event.worker)
          : undefined;
      const planned = 'worker' in event ? byName.get(event.worker ?? '') : undefined;
      stdout.write(messageLine(eventMessage(event, { startedAt, planned }), clock));
    },
    end: async () => {},
  };
}

function plainLog({ stdout, columns }: RunLogOptions): RunLog {
  let told: Told = {};
  let isEmpty = true;
  return {
    emit: (event) => {
      const next = tellOrNot(event, told);
      told = next.told;
      const text = next.tell ? lines(eventLines(event, columns)) : '';
      if (text === '') return;
      isEmpty = false;
      stdout.write(text);
    },
    end: async () => {
      if (!isEmpty) stdout.write('\n');
    },
  };
}

/** Lines that stay scroll above; below them one line per busy worker is drawn anew, with the time it takes. */
function liveLog({ stdout, clock, columns }: RunLogOptions): RunLog {
  const startedAt = clock.monotonic();
  const stop = new AbortController();
  let state = NOTHING_LIVE;
  let drawn = 0;
  let isEmpty = true;
  const draw = (above: readonly string[]) => {
    const terminal = { columns: usableWidth(stdout.columns), rows: MOST_ROWS };
    const block = liveLines(state, clock.monotonic() - startedAt, columns, terminal);
    stdout.write(`${eraseLines(drawn)}${lines(above)}${lines(block)}`);
    drawn = block.length;
  };
  const ticking = tick(clock, stop.signal, () => {
    if (drawn > 0) draw([]);
  });
  return {
    emit: (event: RunEvent) => {
      const next = nextLive(state, event);
      state = next.state;
      const above = next.scroll ? eventLines(event, columns) : [];
      if (above.length > 0) isEmpty = false;
      draw(above);
    },
    end: async () => {
      stop.abort();
      await ticking;
      state = NOTHING_LIVE;
      draw(isEmpty ? [] : ['']);
    },
  };
}

/** Some pseudo terminals say 0. */
function usableWidth(columns: number | undefined): number {
  return columns === undefined || columns < 20 ? 80 : columns;
}

async function tick(clock: Clock, signal: AbortSignal, redraw: () => void): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(REDRAW_MS, signal).catch(() => undefined);
    if (!signal.aborted) redraw();
  }
}

/** Moves up to the block's first line and erases from there on. */
function eraseLines(count: number): string {
  return count === 0 ? '' : `\u001b[${count}A\u001b[0J`;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
