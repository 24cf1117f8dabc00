import { describe, expect, it } from 'vitest';
import { seedsFrom, verdictText } from './seeds.ts';
import { SMALL } from './session-case.ts';
import { sessionSeed } from './session-seed.ts';

/**
 * Whole clusters, sessions and applies from one number each. `MUSTER_SEED=n npx vitest run test/simulation` replays
 * one; `npm run torture` runs thousands.
 */

describe('a seeded session', () => {
  it.each(seedsFrom(160, 1))(
    'seed %i: whatever fails or is killed, no item succeeds twice, no limit is exceeded, all ends in order (P13, P23, P47)',
    async (seed) => {
      const verdict = await sessionSeed(seed, { size: SMALL, troubles: true });
      expect(verdict.wrong, verdictText(verdict)).toEqual([]);
    },
  );
});
