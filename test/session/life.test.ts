import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type House, openHouse } from '../support/house.ts';

const QUICKSTART = fileURLToPath(new URL('../../examples/quickstart', import.meta.url));

function quickstart(): House {
  const house = openHouse();
  cpSync(QUICKSTART, house.root, { recursive: true });
  return house;
}

describe('a session', () => {
  it('3: deploys what is missing, powers on, tests, patches, works, and powers everything off', async () => {
    const house = quickstart();
    const told = await house.muster('apply', '--with-session', 'nightly');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    const { workers, sessions } = house.state();
    expect(Object.values(sessions)).toMatchObject([{ kind: 'ended', outcome: 'ok', ok: 6 }]);
    for (const { lease, doing } of Object.values(workers))
      expect({ lease, doing }).toEqual({ lease: undefined, doing: undefined });
    const vms = Object.values(house.cluster.world.vms).filter(({ vmid }) => vmid >= 9100);
    expect(vms.map(({ power }) => power.status)).toEqual(['stopped', 'stopped', 'stopped']);
    expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
  });
});
