import { describe, expect, it } from 'vitest';
import { descriptionOf } from '../../src/model/card.ts';
import { addVm, editConfig, powerOn } from '../../src/simulator/by-hand.ts';
import type { House } from '../support/house.ts';
import {
  declare,
  deployedSite,
  EAGER,
  expectCode,
  findingCodes,
  inject,
  planned,
  vmOf,
} from './site.ts';

/** A run that beats no more, and whose lease nobody may take for two minutes. */
function leaseToAnother(house: House, workers: readonly string[]): void {
  const state = house.state();
  const now = house.clock.now();
  const run = {
    id: 'other',
    kind: 'apply',
    who: 'ann',
    host: 'desk',
    pid: 1,
    beat: now,
    startedAt: now,
  };
  const leased = Object.entries(state.workers).map(([name, record]) => {
    const fence = (record.fence ?? 0) + 1;
    return [
      name,
      workers.includes(name) ? { ...record, fence, lease: { run: 'other', fence } } : record,
    ];
  });
  const next = { ...state, runs: { other: run }, workers: Object.fromEntries(leased) };
  house.write('muster.state.json', JSON.stringify(next));
}

describe('apply --wait', () => {
  it('leaves a quarantined worker alone when its lease is free', async () => {
    const house = await deployedSite();
    await house.muster('quarantine', 'w1', '--note', 'disk errors');
    leaseToAnother(house, ['w1']);
    const told = await house.muster('apply', '--test', '--auto-approve', '--wait', '30m');
    expectCode(told, 3);
    expect(told.stdout).toContain('it is held now: quarantined');
    expect(house.cluster.journal().filter(({ path }) => path.includes('status/start'))).toEqual([]);
  });

  it('destroys no more workers than its guard allows, those in use included', async () => {
    const house = await deployedSite({ w1: EAGER, w2: EAGER, w3: EAGER });
    declare(house, {}, { guards: { maxDestroy: 1 } });
    leaseToAnother(house, ['w1', 'w2', 'w3']);
    expectCode(await house.muster('apply', '--auto-approve', '--wait', '30m'), 6);
    expect(house.cluster.journal().filter(({ method }) => method === 'DELETE')).toEqual([]);
  });
});

describe('a worker that is waited for', () => {
  it('takes no room from the others: one whose wait is over goes on at once (P4)', async () => {
    const house = await deployedSite({ w1: EAGER, w2: EAGER });
    for (const vmid of [9100, 9101]) {
      powerOn(house.cluster.world, vmid);
      vmOf(house, vmid).config.lock = 'backup';
    }
    const change = { kind: 'lock-vm', vmid: 9101, lock: null } as const;
    inject(house, 'GET', '/9101/status/current$', { kind: 'first', change }, 5);
    const begun = house.clock.monotonic();
    const argv = ['apply', '--auto-approve', '--wait', '10m', '--parallelism', '1'];
    expectCode(await house.muster(...argv), 5);
    expect(house.clock.monotonic() - begun).toBeLessThan(10.5 * 60_000);
    expect([9100, 9101].map((vmid) => vmOf(house, vmid).power.status)).toEqual([
      'running',
      'stopped',
    ]);
  });
});

describe('a VM of the range with a card and no other mark', () => {
  it('is reported, and neither written to nor taken for free', async () => {
    const house = await deployedSite();
    const { lineage } = house.state();
    const uuid = '3cbeced6-cd59-41d3-9956-8966812c39e5';
    const owner = { lineage, project: 'site', environment: '', worker: 'w9', uuid };
    addVm(house.cluster.world, 9101, 'pve2', 'w9');
    editConfig(house.cluster.world, 9101, {
      description: descriptionOf(owner, undefined, 'muster.yaml'),
    });
    declare(house, { w1: EAGER, w9: { ...EAGER, node: 'pve2' } });
    const plan = await planned(house, '--prune');
    expect(findingCodes(plan)).toContain('half-made');
    expectCode(await house.muster('apply', '--auto-approve', '--prune'), 0);
    expect(house.state().workers.w9?.vm?.vmid).toBe(9102);
    expect(vmOf(house, 9101).config.name).toBe('w9');
  });
});
