import { describe, expect, it } from 'vitest';
import { addContainer, addVm, deleteVm } from '../../src/simulator/by-hand.ts';
import type { House } from '../support/house.ts';
import {
  deployedSite,
  EAGER,
  expectCode,
  expectSettled,
  openSite,
  oursIn,
  writesTo,
} from './site.ts';
import { Traps } from './trap.ts';

const MINUTE = 60_000;

/** Applies the plan p and stops it at once at the nth request like this; then some minutes pass. */
async function stopped(house: House, traps: Traps, at: RegExp, nth = 1): Promise<void> {
  const first = new AbortController();
  const second = new AbortController();
  traps.set(
    at,
    () => {
      first.abort();
      second.abort();
      return undefined;
    },
    nth,
  );
  const interrupts = { first: first.signal, second: second.signal };
  expectCode(await house.musterWith({ interrupts }, 'apply', 'p'), 130);
  traps.clear();
  await house.clock.sleep(3 * MINUTE);
  house.cluster.journal();
}

describe('a saved plan that was stopped, applied again', () => {
  it('P13: in the clone of a replace: goes on with that VM, and deletes none', async () => {
    const traps = new Traps();
    const house = await deployedSite({ w1: EAGER }, {}, { intercept: traps.intercept });
    const before = house.state().workers.w1?.vm?.uuid;
    expectCode(await house.muster('plan', '--replace', 'w1', '--out', 'p'), 0);
    await stopped(house, traps, /^GET .*tasks\/UPID.*qmclone.*\/status$/);
    expect(house.state().workers.w1?.vm).toBeUndefined();
    expectCode(await house.muster('apply', 'p'), 0);
    expect(house.cluster.journal().filter(({ method }) => method === 'DELETE')).toEqual([]);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9100);
    expect(house.state().workers.w1?.vm?.uuid).not.toBe(before);
    expect(oursIn(house)).toHaveLength(1);
    await expectSettled(house);
  });

  it.each<readonly [string, (house: House) => void]>([
    ['a VM', ({ cluster }) => void addVm(cluster.world, 9100, 'pve1')],
    ['a container', ({ cluster }) => addContainer(cluster.world, 9100, 'pve1', 'web')],
  ])(
    'P25: in its test, after which %s took the id: that is left alone, and the worker is made anew',
    async (_, happens) => {
      const traps = new Traps();
      const house = openSite({ w1: EAGER }, {}, { intercept: traps.intercept });
      expectCode(await house.muster('plan', '--test', '--out', 'p'), 0);
      await stopped(house, traps, /^POST .*9100\/agent\/exec$/);
      deleteVm(house.cluster.world, 9100);
      happens(house);
      expectCode(await house.muster('apply', 'p'), 0);
      expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
      expect(house.state().workers.w1?.vm?.vmid).toBe(9101);
      expect(house.state().workers.w1?.last.test?.result).toBe('passed');
      await expectSettled(house);
    },
  );
});
