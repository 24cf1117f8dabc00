import type { Clock, Random } from '../../../src/model/ports.ts';

export interface ManualClock extends Clock {
  /** Lets time pass: what sleeps is woken in order, and may sleep again before time goes on. */
  advance(ms: number): Promise<void>;
  /** As a suspended machine: the wall clock goes on, the monotonic one doesn't. */
  suspend(ms: number): void;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Time passes only when a test says so. */
export function manualClock(start = Date.parse('2026-11-22T02:00:00Z')): ManualClock {
  let monotonic = 0;
  let wall = start;
  const sleepers = new Set<Sleeper>();
  const passTo = (at: number) => {
    wall += at - monotonic;
    monotonic = at;
  };
  return {
    now: () => wall,
    monotonic: () => monotonic,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = { at: monotonic + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        });
      }),
    advance: async (ms) => {
      const end = monotonic + ms;
      for (;;) {
        await settled();
        const next = [...sleepers].sort((a, b) => a.at - b.at)[0];
        if (next === undefined || next.at > end) break;
        sleepers.delete(next);
        passTo(Math.max(next.at, monotonic));
        next.wake();
      }
      passTo(end);
      await settled();
    },
    suspend: (ms) => {
      wall += ms;
    },
  };
}

/** Real time, for tests with real files and processes. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Different ids, the same in each run of a test. */
export function countingRandom(): Random {
  let count = 0;
  return {
    uuid: () => {
      count += 1;
      return `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;
    },
    fraction: () => 0.5,
  };
}

/** Everything that can go on without time passing has gone on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
