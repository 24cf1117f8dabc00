import type { Random } from '../../src/model/ports.ts';
import { seededRandom } from '../support/house.ts';

/** What a seed decides, drawn in one order: the same seed gives the same case. */
export interface Draw {
  readonly random: Random;
  /** Whole, both ends included. */
  between(from: number, to: number): number;
  chance(part: number): boolean;
  /** From a list that is not empty. */
  pick<T>(values: readonly T[]): T;
}

export function drawing(seed: number): Draw {
  const random = seededRandom(seed);
  // Seeds that follow each other start alike.
  for (let warm = 0; warm < 8; warm += 1) random.fraction();
  const between = (from: number, to: number): number =>
    from + Math.floor(random.fraction() * (to - from + 1));
  return {
    random,
    between,
    chance: (part) => random.fraction() < part,
    pick: (values) => {
      const [value] = values.slice(between(0, values.length - 1));
      return value as (typeof values)[number];
    },
  };
}

export function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
