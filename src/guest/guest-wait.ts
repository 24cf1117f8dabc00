import { WaitTimeout } from '../model/errors.ts';
import { formatDuration } from '../model/quantity.ts';
import { type GuestTarget, nameOf } from './target.ts';

/** The named reasons for which a guest is waited for. */
export type GuestWaitName =
  | 'waiting-for-power'
  | 'waiting-for-agent'
  | 'waiting-for-address'
  | 'waiting-for-exec'
  | 'waiting-for-cloud-init'
  | 'waiting-for-package-lock'
  | 'waiting-for-patch';

/** Told at each poll of a wait. */
export interface GuestWait {
  readonly waitingFor: GuestWaitName;
  readonly waitedMs: number;
  readonly deadlineMs: number;
  /** What is known so far, for people: "apt: 14 packages waiting". */
  readonly message?: string;
}

export interface Deadline {
  readonly waitingFor: GuestWaitName;
  /** Ms. */
  readonly timeout: number;
  readonly onWait?: ((wait: GuestWait) => void) | undefined;
  /** Ends the message of the WaitTimeout: what to do about it. */
  readonly hint: () => string;
}

/**
 * Asks `poll` until it gives something else than undefined. Pauses grow from half a second to four. Throws
 * WaitTimeout at the deadline, and whatever `poll` throws.
 */
export async function waitUntil<T>(
  target: GuestTarget,
  deadline: Deadline,
  poll: () => Promise<T | undefined>,
): Promise<T> {
  const { clock, signal } = target;
  const begin = clock.monotonic();
  for (let pause = 500; ; pause = Math.min(pause * 1.5, 4_000)) {
    signal?.throwIfAborted();
    const found = await poll();
    if (found !== undefined) return found;
    const waitedMs = clock.monotonic() - begin;
    if (waitedMs >= deadline.timeout) throw timedOut(target, deadline, waitedMs);
    deadline.onWait?.({
      waitingFor: deadline.waitingFor,
      waitedMs,
      deadlineMs: deadline.timeout,
    });
    await clock.sleep(Math.min(pause, deadline.timeout - waitedMs), signal);
  }
}

function timedOut(target: GuestTarget, deadline: Deadline, waitedMs: number): WaitTimeout {
  const what = deadline.waitingFor.replaceAll('-', ' ');
  return new WaitTimeout(
    deadline.waitingFor,
    waitedMs,
    `${nameOf(target)}: gave up ${what} after ${formatDuration(waitedMs)}; ${deadline.hint()}`,
  );
}
