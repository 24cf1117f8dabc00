import { describe, expect, it } from 'vitest';
import { loseNode, migrate, returnNode } from '../../src/simulator/by-hand.ts';
import type { FaultEffect } from '../../src/simulator/world.ts';
import type { House } from '../support/house.ts';
import {
  applied,
  declare,
  deployedSite,
  EAGER,
  expectCode,
  expectSettled,
  inject,
  vmOf,
  wordsOf,
  writesTo,
} from './site.ts';
import { Traps } from './trap.ts';

const CONFIG = /^GET .*pve1\/qemu\/9100\/config$/;

/** A worker whose memory is to be changed; traps spring from now on. */
async function changing(): Promise<{ readonly house: House; readonly traps: Traps }> {
  const traps = new Traps();
  const house = await deployedSite(undefined, {}, { intercept: traps.intercept });
  declare(house, { w1: { ...EAGER, memory: '9GiB' } });
  return { house, traps };
}

describe('P18: what becomes true of a VM between the cluster’s list and the worker’s turn', () => {
  it.each<readonly [string, string, FaultEffect, number, string]>([
    [
      'a backup locks it',
      '/9100/status/current$',
      { kind: 'first', change: { kind: 'lock-vm', vmid: 9100, lock: 'backup' } },
      1,
      'held now: locked, lock backup',
    ],
    [
      'its name is taken away',
      '/pve1/qemu/9100/config$',
      { kind: 'first', change: { kind: 'edit-vm', vmid: 9100, unset: ['name'] } },
      2,
      'name',
    ],
  ])('%s: stale, and not written', async (_, path, effect, nth, words) => {
    const { house } = await changing();
    inject(house, 'GET', path, effect, nth);
    expect(wordsOf(expectCode(await house.muster('apply', '--auto-approve'), 3))).toContain(words);
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
    expect(house.state().workers.w1?.lease).toBeUndefined();
  });

  it('P27: the token loses it: held as invisible, and its record is kept', async () => {
    const { house, traps } = await changing();
    const { acls } = house.cluster.world.access;
    traps.set(
      CONFIG,
      () => {
        acls.push({ path: '/vms/9100', who: 'muster@pve', role: 'NoAccess', propagate: true });
        return undefined;
      },
      2,
    );
    const told = expectCode(await house.muster('apply', '--auto-approve'), 3);
    expect(wordsOf(told)).toContain('invisible');
    expect(house.state().workers.w1?.vm?.vmid).toBe(9100);
    acls.pop();
    await applied(house);
    await expectSettled(house);
  });

  it('P27: it is moved, and its new node is lost at once: held as unreachable, and its record is kept', async () => {
    const { house, traps } = await changing();
    const { world } = house.cluster;
    traps.set(
      CONFIG,
      () => {
        migrate(world, 9100, 'pve2');
        return undefined;
      },
      2,
    );
    traps.set(
      /^GET .*pve2\/qemu\/9100\/config$/,
      () => {
        loseNode(world, 'pve2');
        return undefined;
      },
      1,
    );
    const told = expectCode(await house.muster('apply', '--auto-approve'), 3);
    expect(wordsOf(told)).toContain('unreachable');
    expect(house.state().workers.w1?.vm?.vmid).toBe(9100);
    traps.clear();
    returnNode(world, 'pve2');
    migrate(world, 9100, 'pve1');
    await house.clock.sleep(20_000);
    await applied(house);
    await expectSettled(house);
  });

  it('P22: the lock that it was held by can’t be read for a moment: what is read of it next decides', async () => {
    const { house } = await changing();
    vmOf(house).config.lock = 'backup';
    const fail = { kind: 'fail', status: 500, reason: 'no answer from pvestatd' } as const;
    inject(house, 'GET', '/9100/status/current$', fail);
    const told = expectCode(await house.muster('apply', '--auto-approve', '--wait', '5m'), 3);
    expect(wordsOf(told)).toContain('lock backup');
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
  });
});
