import { describe, expect, it } from 'vitest';
import { type Death, type House, openHouse, seededRandom } from '../support/house.ts';
import { QUICKSTART_FILES } from '../support/quickstart.ts';

/**
 * kill -9 at any effect of an `apply --test`: one more apply ends what is left, no VM is there twice, none is
 * orphaned, the plan is empty. Every instant is one test; MUSTER_CRASHES asks for more than the few of a usual run.
 */

const CRASHES = Number(process.env.MUSTER_CRASHES ?? 12);
/** About as many effects as the whole run has. */
const EFFECTS = 180;

const deaths: readonly Death[] = Array.from({ length: CRASHES }, (_, seed) => {
  const random = seededRandom(seed + 1);
  const atEffect = 1 + Math.floor(random.fraction() * EFFECTS);
  return { atEffect, when: random.fraction() < 0.5 ? 'before' : 'after' };
});

describe('kill -9 of an apply --test', () => {
  it.each(deaths)(
    'P13 P47: $when effect $atEffect, one more apply ends the same as if nothing had happened',
    async (death) => {
      const house = openHouse({ files: QUICKSTART_FILES });
      await house.musterKilled(death, 'apply', '--test', '--auto-approve');
      // Another machine comes along later: nothing is proven by a process id there.
      await house.clock.sleep(3 * 60_000);
      const told = await house.muster('apply', '--test', '--auto-approve');
      expect(told.code, told.stdout + told.stderr).toBe(0);
      expectInOrder(house);
      const plan = await house.muster('plan', '--detailed-exitcode');
      expect(plan.code, plan.stdout).toBe(0);
    },
  );
});

/** One VM for each worker, all powered off, nothing begun and not ended, no lease left. */
function expectInOrder(house: House): void {
  const { workers, runs } = house.state();
  const recorded = Object.values(workers).map(({ vm }) => vm?.vmid);
  const existing = Object.values(house.cluster.world.vms).filter(({ vmid }) => vmid >= 9100);
  expect(existing.map(({ vmid }) => vmid).sort()).toEqual(recorded.sort());
  expect(existing.map(({ power }) => power.status)).toEqual(['stopped', 'stopped', 'stopped']);
  for (const { doing, lease } of Object.values(workers))
    expect({ doing, lease }).toEqual({ doing: undefined, lease: undefined });
  expect(runs).toEqual({});
}
