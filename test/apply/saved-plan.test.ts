import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addVm, editConfig, lockVm, powerOn } from '../../src/simulator/by-hand.ts';
import type { House } from '../support/house.ts';
import {
  applied,
  declare,
  deployedSite,
  EAGER,
  expectCode,
  expectSettled,
  inject,
  openSite,
  oursIn,
  vmOf,
} from './site.ts';

const two = { w1: EAGER, w2: EAGER };
const bigger = { ...EAGER, memory: '8GiB' };

async function savePlan(house: House, ...argv: string[]): Promise<string> {
  const told = expectCode(await house.muster('plan', '--out', 'p', ...argv), 0);
  const digest = /review digest ([0-9a-f]{16})/.exec(told.stdout)?.[1];
  if (digest === undefined) throw new Error(`no digest in: ${told.stdout}`);
  return digest;
}

describe('a saved plan', () => {
  it('does what was reviewed, whatever the declaration says by now, and then has nothing left to do', async () => {
    const house = openSite(two);
    await savePlan(house, '--test');
    declare(house, {});
    expectCode(await house.muster('apply', 'p'), 0);
    expect(oursIn(house)).toHaveLength(2);
    expect(house.state().workers.w1?.last.test?.result).toBe('passed');
    const { serial } = house.state();
    house.cluster.journal();
    expectCode(await house.muster('apply', 'p'), 0);
    const others = house.cluster.journal().filter(({ path }) => !/agent|status/.test(path));
    expect(others).toEqual([]);
    expect(house.state().serial).toBeGreaterThanOrEqual(serial);
  });

  it('P18: is not stale because the state’s serial moved for another worker', async () => {
    const house = await deployedSite(two);
    declare(house, { w1: bigger, w2: EAGER });
    await savePlan(house);
    declare(house, { w1: EAGER, w2: bigger });
    await applied(house);
    expectCode(await house.muster('apply', 'p'), 0);
    expect(vmOf(house, 9100).config.memory).toBe('8192');
    expect(vmOf(house, 9101).config.memory).toBe('8192');
  });

  it('whose worker was locked when it was planned, is applied when the lock is gone, and not before', async () => {
    const house = await deployedSite(two);
    declare(house, { w1: bigger, w2: bigger });
    lockVm(house.cluster.world, 9100, 'backup');
    await savePlan(house);
    expectCode(await house.muster('apply', 'p'), 5);
    expect(vmOf(house, 9100).config.memory).not.toBe('8192');
    expect(vmOf(house, 9101).config.memory).toBe('8192');
    lockVm(house.cluster.world, 9100, null);
    expectCode(await house.muster('apply', 'p'), 0);
    expect(vmOf(house, 9100).config.memory).toBe('8192');
  });

  it('stale for one of two workers: exit 3, says what differs and how to go on, changes nothing; --exclude applies the other', async () => {
    const house = await deployedSite(two);
    declare(house, { w1: bigger, w2: bigger });
    await savePlan(house);
    editConfig(house.cluster.world, 9100, { cores: '9' });
    const told = expectCode(await house.muster('apply', 'p'), 3);
    expect(told.stderr).toContain(
      'the plan is stale for 1 of 2 workers; the other 1 can be applied',
    );
    expect(told.stderr).toMatch(
      /w1.*cpu\.cores was 6 when this was planned and is 9 now \(vm 9100\)/,
    );
    expect(told.stderr).toContain('muster apply p --exclude w1');
    expect(told.stderr).toContain('Nothing was changed.');
    expect(house.cluster.journal()).toEqual([]);
    expectCode(await house.muster('apply', 'p', '--exclude', 'w1'), 0);
    expect(vmOf(house, 9101).config.memory).toBe('8192');
    expect(vmOf(house, 9100).config.memory).toBe('6144');
  });

  it('a worker that somebody edits right before it is written is stale and left as it was; the other is done: exit 5', async () => {
    const house = await deployedSite(two);
    declare(house, { w1: bigger, w2: bigger });
    const change = { kind: 'edit-vm', vmid: 9101, set: { cores: '9' } } as const;
    inject(house, 'PUT', '/9101/config$', { kind: 'first', change });
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(told.stdout).toMatch(/w2 .*update: stale/);
    expect(told.stdout).toContain('cores was changed meanwhile');
    expect(vmOf(house, 9101).config).toMatchObject({ cores: '9', memory: '6144' });
    expect(vmOf(house, 9100).config.memory).toBe('8192');
    await applied(house);
    expect(vmOf(house, 9101).config).toMatchObject({ cores: '6', memory: '8192' });
    await expectSettled(house);
  });

  it('a config that was written meanwhile in a way that changes nothing of ours is no conflict', async () => {
    const house = await deployedSite();
    declare(house, { w1: bigger });
    const change = { kind: 'edit-vm', vmid: 9100, set: { memory: '8192' } } as const;
    inject(house, 'PUT', '/9100/config$', { kind: 'first', change });
    await applied(house);
    await expectSettled(house);
  });

  it('powered on between plan and apply is stale, too: nothing running is written to', async () => {
    const house = await deployedSite();
    declare(house, { w1: bigger });
    await savePlan(house);
    powerOn(house.cluster.world, 9100);
    expectCode(await house.muster('apply', 'p'), 3);
    expect(house.cluster.journal()).toEqual([]);
  });

  it('P46: a plan file that is missing, empty, cut off or changed is refused, and nothing is done', async () => {
    const house = openSite();
    await savePlan(house);
    const text = readFileSync(join(house.root, 'p'), 'utf8');
    house.write('empty', '');
    house.write('cut', text.slice(0, text.length / 2));
    house.write('changed', text.replace('"pve1"', '"pve2"'));
    for (const file of ['missing', 'empty', 'cut'])
      expectCode(await house.muster('apply', file), 1);
    const told = expectCode(await house.muster('apply', 'changed'), 3);
    expect(told.stderr).toContain('the plan file was changed after it was saved');
    expect(house.cluster.journal()).toEqual([]);
  });

  it('is refused by another state', async () => {
    const house = await deployedSite();
    declare(house, { w1: bigger });
    await savePlan(house);
    const state = house.state();
    const other = { ...state, lineage: '11111111-1111-4111-8111-111111111111' };
    house.write('muster.state.json', JSON.stringify(other));
    const told = await house.muster('apply', 'p');
    expect([1, 3]).toContain(told.code);
    expect(house.cluster.journal()).toEqual([]);
  });

  it('--expect-digest goes on only with the plan that was reviewed: with a file, and planned anew', async () => {
    const house = openSite();
    const digest = await savePlan(house);
    const wrong = '0123456789abcdef';
    expectCode(await house.muster('apply', 'p', '--expect-digest', wrong), 3);
    expectCode(await house.muster('apply', '--expect-digest', wrong), 3);
    expectCode(await house.muster('apply', '--expect-digest', digest.slice(0, 12)), 1);
    expect(house.cluster.journal()).toEqual([]);
    addVm(house.cluster.world, 9100, 'pve1');
    const told = expectCode(await house.muster('apply', '--expect-digest', digest), 3);
    expect(told.stderr).toContain('not what was reviewed');
    delete house.cluster.world.vms['9100'];
    expectCode(await house.muster('apply', '--expect-digest', digest), 0);
    await expectSettled(house);
  });

  it('without a terminal an apply needs a saved plan, a digest or --auto-approve', async () => {
    const house = openSite();
    expectCode(await house.muster('apply'), 1);
    expect(house.cluster.journal()).toEqual([]);
  });
});
