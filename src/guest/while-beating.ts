import { ExecLost, Fenced, GuestError, PveError, WaitTimeout } from '../model/errors.ts';
import { beatGuest } from './launch-guest.ts';
import type { Actor, GuestTarget } from './target.ts';

/** How often the guest's dead-man timer is put off. */
export const BEAT_EVERY_MS = 5 * 60_000;

/**
 * Does the work and beats meanwhile: checks and updates may take longer than the dead-man timer waits. A beat
 * that fails is left to the next one, and to what the work itself meets.
 */
export async function whileBeating<T>(
  target: GuestTarget,
  actor: Actor,
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const signal =
    target.signal === undefined ? over.signal : AbortSignal.any([over.signal, target.signal]);
  const [result] = await Promise.all([
    work().finally(() => over.abort()),
    beatUntil({ ...target, signal }, actor, signal),
  ]);
  return result;
}

async function beatUntil(target: GuestTarget, actor: Actor, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await target.clock.sleep(BEAT_EVERY_MS, signal);
      if (signal.aborted) return;
      await beatGuest(target, actor);
    } catch (error) {
      if (signal.aborted || error instanceof Fenced) return;
      if (!OUTSIDE.some((kind) => error instanceof kind)) throw error;
    }
  }
}

const OUTSIDE = [PveError, GuestError, WaitTimeout, ExecLost];
