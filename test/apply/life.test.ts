import { describe, expect, it } from 'vitest';
import { powerOn } from '../../src/simulator/by-hand.ts';
import { openHouse } from '../support/house.ts';
import { QUICKSTART_FILES } from '../support/quickstart.ts';

const quickstart = () => openHouse({ files: QUICKSTART_FILES });

/** Workers' VMs in the simulated cluster, by name. */
function workerVms(house: ReturnType<typeof quickstart>) {
  return Object.values(house.cluster.world.vms).filter((vm) => vm.vmid >= 9100);
}

describe('the life of a worker', () => {
  it('1: a worker that is added and applied is Configured, and no VM is made', async () => {
    const house = quickstart();
    const told = await house.muster('apply', '--auto-approve');
    expect(told.code, told.stderr).toBe(0);
    expect(Object.keys(house.state().workers)).toEqual([
      'backup-pve1',
      'backup-pve2',
      'backup-pve3',
    ]);
    expect(workerVms(house)).toEqual([]);
    const status = await house.muster('status');
    expect(status.stdout).toMatch(/backup-pve1 +Configured/);
  });

  it('2: a test deploys, powers on, tests, patches and always powers off; a plan after it is empty (P37)', async () => {
    const house = quickstart();
    const told = await house.muster('apply', '--test', '--auto-approve');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    const { workers } = house.state();
    for (const record of Object.values(workers)) {
      expect(record.last.test?.result).toBe('passed');
      expect(record.last.patch?.packages.length).toBeGreaterThan(0);
      expect(record.lease).toBeUndefined();
      expect(record.doing).toBeUndefined();
    }
    const vms = workerVms(house);
    expect(vms.map(({ vmid }) => vmid).sort()).toEqual([9100, 9101, 9102]);
    const plan = await house.muster('plan', '--detailed-exitcode');
    expect(plan.stdout).toContain('nothing to do');
    expect(plan.code).toBe(0);
  });

  it('4: a worker that somebody powered on is found, powered off by an apply, and then nothing is left to do', async () => {
    const house = quickstart();
    await house.muster('apply', '--test', '--auto-approve');
    powerOn(house.cluster.world, 9100);
    const plan = await house.muster('plan', '--detailed-exitcode');
    expect(plan.code).toBe(2);
    expect(plan.stdout).toContain('left-running');
    expect((await house.muster('apply', '--auto-approve')).code).toBe(0);
    expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
  });
});
