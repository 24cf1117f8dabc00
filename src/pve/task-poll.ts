import { PveError, TaskFailed, TaskTimeout } from '../model/errors.ts';
import type { Clock } from '../model/ports.ts';
import type { WaitOptions } from '../model/pve-port.ts';
import { classifyExit, isTaskUnknown, warningsOf } from '../model/pve-texts.ts';
import type { Caller } from './caller.ts';
import { nodeOfTask, taskSegment } from './path-segment.ts';
import { progressOf, readExit, readTaskLog, type TaskLog } from './task-answers.ts';

/** Polls one task until it has ended or nobody waits for it any more. */
export interface TaskPoll {
  join(options: WaitOptions): Promise<number>;
}

interface Waiter {
  readonly started: number;
  readonly deadline: number;
  readonly onProgress: ((line: string) => void) | undefined;
  readonly resolve: (warnings: number) => void;
  readonly reject: (error: unknown) => void;
}

const FIRST_POLL_MS = 100;
const SLOWEST_POLL_MS = 3_000;
/** The log is read for progress only of tasks that take so long, */
const FIRST_PROGRESS_MS = 2_000;
/** and at most so often: it costs a request more. */
const PROGRESS_MS = 5_000;
/** One status request; the poll itself is the repetition. */
const STATUS_DEADLINE_MS = 10_000;
/** Answers of a kind that should not come, one after the other, until a wait gives up. */
const MOST_FAILURES = 20;
const TAIL = 20;
const LOG_PAGE = 500;

export function createTaskPoll(
  upid: string,
  call: Caller,
  clock: Clock,
  onEnd: () => void,
): TaskPoll {
  const waiters = new Set<Waiter>();
  const stop = new AbortController();
  let started = false;
  const leave = (waiter: Waiter): void => {
    waiters.delete(waiter);
    if (waiters.size > 0) return;
    onEnd();
    stop.abort();
  };
  const settle = (tell: (waiter: Waiter) => void): void => {
    onEnd();
    for (const waiter of [...waiters]) tell(waiter);
  };
  const run = async (): Promise<void> => {
    try {
      const warnings = await pollUntilEnd({ upid, call, clock, waiters, signal: stop.signal });
      settle((waiter) => waiter.resolve(warnings));
    } catch (error) {
      settle((waiter) => waiter.reject(error));
    }
  };
  return {
    join: (options) => {
      const waiting = wait(options, clock, waiters, leave);
      if (!started) void run();
      started = true;
      return waiting;
    },
  };
}

function wait(
  { timeout, signal, onProgress }: WaitOptions,
  clock: Clock,
  waiters: Set<Waiter>,
  leave: (waiter: Waiter) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = clock.monotonic();
    const end = (): void => {
      signal?.removeEventListener('abort', giveUp);
      leave(waiter);
    };
    const waiter: Waiter = {
      started,
      deadline: started + timeout,
      onProgress,
      resolve: (warnings) => {
        end();
        resolve(warnings);
      },
      reject: (error) => {
        end();
        reject(error);
      },
    };
    const giveUp = (): void => waiter.reject(signal?.reason);
    waiters.add(waiter);
    signal?.addEventListener('abort', giveUp, { once: true });
    if (signal?.aborted === true) giveUp();
  });
}

interface Poll {
  readonly upid: string;
  readonly call: Caller;
  readonly clock: Clock;
  readonly waiters: ReadonlySet<Waiter>;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** Returns the number of warnings. Throws TaskFailed, or the error that made further polling pointless. */
async function pollUntilEnd(poll: Poll): Promise<number> {
  const { clock, waiters, signal } = poll;
  const progress = createProgress(poll);
  let failures = 0;
  for (let delay = FIRST_POLL_MS; ; delay = Math.min(delay * 1.5, SLOWEST_POLL_MS)) {
    await clock.sleep(Math.min(delay, untilNextDeadline(waiters, clock)), signal);
    try {
      const exit = await readStatus(poll);
      if (exit !== undefined) return await conclude(poll, exit);
      failures = 0;
      await progress();
    } catch (error) {
      failures = isPassing(error) ? 0 : failures + 1;
      if (isFinal(error) || failures >= MOST_FAILURES) throw error;
    }
    expire(poll);
  }
}

async function readStatus({ upid, call, signal }: Poll): Promise<string | undefined> {
  try {
    return await call(
      (api) => api.nodes.$(nodeOfTask(upid)).tasks.$(taskSegment(upid)).status.$get(),
      readExit,
      { deadlineMs: STATUS_DEADLINE_MS, retry: false, signal },
    );
  } catch (error) {
    // Its node was set up anew, or its log was rotated away: how it ended is not known any more.
    if (isTaskUnknown(error)) throw new TaskFailed(upid, 'no such task', 'interrupted', []);
    throw error;
  }
}

async function conclude(poll: Poll, exit: string): Promise<number> {
  const failure = classifyExit(exit);
  if (failure === 'ok' || failure === 'warnings') return warningsOf(exit);
  throw new TaskFailed(poll.upid, exit.trim(), failure, await readTail(poll));
}

/** The log's end. A failed task is told without it when it can't be read. */
async function readTail(poll: Poll): Promise<readonly string[]> {
  try {
    const first = await readLog(poll, 0, true);
    const all = first.total <= LOG_PAGE ? first : await readLog(poll, first.total - TAIL, true);
    return all.lines.filter((line) => line.trim() !== '').slice(-TAIL);
  } catch {
    return [];
  }
}

function readLog({ upid, call, signal }: Poll, start: number, retry: boolean): Promise<TaskLog> {
  return call(
    (api) => {
      const task = api.nodes.$(nodeOfTask(upid)).tasks.$(taskSegment(upid));
      return task.log.$get({ start, limit: LOG_PAGE });
    },
    (data, total) => readTaskLog(data, total, start),
    { deadlineMs: STATUS_DEADLINE_MS, retry, signal },
  );
}

/** Tells the newest line of the log to those who asked for progress, when there is a new one. */
function createProgress(poll: Poll): () => Promise<void> {
  const { clock, waiters } = poll;
  let next = clock.monotonic() + FIRST_PROGRESS_MS;
  let seen = 0;
  return async () => {
    const listeners = [...waiters].flatMap(({ onProgress }) => onProgress ?? []);
    if (listeners.length === 0 || clock.monotonic() < next) return;
    next = clock.monotonic() + PROGRESS_MS;
    // Progress is a courtesy: a log that can't be read now is no reason to end the wait.
    const log = await readLog(poll, seen, false).catch(() => undefined);
    const line = log?.lines.findLast((text) => text.trim() !== '');
    seen += log?.lines.length ?? 0;
    if (line !== undefined) for (const tell of listeners) tell(progressOf(line));
  };
}

function untilNextDeadline(waiters: ReadonlySet<Waiter>, clock: Clock): number {
  const earliest = Math.min(...[...waiters].map((waiter) => waiter.deadline));
  return Math.max(0, earliest - clock.monotonic());
}

function expire({ upid, clock, waiters }: Poll): void {
  const now = clock.monotonic();
  for (const waiter of [...waiters])
    if (now >= waiter.deadline) waiter.reject(new TaskTimeout(upid, now - waiter.started));
}

/** Nodes and proxies that give no answer for a while: the task goes on meanwhile, and so does the wait. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof PveError)) return false;
  return ['node-unreachable', 'unanswered', 'unreachable', 'garbled'].includes(error.facts.failure);
}

function isFinal(error: unknown): boolean {
  if (!(error instanceof PveError)) return true;
  return ['untrusted', 'unauthenticated', 'forbidden', 'not-implemented', 'refused'].includes(
    error.facts.failure,
  );
}
