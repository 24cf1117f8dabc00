import type { Clock, Random } from '../../../src/model/ports.ts';

/** Time that passes only by sleeping: a sleep ends at once, and the clock shows that it was slept. */
export interface FakeClock extends Clock {
  /** Lengths of all sleeps so far, ms. */
  readonly slept: readonly number[];
  pass(ms: number): void;
}

const BOOT = Date.UTC(2026, 10, 22, 2, 0, 0);

export function createFakeClock(): FakeClock {
  const slept: number[] = [];
  let elapsed = 0;
  return {
    slept,
    now: () => BOOT + elapsed,
    monotonic: () => elapsed,
    pass: (ms) => {
      elapsed += ms;
    },
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      elapsed += ms;
    },
  };
}

export const RANDOM: Random = {
  uuid: () => '00000000-0000-4000-8000-000000000000',
  fraction: () => 0.5,
};
