import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killCase } from '../process/kill-case.ts';
import { buildCli, type RealCli } from '../process/real-cli.ts';
import { seededRandom } from '../support/house.ts';

/**
 * kill -9 at random instants of the built program's `apply --test`, several at once, each against a server of its
 * own. MUSTER_KILLS: how many; MUSTER_SEED: from which seed on.
 */
const KILLS = Number(process.env.MUSTER_KILLS ?? 50);
const SEED = Number(process.env.MUSTER_SEED ?? 1);
/** As long as a run takes from its first output to its end. */
const LONGEST_MS = 4000;

const instants = Array.from({ length: KILLS }, (_, index) => {
  const seed = SEED + index;
  return { seed, afterMs: Math.floor(seededRandom(seed).fraction() * LONGEST_MS) };
});

describe('kill -9 at a random instant of an apply --test', () => {
  let cli: RealCli;
  beforeAll(() => {
    cli = buildCli('torture');
  });
  afterAll(() => cli.remove());

  it.concurrent.each(instants)(
    'P13 P47: seed $seed, after $afterMs ms: one more apply converges',
    async ({ afterMs }) => {
      const { wrong } = await killCase(cli, afterMs);
      expect(wrong).toEqual([]);
    },
    120_000,
  );
});
