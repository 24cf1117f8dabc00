import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { SavedPlan } from '../../src/model/plan.ts';
import type { SessionResult } from '../../src/model/session-result.ts';
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
    // Told while it runs, for whoever wants to look at it from elsewhere.
    expect(told.stdout).toContain(`this is session ${Object.keys(sessions)[0]}\n`);
    expect(Object.values(sessions)).toMatchObject([{ kind: 'ended', outcome: 'ok', ok: 6 }]);
    for (const { lease, doing } of Object.values(workers))
      expect({ lease, doing }).toEqual({ lease: undefined, doing: undefined });
    const vms = Object.values(house.cluster.world.vms).filter(({ vmid }) => vmid >= 9100);
    expect(vms.map(({ power }) => power.status)).toEqual(['stopped', 'stopped', 'stopped']);
    expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
  });

  it('is predicted to launch as fast as it does: a test remembers its phases, a patch that will be skipped takes no time', async () => {
    const house = quickstart();
    await house.muster('apply', '--test', '--auto-approve');
    const plan = await house.muster('plan', '--with-session', 'nightly', '--format=json');
    const saved: SavedPlan = JSON.parse(plan.stdout);
    const told = await house.muster('apply', '--with-session', 'nightly', '--json');
    const results = told.stdout.split('\n').filter((line) => line.includes('"session_result"'));
    const { result }: { readonly result: SessionResult } = JSON.parse(results[0] ?? '');
    expect(saved.plan.session?.workers).toHaveLength(3);
    for (const { worker, readyAt } of saved.plan.session?.workers ?? []) {
      const launch = result.workers.find((each) => each.worker === worker);
      const work = launch?.phases.find(({ phase }) => phase === 'work');
      expect(Math.abs((work?.start ?? 0) - readyAt), worker).toBeLessThan(8000);
    }
  });
});
