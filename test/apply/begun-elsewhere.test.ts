import { expect, it } from 'vitest';
import type { WorldSpec } from '../../src/simulator/spec.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import { expectSettled, openSite, oursIn } from './site.ts';

/** With a template on pve1 whose disk every node sees. */
function sharedWorld(): WorldSpec {
  const world = quickstartWorld();
  const [template] = world.vms;
  if (template === undefined) throw new Error('the world has no template');
  return {
    ...world,
    storages: [
      ...world.storages,
      { id: 'nas', type: 'nfs', shared: true, content: ['images'], size: 800 * 1024 ** 3 },
    ],
    vms: [...world.vms, { ...template, vmid: 9010, name: 'debian-nas', storage: 'nas' }],
  };
}

/** The effects around the clone of a first apply. */
const EFFECTS = Array.from({ length: 14 }, (_, index) => 26 + index);

it.each(EFFECTS)(
  'P13: killed at effect %i of a deploy onto another node than the template’s: applied again it is one VM, there',
  async (atEffect) => {
    const house = openSite(
      { w1: { node: 'pve2', deploy: 'eager', storage: 'nas' } },
      { images: { 'debian-13': { template: 9010 } } },
      { world: sharedWorld() },
    );
    await house.musterKilled({ atEffect, when: 'after' }, 'apply', '--auto-approve');
    await house.clock.sleep(180_000);
    const told = await house.muster('apply', '--auto-approve');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(oursIn(house).map(({ node }) => node)).toEqual(['pve2']);
    await expectSettled(house);
  },
);
