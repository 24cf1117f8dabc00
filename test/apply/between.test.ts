import { describe, expect, it } from 'vitest';
import {
  addContainer,
  addVm,
  deleteVm,
  editConfig,
  lockVm,
  powerOn,
} from '../../src/simulator/by-hand.ts';
import type { House } from '../support/house.ts';
import {
  applied,
  declare,
  deployedSite,
  EAGER,
  expectCode,
  expectSettled,
  findingCodes,
  inject,
  openSite,
  oursIn,
  planned,
  plannedWorker,
  vmOf,
  writesTo,
} from './site.ts';

const LAZY = { node: 'pve1' };

/** Deploys w1 and is killed at that effect, with w2 only declared; then some minutes pass. */
async function cutOff(atEffect: number, prepare?: (house: House) => void): Promise<House> {
  const house = openSite({ w1: EAGER, w2: LAZY });
  prepare?.(house);
  await house.musterKilled({ atEffect, when: 'after' }, 'apply', '--auto-approve');
  await house.clock.sleep(5 * 60_000);
  return house;
}

describe('a VM that an interrupted deploy has begun', () => {
  it.each([26, 32, 38])(
    'cut off at effect %i: muster destroy deletes it, though no record calls it the worker’s yet',
    async (effect) => {
      const house = await cutOff(effect);
      expect(house.state().workers.w1?.vm).toBeUndefined();
      expect(house.cluster.world.vms['9100']).toBeDefined();
      expectCode(await house.muster('destroy', 'w1', '--auto-approve'), 0);
      expect(house.cluster.world.vms['9100']).toBeUndefined();
      expect(house.state().workers.w1).toMatchObject({ declared: { node: 'pve1' } });
      expect(house.state().workers.w1?.doing).toBeUndefined();
    },
  );

  it('P13: undeclared while a dead clone’s lock is on it: held with what root has to do, nothing is tried in vain', async () => {
    const house = await cutOff(26, (each) =>
      inject(each, 'POST', '/clone$', { kind: 'kill-task-worker' }),
    );
    expect(vmOf(house).config.lock).toBe('clone');
    declare(house, { w2: LAZY });
    const plan = await planned(house);
    expect(plan.workers).toMatchObject([
      { worker: 'w1', actions: ['destroy'], held: { why: 'locked', by: 'lock clone' } },
    ]);
    expect(findingCodes(plan)).toEqual(['needs-root-unlock']);
    house.cluster.journal();
    expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
    deleteVm(house.cluster.world, 9100);
    await applied(house);
    expect(Object.keys(house.state().workers)).toEqual(['w2']);
    await expectSettled(house);
  });
});

describe('without a refresh', () => {
  it('an undeclared worker is destroyed, a worker is replaced: what goes is looked at right before', async () => {
    const house = await deployedSite({ w1: EAGER, w2: EAGER });
    declare(house, { w1: EAGER });
    await applied(house, '--refresh=false', '--replace', 'w1');
    expect(oursIn(house).map(({ vmid }) => vmid)).toEqual([9100]);
    expect(Object.keys(house.state().workers)).toEqual(['w1']);
    await expectSettled(house);
  });

  it('a volume of somebody else that nobody saw keeps the VM', async () => {
    const house = await deployedSite({ w1: EAGER });
    vmOf(house).config.scsi3 = 'local-lvm:vm-9100-disk-7,size=4G';
    declare(house, {});
    const told = expectCode(await house.muster('apply', '--auto-approve', '--refresh=false'), 3);
    expect(told.stdout).toContain('held now: guard, volume of somebody else: scsi3');
    expect(vmOf(house).config.scsi3).toContain('disk-7');
  });
});

describe('what changes between plan and apply', () => {
  it('P39: a VM that was gone and was restored under its id meanwhile is not forgotten', async () => {
    const house = await deployedSite();
    declare(house, { w1: LAZY });
    await applied(house);
    const vm = vmOf(house);
    deleteVm(house.cluster.world, 9100);
    declare(house, { w1: { ...LAZY, labels: { site: 'north' } } });
    expectCode(await house.muster('plan', '--out', 'p'), 0);
    house.cluster.world.vms['9100'] = vm;
    expectCode(await house.muster('apply', 'p'), 0);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9100);
    await expectSettled(house);
  });

  it('a saved plan is not applied to a cluster that lost its quorum meanwhile', async () => {
    const house = await deployedSite();
    declare(house, { w1: { ...EAGER, memory: '9GiB' } });
    expectCode(await house.muster('plan', '--out', 'p'), 0);
    for (const node of ['pve2', 'pve3']) {
      const facts = house.cluster.world.nodes[node];
      if (facts !== undefined) facts.status = 'offline';
    }
    const told = expectCode(await house.muster('apply', 'p'), 1);
    expect(told.stderr).toContain('no quorum');
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
  });

  it('a saved plan is not applied to another cluster, though its nodes have the same names', async () => {
    const house = openSite();
    expectCode(await house.muster('plan', '--out', 'p'), 0);
    house.cluster.world.cluster.name = 'elsewhere';
    const told = expectCode(await house.muster('apply', 'p'), 3);
    expect(told.stderr).toContain('the plan is for cluster homelab, and this is elsewhere');
    expect(house.hasState()).toBe(false);
  });
});

describe('P25: a container that took the id of a VM that was deleted', () => {
  it('is not touched; an eager worker gets another id', async () => {
    const house = await deployedSite();
    deleteVm(house.cluster.world, 9100);
    addContainer(house.cluster.world, 9100, 'pve1', 'web');
    const plan = await planned(house);
    expect(findingCodes(plan)).toEqual(['recycled-vmid']);
    expect(plan.workers).toMatchObject([{ actions: ['deploy'], vmid: 9101 }]);
    await applied(house);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9101);
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
    await expectSettled(house);
  });

  it('P39: a worker that is not eager is Configured again', async () => {
    const house = await deployedSite();
    declare(house, { w1: LAZY });
    await applied(house);
    deleteVm(house.cluster.world, 9100);
    addContainer(house.cluster.world, 9100, 'pve2', 'web');
    expect(await plannedWorker(house, 'w1')).toMatchObject({
      actions: ['configure'],
      reasons: ['vm-gone'],
    });
    await applied(house);
    expect(house.state().workers.w1?.vm).toBeUndefined();
    await expectSettled(house);
  });
});

it('an orphan that somebody put under HA is held, also from --prune', async () => {
  const house = await deployedSite({ w1: EAGER, w2: EAGER });
  expectCode(await house.muster('state', 'rm', 'w2'), 0);
  declare(house, { w1: EAGER });
  house.cluster.world.ha['vm:9101'] = { sid: 'vm:9101', state: 'stopped' };
  expect(await plannedWorker(house, 'w2', '--prune')).toMatchObject({
    actions: ['destroy'],
    held: { why: 'ha-managed' },
  });
  house.cluster.journal();
  expectCode(await house.muster('apply', '--auto-approve', '--prune'), 5);
  expect(writesTo(house.cluster.journal(), 9101)).toEqual([]);
});

describe('P25: an orphan whose destroy was planned with --prune and saved', () => {
  async function prunePlanned(): Promise<House> {
    const house = await deployedSite({ w1: EAGER, w2: EAGER });
    expectCode(await house.muster('state', 'rm', 'w2'), 0);
    declare(house, { w1: EAGER });
    expectCode(await house.muster('plan', '--prune', '--out', 'p'), 0);
    house.cluster.journal();
    return house;
  }

  it('is deleted as it was reviewed; when somebody deleted it meanwhile that is done, too', async () => {
    for (const isDeletedByHand of [false, true]) {
      const house = await prunePlanned();
      if (isDeletedByHand) deleteVm(house.cluster.world, 9101);
      expectCode(await house.muster('apply', 'p'), 0);
      expect(oursIn(house).map(({ vmid }) => vmid)).toEqual([9100]);
      await expectSettled(house);
    }
  });

  const meanwhile: Readonly<Record<string, (house: House) => void>> = {
    'its id is somebody else’s by now': ({ cluster }) => {
      deleteVm(cluster.world, 9101);
      addVm(cluster.world, 9101, 'pve1');
    },
    'the token does not see it any more': ({ cluster }) => {
      const acl = { path: '/vms/9101', who: 'muster@pve', role: 'NoAccess', propagate: true };
      cluster.world.access.acls.push(acl);
    },
    'somebody powered it on': ({ cluster }) => powerOn(cluster.world, 9101),
    'it got another drive': ({ cluster }) =>
      editConfig(cluster.world, 9101, { scsi5: 'local-lvm:vm-9101-disk-9,size=4G' }),
    'its marks were changed': ({ cluster }) =>
      editConfig(cluster.world, 9101, {
        smbios1: 'uuid=3cbeced6-cd59-41d3-9956-8966812c39e5',
        description: 'mine now',
      }),
    'a backup of it runs': ({ cluster }) => lockVm(cluster.world, 9101, 'backup'),
  };

  it.each(Object.entries(meanwhile))('is stale and left alone: %s', async (_, happens) => {
    const house = await prunePlanned();
    happens(house);
    const told = expectCode(await house.muster('apply', 'p'), 3);
    expect(told.stderr).toMatch(/the plan is stale for 1 of 1 worker/);
    expect(writesTo(house.cluster.journal(), 9101)).toEqual([]);
    expect(house.cluster.world.vms['9101']).toBeDefined();
  });
});
