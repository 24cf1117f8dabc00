import type { Clock } from '../../src/model/ports.ts';

export interface VirtualClock extends Clock {
  /** While this runs, time stands still: for real files and processes. */
  hold<T>(work: () => Promise<T>): Promise<T>;
}

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** How many turns of the event loop have to pass quietly before time goes on. */
const QUIET_TURNS = 2;

/**
 * A clock on which nobody waits: as soon as everybody sleeps, it is the time at which the first one wakes.
 * Nothing here looks at the real time, so a test with it runs the same on every machine.
 */
export function virtualClock(startMs = Date.UTC(2026, 10, 22, 2)): VirtualClock {
  let elapsed = 0;
  let order = 0;
  let held = 0;
  let isPumping = false;
  const sleepers: Sleeper[] = [];

  async function pump(): Promise<void> {
    if (isPumping) return;
    isPumping = true;
    while (sleepers.length > 0) {
      for (let turn = 0; turn < QUIET_TURNS || held > 0; turn += 1)
        await new Promise<void>((resolve) => setImmediate(resolve));
      if (held > 0) continue;
      sleepers.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = sleepers.shift();
      if (next === undefined) break;
      elapsed = Math.max(elapsed, next.at);
      next.wake();
    }
    isPumping = false;
  }

  return {
    now: () => startMs + elapsed,
    monotonic: () => elapsed,
    sleep: (ms, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason);
        const sleeper: Sleeper = { at: elapsed + Math.max(0, ms), order: order++, wake };
        function wake(): void {
          signal?.removeEventListener('abort', abort);
          resolve();
        }
        function abort(): void {
          const index = sleepers.indexOf(sleeper);
          if (index >= 0) sleepers.splice(index, 1);
          reject(signal?.reason);
        }
        signal?.addEventListener('abort', abort, { once: true });
        sleepers.push(sleeper);
        void pump();
      }),
    hold: async (work) => {
      held += 1;
      try {
        return await work();
      } finally {
        held -= 1;
      }
    },
  };
}
