import { ExecLost, PveError, WaitTimeout } from '../model/errors.ts';
import { formatDuration } from '../model/quantity.ts';
import { type SessionContext, sinceSessionStart } from './session-context.ts';

/** An attempt of which nothing is heard. */
interface Silent {
  readonly item: { readonly name: string };
  readonly attempt: { readonly worker: string };
}

/** Without any answer of the guest for so long, its worker is given up and powered off. */
export const SILENCE_MS = 10 * 60_000;

/**
 * The guest, its agent or the way to it is away, and the token may be: all of that says nothing about the attempt.
 * A refused request is an answer.
 */
export function isSilence(error: unknown): error is WaitTimeout | ExecLost | PveError {
  if (error instanceof WaitTimeout || error instanceof ExecLost) return true;
  return error instanceof PveError && error.facts.failure !== 'refused';
}

/** One agent that restarts is away for seconds, and nobody needs to hear of it. */
const UNTOLD_MS = 15_000;

export function tellSilence(
  ctx: SessionContext,
  { item, attempt }: Silent,
  since: number,
  { message }: Error,
): void {
  const waitedMs = ctx.ports.clock.monotonic() - since;
  if (waitedMs < UNTOLD_MS) return;
  ctx.ports.log.emit({
    kind: 'progress',
    at: sinceSessionStart(ctx),
    worker: attempt.worker,
    action: 'session',
    step: 'work',
    message: `${item.name} may go on; ${message}`,
    waitingFor: 'waiting-for-answer',
    waitedMs,
    deadlineMs: SILENCE_MS,
  });
}

export function tellAnswer(ctx: SessionContext, { item, attempt }: Silent, since: number): void {
  const silentMs = ctx.ports.clock.monotonic() - since;
  if (silentMs < UNTOLD_MS) return;
  const message = `answers about ${item.name} again, after ${formatDuration(silentMs)}`;
  const at = sinceSessionStart(ctx);
  const told = { at, worker: attempt.worker, action: 'session', step: 'work' } as const;
  ctx.ports.log.emit({ kind: 'step-done', ...told, message });
}
