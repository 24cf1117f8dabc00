import { describe, expect, it } from 'vitest';
import { hangVm, killAgent, powerOn } from '../../src/simulator/by-hand.ts';
import type { ImageSpec, WorldSpec } from '../../src/simulator/spec.ts';
import type { FaultEffect } from '../../src/simulator/world.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import {
  applied,
  deployedSite,
  EAGER,
  expectCode,
  expectSettled,
  findingCodes,
  inject,
  openSite,
  planned,
  vmOf,
} from './site.ts';

const MINUTE = 60_000;
const PBS = {
  repositories: { pbs: { address: 'pbs.example.net:8007', maxConcurrent: 8 } },
};

function withImage(change: Partial<ImageSpec>): { readonly world: WorldSpec } {
  const world = quickstartWorld();
  const image = world.images['debian-13'];
  if (image === undefined) throw new Error('the world has no image');
  return { world: { ...world, images: { ...world.images, 'debian-13': { ...image, ...change } } } };
}

describe('a guest in trouble', () => {
  it('P29: errors of cloud-init are told, and do not end the test', async () => {
    const house = openSite(undefined, undefined, withImage({ cloudInitError: '"runcmd failed"' }));
    const told = expectCode(await house.muster('apply', '--test', '--auto-approve'), 0);
    expect(told.stdout + told.stderr).toContain(
      'cloud-init ended with errors in the guest: "runcmd failed"',
    );
    await expectSettled(house);
  });

  it('P44: a test never powers off under a backup of the worker: it waits, says so, and goes on when that has ended', async () => {
    const house = await deployedSite();
    const lock = (text: string | null): FaultEffect => ({
      kind: 'first',
      change: { kind: 'lock-vm', vmid: 9100, lock: text },
    });
    inject(house, 'POST', '/9100/status/shutdown$', lock('backup'));
    inject(house, 'GET', '/9100/status/current$', lock(null), 30);
    const told = expectCode(await house.muster('apply', '--test', '--auto-approve'), 0);
    expect(told.stdout).toContain('waiting-for-lock(backup)');
    expect(house.cluster.journal().some(({ path }) => path.endsWith('/status/stop'))).toBe(false);
    await expectSettled(house);
  });

  it('P44: nor is it forced off under a backup that began while it was asked to shut down', async () => {
    const house = openSite(undefined, undefined, withImage({ ignoresShutdown: true }));
    const lock = (text: string | null): FaultEffect => ({
      kind: 'first',
      change: { kind: 'lock-vm', vmid: 9100, lock: text },
    });
    inject(house, 'GET', '/tasks/UPID.*qmshutdown.*/status$', lock('backup'), 3);
    inject(house, 'GET', '/9100/status/current$', lock(null), 60);
    const told = expectCode(await house.muster('apply', '--test', '--auto-approve'), 0);
    expect(told.stdout).toContain('waiting-for-lock(backup)');
    expect(house.cluster.world.faults).toEqual([]);
    await expectSettled(house);
  });

  it('P44: a worker that runs under a backup lock is held, not powered off', async () => {
    const house = await deployedSite();
    powerOn(house.cluster.world, 9100);
    vmOf(house).config.lock = 'backup';
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(told.stdout).toContain('held: locked (lock backup)');
    expect(house.cluster.journal()).toEqual([]);
  });

  it('P22 P44: --wait waits for the lock to end, names it, and then powers off', async () => {
    const house = await deployedSite();
    powerOn(house.cluster.world, 9100);
    vmOf(house).config.lock = 'backup';
    const late = expectCode(await house.muster('apply', '--auto-approve', '--wait', '1m'), 5);
    expect(late.stdout).toContain('lock backup');
    expect(house.cluster.journal()).toEqual([]);
    const change = { kind: 'lock-vm', vmid: 9100, lock: null } as const;
    inject(house, 'GET', '/9100/status/current$', { kind: 'first', change }, 12);
    const told = await applied(house, '--wait', '10m');
    expect(told.stdout).toContain('waiting-for-lock(backup)');
    await expectSettled(house);
  });

  it('one that ignores the shutdown is powered off hard after its deadline, and that is said', async () => {
    const house = openSite(undefined, undefined, withImage({ ignoresShutdown: true }));
    const told = expectCode(await house.muster('apply', '--test', '--auto-approve'), 0);
    expect(told.stdout).toContain('did not shut down in time and is powered off hard');
    await expectSettled(house);
  });

  it('one that installs packages is not powered off before they are installed', async () => {
    const house = await deployedSite();
    powerOn(house.cluster.world, 9100);
    await house.clock.sleep(2 * MINUTE);
    house.cluster.advance(house.clock.now());
    const { guest } = vmOf(house).power;
    if (guest === undefined) throw new Error('it does not run');
    const until = house.clock.now() + 10 * MINUTE;
    guest.packages.lockedUntilMs = until;
    const told = await applied(house);
    expect(told.stdout).toContain('waiting-for-packages');
    const off = house.cluster.world.tasks.find(({ type }) => type === 'qmshutdown');
    expect(off?.starttimeMs).toBeGreaterThanOrEqual(until);
    await expectSettled(house);
  });

  it('one whose agent died is powered off all the same', async () => {
    const house = await deployedSite();
    powerOn(house.cluster.world, 9100);
    await house.clock.sleep(2 * MINUTE);
    house.cluster.advance(house.clock.now());
    killAgent(house.cluster.world, 9100);
    await applied(house);
    await expectSettled(house);
  });

  it('one that hangs altogether is powered off hard', async () => {
    const house = await deployedSite();
    powerOn(house.cluster.world, 9100);
    await house.clock.sleep(2 * MINUTE);
    house.cluster.advance(house.clock.now());
    hangVm(house.cluster.world, 9100);
    await applied(house);
    await expectSettled(house);
  });

  it('P28 P29: an image without an agent fails the test with a hint; the worker is off, and the plan is empty with a finding', async () => {
    const house = openSite(undefined, undefined, withImage({ hasAgent: false }));
    const told = expectCode(await house.muster('apply', '--test', '--auto-approve'), 7);
    expect(told.stdout).toMatch(/FAILED at "agent"/);
    expect(told.stdout).toContain('qemu-guest-agent');
    await expectSettled(house);
    expect(findingCodes(await planned(house))).toEqual(['test-failed']);
  });

  it('W4: a failed check is a result: exit 7, recorded, powered off; the plan is empty, with the finding test-failed', async () => {
    const house = openSite(undefined, PBS);
    const pbs = house.cluster.world.network.hosts.find(({ names }) => names.includes('pbs'));
    if (pbs === undefined) throw new Error('no pbs');
    pbs.up = false;
    const told = expectCode(await house.muster('apply', '--test', '--auto-approve'), 7);
    expect(told.stdout).toContain('FAILED at "repository:pbs"');
    expect(house.state().workers.w1?.last.test?.result).toBe('failed');
    await expectSettled(house);
    expect(findingCodes(await planned(house))).toEqual(['test-failed']);
    pbs.up = true;
    expectCode(await house.muster('test', 'w1', '--auto-approve'), 0);
    expect(findingCodes(await planned(house))).toEqual([]);
  });

  it('updates that need a reboot are followed by one, and by another test', async () => {
    const upgradable = [
      { name: 'linux-image', from: '1', to: '2', security: true, needsReboot: true },
    ];
    const house = openSite(
      undefined,
      undefined,
      withImage({ upgradable, installed: { 'linux-image': '1' } }),
    );
    expectCode(await house.muster('apply', '--test', '--auto-approve'), 0);
    expect(house.state().workers.w1?.last.patch).toMatchObject({
      result: 'patched',
      rebooted: true,
    });
    expect(house.cluster.world.tasks.filter(({ type }) => type === 'qmstart')).toHaveLength(2);
    await expectSettled(house);
  });

  it.each([
    [false, 0, 'passed'],
    [true, 7, 'failed'],
  ] as const)(
    'W12: updates that can’t be fetched, required: %s → exit %i, test %s',
    async (required, code, result) => {
      const house = openSite({ w1: { ...EAGER, patch: { required } } });
      house.cluster.world.network.mirror.up = false;
      expectCode(await house.muster('apply', '--test', '--auto-approve'), code);
      expect(house.state().workers.w1?.last.test?.result).toBe(result);
      await expectSettled(house);
    },
  );
});
