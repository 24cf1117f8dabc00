import { describe, expect, it } from 'vitest';
import { deleteVm, powerOn } from '../../src/simulator/by-hand.ts';
import {
  applied,
  declare,
  deployedSite,
  EAGER,
  expectCode,
  expectSettled,
  oursIn,
  planned,
  plannedWorker,
  vmOf,
  writesTo,
} from './site.ts';

describe('the end of a worker', () => {
  it('P40: a worker that is no longer declared is destroyed with its disk, and waited for until it is gone', async () => {
    const house = await deployedSite();
    declare(house, {});
    await applied(house);
    expect(oursIn(house)).toEqual([]);
    expect(Object.values(house.cluster.world.volumes).filter(({ vmid }) => vmid === 9100)).toEqual(
      [],
    );
    expect(house.state().workers).toEqual({});
    await expectSettled(house);
  });

  it('muster destroy deletes the VM; its worker stays, Configured, and an eager one comes back with the next apply', async () => {
    const house = await deployedSite();
    powerOn(house.cluster.world, 9100);
    await house.clock.sleep(60_000);
    expectCode(await house.muster('destroy', 'w1', '--auto-approve'), 0);
    expect(oursIn(house)).toEqual([]);
    expect(house.state().workers.w1?.vm).toBeUndefined();
    expect((await house.muster('status')).stdout).toMatch(/w1 +Configured/);
    await applied(house);
    await expectSettled(house);
  });

  it('P16: protect is remembered after its block is gone; destroy and replace are refused until it was applied unprotected', async () => {
    const house = await deployedSite({ w1: { ...EAGER, protect: true } });
    expect(vmOf(house).config.protection).toBe('1');
    declare(house, {});
    const told = await house.muster('apply', '--auto-approve');
    expect(told.stdout).toContain('held: protected');
    expect(told.code).toBe(5);
    expectCode(await house.muster('destroy', 'w1', '--auto-approve'), 6);
    declare(house, { w1: { ...EAGER, protect: true } });
    expectCode(await house.muster('apply', '--replace', 'w1', '--auto-approve'), 6);
    expectCode(await house.muster('destroy', 'w1', '--auto-approve'), 6);
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
    declare(house, { w1: EAGER });
    await applied(house);
    declare(house, {});
    await applied(house);
    expect(oursIn(house)).toEqual([]);
  });

  it('a volume of somebody else refuses the destroy until --force names the worker', async () => {
    const house = await deployedSite();
    const vm = vmOf(house);
    vm.config.scsi5 = (vm.config.scsi0 ?? '').replace('disk-0', 'disk-5');
    expectCode(await house.muster('destroy', 'w1', '--auto-approve'), 6);
    declare(house, {});
    const told = expectCode(await house.muster('apply', '--auto-approve'), 6);
    expect(told.stdout + told.stderr).toContain('local-lvm:vm-9100-disk-5');
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
    await applied(house, '--force', 'w1');
    expect(oursIn(house)).toEqual([]);
  });

  it('removed: forgets the worker and leaves its VM alone', async () => {
    const house = await deployedSite();
    declare(house, {}, { removed: ['w1'] });
    expect(await plannedWorker(house, 'w1')).toMatchObject({ actions: ['forget'] });
    await applied(house);
    expect(house.state().workers).toEqual({});
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
    expect(vmOf(house).config.name).toBe('w1');
  });

  it('W27: the worker of a node that left the cluster is forgotten, and said so; the others go on', async () => {
    const house = await deployedSite({ w1: EAGER, w2: { ...EAGER, node: 'pve2' } });
    const { world } = house.cluster;
    for (const vm of Object.values(world.vms)) if (vm.node === 'pve2') deleteVm(world, vm.vmid);
    delete world.nodes.pve2;
    declare(house, { w1: EAGER });
    const plan = await planned(house);
    expect(plan.workers).toMatchObject([
      { worker: 'w2', actions: ['forget'], reasons: ['node-gone'] },
    ]);
    await applied(house);
    expect(Object.keys(house.state().workers)).toEqual(['w1']);
    await expectSettled(house);
  });
});
