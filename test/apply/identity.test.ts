import { describe, expect, it } from 'vitest';
import {
  addVm,
  cloneVm,
  deleteVm,
  editConfig,
  powerOn,
  restoreVm,
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
  planned,
  plannedWorker,
  vmOf,
  writesTo,
} from './site.ts';

const LAZY = { node: 'pve1' };

/** A worker with a VM, declared so that a VM that vanishes is not made anew. */
async function lazySite(): Promise<House> {
  const house = await deployedSite();
  declare(house, { w1: LAZY });
  await applied(house);
  house.cluster.journal();
  return house;
}

describe('what people do behind the back of Muster', () => {
  it('a field edited by hand is drift, is put back, and then there is nothing to do', async () => {
    const house = await deployedSite();
    editConfig(house.cluster.world, 9100, { cores: '9' });
    const worker = await plannedWorker(house, 'w1');
    expect(worker).toMatchObject({ actions: ['update'], reasons: ['drift'] });
    expect(worker?.changes).toMatchObject([{ path: 'cpu.cores', before: 9, after: 6 }]);
    await applied(house);
    expect(vmOf(house).config.cores).toBe('6');
    await expectSettled(house);
  });

  it('a worker powered on by hand is powered off, and nothing else is written to it', async () => {
    const house = await deployedSite();
    powerOn(house.cluster.world, 9100);
    await house.clock.sleep(120_000);
    expect(await plannedWorker(house, 'w1')).toMatchObject({
      actions: ['shutdown'],
      reasons: ['left-running'],
    });
    await applied(house);
    const writes = writesTo(house.cluster.journal(), 9100).filter((each) => !/agent/.test(each));
    expect(writes).toEqual(['POST /nodes/pve1/qemu/9100/status/shutdown']);
    await expectSettled(house);
  });

  it('P39: a VM deleted by hand makes its worker Configured again', async () => {
    const house = await lazySite();
    deleteVm(house.cluster.world, 9100);
    expect(await plannedWorker(house, 'w1')).toMatchObject({
      actions: ['configure'],
      reasons: ['vm-gone'],
    });
    await applied(house);
    expect(house.state().workers.w1?.vm).toBeUndefined();
    expect((await house.muster('status')).stdout).toMatch(/w1 +Configured/);
    await expectSettled(house);
  });

  it('P39: a VM deleted by hand is deployed again when its worker is eager', async () => {
    const house = await deployedSite();
    const before = house.state().workers.w1?.vm?.uuid;
    deleteVm(house.cluster.world, 9100);
    expect(await plannedWorker(house, 'w1')).toMatchObject({ actions: ['deploy'] });
    await applied(house);
    expect(house.state().workers.w1?.vm?.uuid).not.toBe(before);
    await expectSettled(house);
  });

  it('P25 W9: an id that was deleted and is now somebody else’s is not touched; the worker gets another one', async () => {
    const house = await deployedSite();
    deleteVm(house.cluster.world, 9100);
    addVm(house.cluster.world, 9100, 'pve1');
    const before = JSON.stringify(vmOf(house).config);
    const plan = await planned(house);
    expect(plan.workers).toMatchObject([{ actions: ['deploy'], vmid: 9101 }]);
    await applied(house);
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
    expect(JSON.stringify(vmOf(house).config)).toBe(before);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9101);
    await expectSettled(house);
  });

  it('P25: neither destroy nor an undeclared worker deletes a VM that took the id', async () => {
    for (const argv of [
      ['destroy', 'w1', '--auto-approve'],
      ['apply', '--auto-approve'],
    ]) {
      const house = await deployedSite();
      deleteVm(house.cluster.world, 9100);
      addVm(house.cluster.world, 9100, 'pve1');
      if (argv[0] === 'apply') declare(house, {});
      expectCode(await house.muster(...argv), 0);
      expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
      expect(vmOf(house).config.name).toBe('somebody-elses');
    }
  });

  it('P25: the id changes hands between plan and apply: that worker is stale, and nothing is written', async () => {
    const house = await deployedSite();
    editConfig(house.cluster.world, 9100, { cores: '9' });
    expectCode(await house.muster('plan', '--out', 'p'), 0);
    deleteVm(house.cluster.world, 9100);
    addVm(house.cluster.world, 9100, 'pve1');
    expectCode(await house.muster('apply', 'p'), 3);
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
  });

  it('W3: our tag on a VM with a foreign serial is a finding at most, and never written', async () => {
    const house = await deployedSite();
    addVm(house.cluster.world, 9105, 'pve1', 'imitation');
    editConfig(house.cluster.world, 9105, {
      tags: 'muster',
      smbios1: `uuid=1f0e2d3c-0000-4000-8000-00000000aaaa,serial=${Buffer.from('muster:other').toString('base64')},base64=1`,
    });
    await applied(house);
    expectCode(await house.muster('apply', '--auto-approve', '--prune'), 0);
    expect(writesTo(house.cluster.journal(), 9105)).toEqual([]);
    await expectSettled(house);
  });

  it('W21: a worker that a person cloned is reported as a copy, by name, and never written, not even by --prune', async () => {
    const house = await deployedSite();
    cloneVm(house.cluster.world, 9100, 9110);
    const plan = await planned(house, '--prune');
    expect(plan.workers).toEqual([]);
    expect(plan.findings).toMatchObject([{ code: 'copy', vmid: 9110 }]);
    expectCode(await house.muster('apply', '--auto-approve', '--prune'), 0);
    expect(writesTo(house.cluster.journal(), 9110)).toEqual([]);
  });

  it('W21: a worker restored under another id is told from the original by its creation time', async () => {
    const house = await deployedSite();
    await house.clock.sleep(3_600_000);
    restoreVm(house.cluster.world, 9100, 9110);
    editConfig(house.cluster.world, 9100, { cores: '9' });
    const plan = await planned(house);
    expect(findingCodes(plan)).toEqual(['restore']);
    await applied(house, '--prune');
    const entries = house.cluster.journal();
    expect(writesTo(entries, 9110)).toEqual([]);
    expect(vmOf(house).config.cores).toBe('6');
  });

  it('W21: when nothing tells original and restore apart, neither is written', async () => {
    const house = await deployedSite();
    const { meta = '' } = vmOf(house).config;
    restoreVm(house.cluster.world, 9100, 9110);
    editConfig(house.cluster.world, 9110, { meta });
    editConfig(house.cluster.world, 9100, { cores: '9' });
    const plan = await planned(house);
    expect(findingCodes(plan)).toContain('ambiguous');
    expectCode(await house.muster('apply', '--auto-approve', '--prune'), 0);
    for (const asked of [['destroy'], ['test'], ['apply', '--replace', 'w1', '--force', 'w1']])
      expectCode(await house.muster(...asked, '--auto-approve'), 5);
    const entries = house.cluster.journal();
    expect(writesTo(entries, 9100)).toEqual([]);
    expect(writesTo(entries, 9110)).toEqual([]);
  });

  it('an original that is gone while its restore lives under another id: the restore is taken in, and nothing is made twice', async () => {
    const house = await deployedSite();
    await house.clock.sleep(3_600_000);
    restoreVm(house.cluster.world, 9100, 9110);
    deleteVm(house.cluster.world, 9100);
    expect(await plannedWorker(house, 'w1')).toMatchObject({ actions: ['adopt'], vmid: 9110 });
    await applied(house);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9110);
    await expectSettled(house);
  });

  it('P27: a VM that the token no longer sees is held as invisible, and its record is kept, whatever is asked for', async () => {
    const house = await deployedSite();
    const before = house.state().workers.w1;
    const acl = { path: '/vms/9100', who: 'muster@pve', role: 'NoAccess', propagate: true };
    house.cluster.world.access.acls.push(acl);
    const plan = await planned(house);
    expect(plan.workers).toMatchObject([{ actions: [], held: { why: 'invisible' } }]);
    expectCode(await house.muster('apply', '--auto-approve'), 0);
    for (const asked of [['destroy'], ['test'], ['apply', '--replace', 'w1']]) {
      const told = expectCode(await house.muster(...asked, '--auto-approve'), 5);
      expect(told.stdout).toContain('held: invisible');
    }
    expect(house.cluster.journal()).toEqual([]);
    expect(house.state().workers.w1).toEqual(before);
    house.cluster.world.access.acls.pop();
    await expectSettled(house);
  });

  it('P24 W8: an id that somebody takes between plan and apply is left alone; the next one is used', async () => {
    const house = openSite();
    expectCode(await house.muster('plan', '--out', 'p'), 0);
    addVm(house.cluster.world, 9100, 'pve2');
    expectCode(await house.muster('apply', 'p'), 0);
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9101);
    await expectSettled(house);
  });

  it('P24 W9: an id that somebody takes at the very moment of the clone is left alone', async () => {
    const house = openSite();
    const change = { kind: 'take-vmid', vmid: 9100, node: 'pve2' } as const;
    inject(house, 'POST', '/clone$', { kind: 'first', change });
    const told = await applied(house);
    expect(told.stdout).toMatch(/using another\s+id/);
    expect(vmOf(house).config.name).toBe('somebody-elses');
    expect(house.state().workers.w1?.vm?.vmid).toBe(9101);
    await expectSettled(house);
  });

  it.each([1, 2, 3])(
    'P24: an id that somebody takes on the same node before look %i at it is left alone',
    async (nth) => {
      const house = openSite();
      const change = { kind: 'take-vmid', vmid: 9100, node: 'pve1' } as const;
      inject(house, 'GET', '/cluster/nextid$', { kind: 'first', change }, nth);
      await applied(house);
      expect(writesTo(house.cluster.journal(), 9100).filter((each) => !/clone/.test(each))).toEqual(
        [],
      );
      expect(vmOf(house).config.name).toBe('somebody-elses');
      expect(house.state().workers.w1?.vm?.vmid).toBe(9101);
      await expectSettled(house);
    },
  );

  it('P24: an id that the declaration asks for and somebody takes is an error that names it; nothing else is used', async () => {
    const house = openSite({ w1: { ...EAGER, vmid: 9107 } });
    const change = { kind: 'take-vmid', vmid: 9107, node: 'pve2' } as const;
    inject(house, 'POST', '/clone$', { kind: 'first', change });
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(told.stdout).toContain('vm id 9107, which w1 asks for, is taken');
    expect(house.state().workers.w1?.vm).toBeUndefined();
    expect(vmOf(house, 9107).config.name).toBe('somebody-elses');
  });

  it('P13: a clone whose task worker died leaves a locked VM that only root can remove; another id is used', async () => {
    const house = openSite();
    inject(house, 'POST', '/clone$', { kind: 'kill-task-worker' });
    const told = await applied(house);
    expect(told.stdout).toContain('qm unlock 9100');
    expect(house.state().workers.w1?.vm?.vmid).toBe(9101);
    await expectSettled(house);
  });

  it('P13: killed while such a clone is begun: the next apply says what root has to run and goes on under another id', async () => {
    const house = openSite();
    inject(house, 'POST', '/clone$', { kind: 'kill-task-worker' });
    await house.musterKilled({ atEffect: 33, when: 'after' }, 'apply', '--auto-approve');
    await house.clock.sleep(180_000);
    const plan = await planned(house);
    expect(findingCodes(plan)).toEqual(['needs-root-unlock']);
    await applied(house);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9101);
    await expectSettled(house);
  });
});
