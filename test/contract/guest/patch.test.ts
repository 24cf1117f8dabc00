import { chmod, mkdir, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scriptText } from '../../../src/guest/run-script.ts';
import { allDoors, withGuest } from './doors.ts';
import type { GuestDoor, GuestSetup, RealGuest } from './guest-world.ts';
import { realDoors } from './real-guest.ts';
import { fieldsOf, textOf } from './transcript.ts';

const UPGRADABLE = [
  { name: 'curl', from: '8.1-r0', to: '8.2-r0', security: true },
  { name: 'vim', from: '9.0-r1', to: '9.1-r0', security: false },
];

async function begin(guest: GuestDoor, args: readonly string[]): Promise<void> {
  const text = ['sh', '-c', scriptText('patch'), 'muster-patch/1', ...args];
  const head = ['1', 'run-1', 'patch-1', '600', '100000', scriptText('runner')];
  await guest.run('supervise', [...head, ...text]);
}

/** The facts that the script left behind. */
async function patch(guest: GuestDoor, args: readonly string[]): Promise<readonly string[]> {
  await begin(guest, args);
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

  test('counts as a package manager at work between two of its steps', () =>
    withGuest(door, { packagesBusy: true, upgradable: UPGRADABLE }, async (guest) => {
      await begin(guest, ['all', '', '600']);
      let lines: readonly (readonly string[])[] = [];
      await guest.until('it waits', async () => {
        lines = fieldsOf(await guest.run('activity', []));
        return lines.length > 3;
      });
      expect(lines).toEqual([
        ['attempt', 'patch-1'],
        ['packages', 'muster-patch'],
        ['packages', 'apt-get'],
        ['fence', '1'],
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

/** Puts a wrapper in front of the guest's apt-get, whose own text is in $0.real. */
async function wrapApt(guest: RealGuest, text: string): Promise<void> {
  const apt = join(guest.home, 'bin/apt-get');
  await rename(apt, `${apt}.real`);
  await writeFile(apt, `#!/bin/sh\n${text}\n`);
  await chmod(apt, 0o755);
}

/** Its supervisor is told that time is over, as it sees by itself at the time limit. */
async function endEarly(guest: GuestDoor): Promise<void> {
  await guest.writeFile('/run/muster/stop/patch-1', '1\n');
}

describe.each(realDoors())('a patching that must end in $name', { timeout: 90_000 }, (door) => {
  const statusOf = async (guest: GuestDoor) => {
    const answer = await guest.run('supervise-status', ['patch-1', 'last']);
    const facts = textOf(answer, 'result').trim().split('\n');
    return { status: fieldsOf(answer)[0] ?? [], facts };
  };
  const exists = async (guest: GuestDoor, path: string) => (await guest.file(path)) !== undefined;

  test('goes on to its end while packages are being installed, and says so', () =>
    withGuest(door, { upgradable: UPGRADABLE }, async (guest) => {
      const wait = 'until [ -e "$MUSTER_ROOT/go" ]; do sleep 0.1; done';
      await wrapApt(
        guest,
        `case $* in *" -s "* | *" --download-only "* | *update) ;; *) ${wait} ;; esac\nexec "$0.real" "$@"`,
      );
      await begin(guest, ['all', '', '60']);
      const hold = '/var/lib/muster/attempts/patch-1/hold';
      await guest.until('apt-get installs', async () =>
        (await statusOf(guest)).facts.includes('phase\tinstall'),
      );
      expect(await exists(guest, hold)).toBe(true);
      await endEarly(guest);
      await guest.until('it was to be ended', () =>
        exists(guest, '/var/lib/muster/attempts/patch-1/over'),
      );
      expect((await statusOf(guest)).status[1]).toBe('running');
      await guest.writeFile('/go', '');
      await guest.until('ended', async () => (await statusOf(guest)).status[1] === 'ended');
      const { status, facts } = await statusOf(guest);
      expect(status.slice(2, 4)).toEqual(['0', 'exit']);
      expect(facts).toContain('package\tcurl\t8.1-r0\t8.2-r0');
      expect(facts.slice(-2)).toEqual([
        'message\tit took longer than timeouts.patch, a package manager at work is not cut off',
        'outcome\tpatched',
      ]);
    }));

  test('is ended while it only downloads, with nothing installed', () =>
    withGuest(door, { upgradable: UPGRADABLE }, async (guest) => {
      await wrapApt(
        guest,
        'case $* in *" --download-only "*) exec sleep 500 ;; esac\nexec "$0.real" "$@"',
      );
      await begin(guest, ['all', '', '60']);
      await guest.until('apt-get downloads', async () =>
        (await statusOf(guest)).facts.includes('phase\tdownload'),
      );
      await endEarly(guest);
      await guest.until('ended', async () => (await statusOf(guest)).status[1] === 'ended');
      const { status, facts } = await statusOf(guest);
      expect(status.slice(2, 4)).toEqual(['143', 'stopped']);
      expect(facts.at(-1)).toBe('phase\tdownload');
      expect((await guest.file('/db'))?.content).toContain('curl\t8.1-r0');
    }));

  test('installs nothing, in words, when it can’t note that it must not be cut off', () =>
    withGuest(door, { upgradable: UPGRADABLE }, async (guest) => {
      const folder = join(guest.home, 'root/var/lib/muster/attempts/patch-1');
      await mkdir(folder, { recursive: true });
      await symlink(join(guest.home, 'no-folder/hold'), join(folder, 'hold'));
      const facts = await patch(guest, ['all', '', '60']);
      expect(facts.at(-2)).toMatch(/^message\tcan't write to .*patch-1$/);
      expect(facts.at(-1)).toBe('outcome\tfailed');
      expect((await guest.file('/db'))?.content).toContain('curl\t8.1-r0');
    }));

  test('installs nothing when its time is over before it begins', () =>
    withGuest(door, { upgradable: UPGRADABLE }, async (guest) => {
      // Between the look at `hold` and the signal that ends it.
      await wrapApt(
        guest,
        'case $* in *" --download-only "*) : >"$MUSTER_ROOT/var/lib/muster/attempts/patch-1/over" ;; esac\nexec "$0.real" "$@"',
      );
      const facts = await patch(guest, ['all', '', '60']);
      expect(facts.slice(-2)).toEqual([
        'message\tnothing was installed; the time of timeouts.patch is over',
        'outcome\tfailed',
      ]);
      expect((await guest.file('/db'))?.content).toContain('curl\t8.1-r0');
    }));
});

describe.each(realDoors())('package managers called in $name', { timeout: 90_000 }, (door) => {
  const callsOf = async (guest: GuestDoor) => (await guest.file('/calls'))?.content ?? '';

  test('apt-get keeps no downloaded packages, asks nothing and keeps changed configuration', () =>
    withGuest(door, { upgradable: UPGRADABLE }, async (guest) => {
      await patch(guest, ['all', '', '60']);
      const [line] =
        /apt-get .* upgrade$/m.exec((await callsOf(guest)).replace(/.* -s .*/g, '')) ?? [];
      for (const word of [' -y ', '--force-confold', '-oAPT::Keep-Downloaded-Packages=false'])
        expect(line).toContain(word);
    }));

  test('zypper leaves no security patch out because it wants a reboot', () =>
    withGuest(door, { os: 'opensuse', upgradable: UPGRADABLE }, async (guest) => {
      await patch(guest, ['security', '', '60']);
      expect(await callsOf(guest)).toMatch(/zypper --non-interactive .*patch .*--with-interactive/);
    }));

  test('dnf counts security updates only where only they are wanted, and tells of a reboot by its plug-in', () =>
    withGuest(
      door,
      { os: 'fedora', upgradable: [{ ...KERNEL, name: 'microcode_ctl' }] },
      async (guest) => {
        const facts = await patch(guest, ['security', '', '60']);
        expect(facts).toContain('reboot\tyes');
        expect(await callsOf(guest)).toMatch(/check-update --security$/m);
      },
    ));

  test('dnf without that plug-in is not taken for asking for a reboot', () =>
    withGuest(door, { os: 'fedora', upgradable: UPGRADABLE }, async (guest) => {
      expect(await patch(guest, ['all', '', '60'])).toContain('reboot\tno');
    }));

  test('what was installed before a failure is recorded', () =>
    withGuest(door, { upgradable: UPGRADABLE }, async (guest) => {
      const text =
        '"$0.real" "$@" || exit\ncase $* in *" -s "* | *" --download-only "* | *update) exit 0 ;; esac\n';
      await wrapApt(
        guest,
        `${text}echo "E: Sub-process dpkg returned an error code (1)"\nexit 100`,
      );
      const facts = await patch(guest, ['all', '', '60']);
      expect(facts).toContain('package\tcurl\t8.1-r0\t8.2-r0');
      expect(facts.slice(-2)).toEqual([
        'message\tapt-get upgrade: E: Sub-process dpkg returned an error code (1)',
        'outcome\tfailed',
      ]);
    }));

  test('an rpm transaction of somebody else is waited for by its lock', () =>
    withGuest(door, { os: 'fedora', upgradable: UPGRADABLE }, async (guest) => {
      const lock = '/var/lib/rpm/.rpm.lock';
      await guest.writeFile(lock, '');
      const { ino } = await stat(join(guest.home, 'root', lock));
      const text = `1: POSIX  ADVISORY  WRITE 77 fd:01:${ino} 0 EOF\n`;
      await writeFile(join(guest.home, 'proc/locks'), text);
      const facts = await patch(guest, ['all', '', '1']);
      expect(facts).toContain('holder\trpm');
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
