import { describe, expect, it } from 'vitest';
import { applySeed } from '../simulation/apply-seed.ts';
import { seedsFrom, verdictText } from '../simulation/seeds.ts';
import { LARGE, USUAL } from '../simulation/session-case.ts';
import { sessionSeed } from '../simulation/session-seed.ts';

/** Thousands of seeds: MUSTER_SEEDS of each kind, from MUSTER_FIRST on; MUSTER_SEED for one alone. */
const COUNT = Number(process.env.MUSTER_SEEDS ?? 5000);
const FIRST = Number(process.env.MUSTER_FIRST ?? 1000);
/** One session in so many is a large one. */
const LARGE_EVERY = 50;

describe('thousands of seeds', () => {
  it.each(seedsFrom(COUNT, FIRST))(
    'session %i ends in order',
    async (seed) => {
      const size = seed % LARGE_EVERY === 0 ? LARGE : USUAL;
      const verdict = await sessionSeed(seed, { size, troubles: seed % 4 !== 0 });
      expect(verdict.wrong, verdictText(verdict)).toEqual([]);
    },
    300_000,
  );

  it.each(seedsFrom(COUNT, FIRST))(
    'declaration %i converges',
    async (seed) => {
      const verdict = await applySeed(seed, seed % 4 !== 0);
      expect(verdict.wrong, verdictText(verdict)).toEqual([]);
    },
    300_000,
  );
});
