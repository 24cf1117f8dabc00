import { describe, expect, test } from 'vitest';
import { scriptText } from '../../../src/guest/run-script.ts';
import { allDoors, withGuest } from './doors.ts';
import type { GuestDoor } from './guest-world.ts';
import { realDoors } from './real-guest.ts';
import { fieldsOf } from './transcript.ts';

const launch = (guest: GuestDoor, fence: number, seconds = 1800) =>
  guest.run('launch', [
    String(fence),
    `run-${fence}`,
    String(seconds),
    'w1',
    scriptText('deadman'),
  ]);

describe.each(allDoors)('launching in $name', { timeout: 90_000 }, (door) => {
  test('arms the dead-man timer as a unit of systemd, once', () =>
    withGuest(door, { systemd: true }, async (guest) => {
      expect(fieldsOf(await launch(guest, 1))).toEqual([['armed', 'systemd']]);
      expect(fieldsOf(await launch(guest, 1))).toEqual([['armed', 'already']]);
    }));

  test('arms it as a process of its own where there is no systemd', () =>
    withGuest(door, { os: 'alpine' }, async (guest) => {
      expect(fieldsOf(await launch(guest, 1))).toEqual([['armed', 'process']]);
    }));

  test('powers the guest off when no beat comes', () =>
    withGuest(door, {}, async (guest) => {
      await launch(guest, 1, 1);
      await guest.until('powered off', () => guest.poweredOff());
    }));

  test('leaves it on while an attempt runs, and powers it off after its end', () =>
    withGuest(door, { files: {} }, async (guest) => {
      await launch(guest, 1, 1);
      const argv = ['sh', '-c', 'sleep 4'];
      await guest.run('supervise', ['1', 'run-1', 'k', '60', '100', scriptText('runner'), ...argv]);
      await guest.until('ended', async () => {
        const status = await guest.run('supervise-status', ['k', '0']);
        if (status.stdout.includes('\trunning\t')) expect(await guest.poweredOff()).toBe(false);
        return status.stdout.includes('\tended\t');
      });
      await guest.until('powered off', () => guest.poweredOff());
    }));

  test('refuses a beat and a launch of an older run, with exit 75 and who holds it', () =>
    withGuest(door, {}, async (guest) => {
      await launch(guest, 7);
      for (const answer of [await guest.run('beat', ['6', 'run-6']), await launch(guest, 6)]) {
        expect(answer.exit).toBe(75);
        expect(answer.stderr).toBe('fence 6 is lower than fence 7 of run run-7\n');
      }
      expect((await guest.run('beat', ['7', 'run-7'])).exit).toBe(0);
      expect((await guest.run('beat', ['8', 'run-8'])).exit).toBe(0);
    }));

  test('clears away output that is a week old, and still knows the attempt', () =>
    withGuest(door, {}, async (guest) => {
      const folder = '/var/lib/muster/attempts/old';
      await guest.writeFile(`${folder}/claim`, '1 boot\n');
      await guest.writeFile(`${folder}/exit`, '0 exit 1000\n');
      await guest.writeFile(`${folder}/out`, 'long output');
      await launch(guest, 1);
      expect(await guest.file(`${folder}/out`)).toBeDefined();
      await guest.age(`${folder}/exit`, 9);
      await launch(guest, 1);
      expect(await guest.file(`${folder}/out`)).toBeUndefined();
      const status = await guest.run('supervise-status', ['old', '0']);
      expect(status.stdout).toMatch(/^status\tended\t0\t/);
    }));

  test('tells what a power-off would break, and the fence', () =>
    withGuest(door, { packagesBusy: true }, async (guest) => {
      await launch(guest, 3);
      expect(fieldsOf(await guest.run('activity', []))).toEqual([
        ['packages', 'apt-get'],
        ['fence', '3'],
      ]);
    }));
});

describe.each(allDoors)('cloud-init in $name (P29)', { timeout: 90_000 }, (door) => {
  test.each([
    ['absent', ''],
    ['done', ''],
    ['running', ''],
    ['error', '"runcmd failed"'],
  ] as const)('is told to be %s (%s)', (cloudInit, detail) =>
    withGuest(door, { cloudInit }, async (guest) => {
      const [line] = fieldsOf(await guest.run('ready', ['1']));
      expect(line).toEqual(['cloud-init', cloudInit, detail]);
    }),
  );
});

describe.each(realDoors())('launching after years in $name', { timeout: 90_000 }, (door) => {
  test('keeps how the newest two thousand attempts ended, and lets the others go', () =>
    withGuest(door, {}, async (guest) => {
      const folder = (n: number) => `/var/lib/muster/attempts/a-${n}`;
      for (let n = 0; n < 2003; n++) {
        await guest.writeFile(`${folder(n)}/claim`, '1 boot\n');
        await guest.writeFile(`${folder(n)}/exit`, '0 exit 1000\n');
        await guest.age(folder(n), n + 1);
      }
      await guest.writeFile(`${folder(2002)}/claim`, '1 boot\n');
      await launch(guest, 1);
      expect(await guest.file(`${folder(1999)}/exit`)).toBeDefined();
      expect(await guest.file(`${folder(2002)}/exit`)).toBeUndefined();
    }));
});
