import { describe, expect, it } from 'vitest';
import { openHouse } from '../support/house.ts';
import { QUICKSTART_FILES } from '../support/quickstart.ts';

describe('a saved plan whose run was killed', () => {
  it.each([60, 90, 110, 130, 150])(
    'P24: applied again after effect %i, makes no second VM and ends what is left',
    async (atEffect) => {
      const house = openHouse({ files: QUICKSTART_FILES });
      await house.muster('plan', '--test', '--out', 'muster.plan');
      await house.musterKilled({ atEffect, when: 'after' }, 'apply', 'muster.plan');
      await house.clock.sleep(3 * 60_000);
      const again = await house.muster('apply', 'muster.plan');
      expect(again.code, again.stdout + again.stderr).toBe(0);
      const made = Object.values(house.cluster.world.vms).filter(({ vmid }) => vmid >= 9100);
      expect(made.map(({ vmid }) => vmid).sort()).toEqual([9100, 9101, 9102]);
      expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
    },
  );
});
