import { describe, expect, test } from 'vitest';
import { scriptText } from '../../../src/guest/run-script.ts';
import { allDoors, withGuest } from './doors.ts';
import type { GuestDoor, GuestSetup } from './guest-world.ts';
import { textOf } from './transcript.ts';

const UPGRADABLE = [
  { name: 'curl', from: '8.1-r0', to: '8.2-r0', security: true },
  { name: 'vim', from: '9.0-r1', to: '9.1-r0', security: false },
];

/** The facts that the script left behind. */
async function patch(guest: GuestDoor, args: readonly string[]): Promise<readonly string[]> {
  const text = ['sh', '-c', scriptText('patch'), 'muster-patch/1', ...args];
  const head = ['1', 'run-1', 'patch-1', '600', '100000', scriptText('runner')];
  await guest.run('supervise', [...head, ...text]);
  let result = '';
  await guest.until('patched', async () => {
    const answer = await guest.run('supervise-status', ['patch-1', 'last']);
    result = textOf(answer, 'result');
    return answer.stdout.includes('\tended\t');
  });
  return result.trim().split('\n');
}

describe.each(allDoors)('patching in $name', { timeout: 90_000 }, (door) => {
  test.each([
    ['debian', 'apt'],
    ['fedora', 'dnf'],
    ['opensuse', 'zypper'],
    ['alpine', 'apk'],
  ] as const)('%s installs everything by %s and lists it', (os, manager) =>
    withGuest(door, { os, upgradable: UPGRADABLE }, async (guest) => {
      const facts = await patch(guest, ['all', '', '60']);
      expect(facts).toContain(`manager\t${manager}`);
      expect(facts).toContain('package\tcurl\t8.1-r0\t8.2-r0');
      expect(facts).toContain('package\tvim\t9.0-r1\t9.1-r0');
      expect(facts).toContain('reboot\tno');
      expect(facts.at(-1)).toBe('outcome\tpatched');
    }),
  );

  test('says that nothing was waiting', () =>
    withGuest(door, { upgradable: [] }, async (guest) => {
      const facts = await patch(guest, ['all', '', '60']);
      expect(facts).toContain('waiting\t0');
      expect(facts.filter((line) => line.startsWith('package'))).toEqual([]);
      expect(facts.at(-1)).toBe('outcome\tpatched');
    }));

  test('asks for a reboot after a new kernel', () =>
    withGuest(door, { upgradable: [KERNEL] }, async (guest) => {
      expect(await patch(guest, ['all', '', '60'])).toContain('reboot\tyes');
    }));

  test('waits for another package manager only so long, and names it', () =>
    withGuest(door, { packagesBusy: true, upgradable: UPGRADABLE }, async (guest) => {
      const facts = await patch(guest, ['all', '', '1']);
      expect(facts).toContain('phase\tlock');
      expect(facts).toContain('holder\tapt-get');
      expect(facts.slice(-2)).toEqual([
        'message\tanother package manager did not end: apt-get',
        'outcome\tfailed',
      ]);
    }));

  test.each(['debian', 'fedora', 'opensuse', 'alpine'] as const)(
    '%s tells an unreachable source from a failure (W12)',
    (os) =>
      withGuest(door, { os, ...UNREACHABLE }, async (guest) => {
        expect((await patch(guest, ['all', '', '60'])).at(-1)).toBe('outcome\tunreachable');
      }),
  );

  test('gives the proxy to the package manager (W12)', () =>
    withGuest(door, { gateway: GATEWAY, upgradable: UPGRADABLE }, async (guest) => {
      const proxy = `http://127.0.0.1:${guest.openPort}`;
      const facts = await patch(guest, ['security', proxy, '60']);
      expect(facts.at(-1)).toBe('outcome\tpatched');
      if (!door.simulated)
        expect((await guest.file('/calls'))?.content).toContain(`-oAcquire::http::Proxy=${proxy}`);
    }));
});

const KERNEL = {
  name: 'linux-image-cloud-amd64',
  from: '6.12.1',
  to: '6.12.2',
  security: true,
  needsReboot: true,
};

const GATEWAY = { address: '192.168.2.1', answers: true };

const UNREACHABLE: GuestSetup = { upgradable: UPGRADABLE, source: { reachable: false } };
