import { describe, expect, it } from 'vitest';
import { editConfig, powerOn } from '../../src/simulator/by-hand.ts';
import type { FaultEffect } from '../../src/simulator/world.ts';
import type { House } from '../support/house.ts';
import {
  declare,
  deployedSite,
  EAGER,
  expectCode,
  expectSettled,
  inject,
  oursIn,
  vmOf,
  wordsOf,
  writesTo,
} from './site.ts';

const FOREIGN = Buffer.from('muster:3cbeced6-cd59-41d3-9956-8966812c39e5').toString('base64');

const uuidOf = (house: House): string =>
  /uuid=([0-9a-f-]+)/.exec(vmOf(house).config.smbios1 ?? '')?.[1] ?? '';

const edit = (set: Readonly<Record<string, string>>, unset?: readonly string[]): FaultEffect => ({
  kind: 'first',
  change: { kind: 'edit-vm', vmid: 9100, set, ...(unset === undefined ? {} : { unset }) },
});

describe('P25: a VM that changes hands after its worker was confirmed', () => {
  it.each<readonly [string, (uuid: string) => FaultEffect, string]>([
    ['has no uuid any more', () => edit({}, ['smbios1']), 'its SMBIOS uuid is unset, not '],
    ['lost its serial', (uuid) => edit({ smbios1: `uuid=${uuid}` }), "serial is not Muster's"],
    [
      'bears another state’s serial',
      (uuid) => edit({ smbios1: `uuid=${uuid},serial=${FOREIGN},base64=1` }),
      'serial is of lineage 3cbeced6-cd59-41d3-9956-8966812c39e5',
    ],
  ])('%s: the write is not sent again, and that is said', async (_, effectOf, seen) => {
    const house = await deployedSite();
    declare(house, { w1: { ...EAGER, memory: '9GiB' } });
    inject(house, 'PUT', '/9100/config$', effectOf(uuidOf(house)));
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(wordsOf(told)).toContain(seen);
    expect(wordsOf(told)).toContain('it was not touched');
    expect(wordsOf(told)).toContain('the next plan says whose it is');
    expect(vmOf(house).config.memory).toBe('6144');
    expect(house.state().workers.w1?.lease).toBeUndefined();
  });

  it('while it runs: it is not powered off', async () => {
    const house = await deployedSite();
    powerOn(house.cluster.world, 9100);
    await house.clock.sleep(120_000);
    inject(house, 'GET', '/9100/status/current$', edit({}, ['smbios1']), 2);
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(wordsOf(told)).toContain('it was not touched');
    expect(writesTo(house.cluster.journal(), 9100).filter((each) => !/agent/.test(each))).toEqual(
      [],
    );
    expect(vmOf(house).power.status).toBe('running');
  });
});

describe('P40: right before a VM is deleted', () => {
  async function undeclared(): Promise<House> {
    const house = await deployedSite();
    declare(house, {});
    return house;
  }

  it.each<readonly [string, FaultEffect, string]>([
    [
      'its soft marks vanish',
      edit({}, ['tags', 'description']),
      'neither the tag "muster" nor Muster\'s line in its description',
    ],
    [
      'somebody powers it on',
      { kind: 'first', change: { kind: 'power', vmid: 9100, on: true } },
      'runs, though it was off when this was planned',
    ],
  ])('%s: it is kept, and that is said', async (_, effect, words) => {
    const house = await undeclared();
    inject(house, 'GET', '/cluster/nextid$', effect);
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(wordsOf(told)).toContain(words);
    expect(house.cluster.journal().filter(({ method }) => method === 'DELETE')).toEqual([]);
    expect(vmOf(house).config.name).toBe('w1');
    expect(house.state().workers.w1?.vm?.vmid).toBe(9100);
  });

  it('P25: its delete is carried out, the answer is lost, and somebody takes the id: that VM is not touched', async () => {
    const house = await undeclared();
    inject(house, 'DELETE', '/qemu/9100$', { kind: 'do-then-drop' });
    const change = { kind: 'take-vmid', vmid: 9100, node: 'pve1' } as const;
    inject(house, 'GET', '/cluster/nextid$', { kind: 'first', change }, 2);
    expectCode(await house.muster('apply', '--auto-approve'), 0);
    expect(writesTo(house.cluster.journal(), 9100)).toEqual(['DELETE /nodes/pve1/qemu/9100']);
    expect(vmOf(house).config.name).toBe('somebody-elses');
    expect(oursIn(house)).toEqual([]);
    expect(house.state().workers).toEqual({});
    await expectSettled(house);
  });
});

it('P27: a node that does not let itself be asked what it has gets no VM moved to it', async () => {
  const house = await deployedSite();
  declare(house, { w1: { ...EAGER, node: 'pve2' } });
  inject(house, 'GET', '/nodes/pve2/qemu/9100/config$', {
    kind: 'fail',
    status: 403,
    reason: 'Permission check failed (/vms/9100, VM.Audit)',
  });
  const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
  expect(wordsOf(told)).toContain('Permission check failed');
  expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
  expect((await house.muster('apply', '--auto-approve')).code).toBe(0);
  expect(vmOf(house).node).toBe('pve2');
  await expectSettled(house);
});

it('a VM without a name and without its creation time is taken for what its marks say', async () => {
  const house = await deployedSite();
  editConfig(house.cluster.world, 9100, {}, ['name', 'meta']);
  expectCode(await house.muster('apply', '--auto-approve'), 0);
  expect(vmOf(house).config.name).toBe('w1');
  expect(house.state().workers.w1?.vm).not.toHaveProperty('ctime');
  await expectSettled(house);
});
