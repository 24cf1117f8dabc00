import type { Clock } from '../model/ports.ts';

/**
 * What rings within this time is answered once: workers that get ready, and items that end, at the same moment
 * are scheduled together, as in the prediction.
 */
const SETTLE_MS = 100;

/** Wakes one waiter soon after something happened; a ring while nobody waits is kept. */
export interface Bell {
  ring(): void;
  /** Until the next ring, or for `ms` at most. */
  wait(ms: number): Promise<void>;
}

export function createBell(clock: Clock): Bell {
  let isRung = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      isRung = true;
      wake?.();
    },
    wait: async (ms) => {
      if (!isRung) {
        const timer = new AbortController();
        const rung = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const late = clock.sleep(ms, timer.signal).catch(() => undefined);
        await Promise.race([rung, late]);
        timer.abort();
        wake = undefined;
      }
      if (isRung) await clock.sleep(SETTLE_MS);
      isRung = false;
    },
  };
}
