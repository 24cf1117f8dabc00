import { describe, expect, it } from 'vitest';
import { applySeed } from './apply-seed.ts';
import { seedsFrom, verdictText } from './seeds.ts';
import { SMALL } from './session-case.ts';
import { sessionSeed } from './session-seed.ts';

describe('a seeded session without troubles', () => {
  it.each(seedsFrom(40, 1))(
    'seed %i: when nothing fails but items, everything is as it was recorded, and every worker is off (W25, W26)',
    async (seed) => {
      const verdict = await sessionSeed(seed, { size: SMALL, troubles: false });
      expect(verdict.wrong, verdictText(verdict)).toEqual([]);
    },
  );
});

describe('a seeded declaration that is edited step by step', () => {
  it.each(seedsFrom(20, 1))('seed %i: the plan after each apply is empty (P37)', async (seed) => {
    const verdict = await applySeed(seed, false);
    expect(verdict.wrong, verdictText(verdict)).toEqual([]);
  });

  it.each(seedsFrom(40, 1))(
    'seed %i: after lost answers, lost nodes and killed runs an apply converges (P13, P27, P47)',
    async (seed) => {
      const verdict = await applySeed(seed, true);
      expect(verdict.wrong, verdictText(verdict)).toEqual([]);
    },
  );
});
