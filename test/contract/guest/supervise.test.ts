import { chmod, copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scriptText } from '../../../src/guest/run-script.ts';
import { allDoors, withGuest } from './doors.ts';
import type { Answer, GuestDoor, RealGuest } from './guest-world.ts';
import { realDoors } from './real-guest.ts';
import { fieldsOf, textOf } from './transcript.ts';

interface Limits {
  readonly key?: string;
  readonly seconds?: number;
  readonly max?: number;
  readonly fence?: number;
  readonly stdin?: string;
}

function start(guest: GuestDoor, argv: readonly string[], limits: Limits = {}): Promise<Answer> {
  const { key = 'night-1', seconds = 60, max = 100_000, fence = 1, stdin } = limits;
  const head = [String(fence), `run-${fence}`, key, String(seconds), String(max)];
  return guest.run('supervise', [...head, scriptText('runner'), ...argv], stdin);
}

async function ended(guest: GuestDoor, key = 'night-1'): Promise<Answer> {
  let answer: Answer | undefined;
  await guest.until(`${key} ended`, async () => {
    answer = await guest.run('supervise-status', [key, '0']);
    return /\t(ended|lost)\t/.test(answer.stdout);
  });
  return answer ?? { exit: -1, stdout: '', stderr: '' };
}

describe.each(allDoors)('the supervisor in $name', { timeout: 90_000 }, (door) => {
  test('keeps output and exit status until they are asked for', () =>
    withGuest(door, {}, async (guest) => {
      await start(guest, ['sh', '-c', 'echo hello; exit 7']);
      const answer = await ended(guest);
      expect(fieldsOf(answer)[0]).toEqual(['status', 'ended', '7', 'exit', 'MS', '6', '6']);
      expect(textOf(answer, 'output')).toBe('hello\n');
      const again = await guest.run('supervise-status', ['night-1', '4']);
      expect(textOf(again, 'output')).toBe('o\n');
    }));

  test('never starts one attempt twice, whoever asks', () =>
    withGuest(door, {}, async (guest) => {
      await start(guest, ['sh', '-c', 'echo once'], { fence: 1 });
      await ended(guest);
      const answer = await start(guest, ['sh', '-c', 'echo twice'], { fence: 2 });
      expect(fieldsOf(answer)[0]?.[1]).toBe('ended');
      expect(textOf(answer, 'output')).toBe('once\n');
    }));

  test('refuses an older run', () =>
    withGuest(door, {}, async (guest) => {
      await start(guest, ['sh', '-c', 'echo x'], { fence: 5 });
      expect((await start(guest, ['sh', '-c', 'echo y'], { fence: 4, key: 'other' })).exit).toBe(
        75,
      );
      expect((await guest.run('supervise-stop', ['4', 'old', 'night-1', '1'])).exit).toBe(75);
    }));

  test('ends an attempt at its time limit', () =>
    withGuest(door, {}, async (guest) => {
      await start(guest, ['sleep', '500'], { seconds: 1 });
      const [status] = fieldsOf(await ended(guest));
      expect(status?.slice(0, 4)).toEqual(['status', 'ended', '143', 'timeout']);
    }));

  test('stops an attempt when told to', () =>
    withGuest(door, {}, async (guest) => {
      await start(guest, ['sleep', '500']);
      expect(fieldsOf(await guest.run('activity', []))[0]).toEqual(['attempt', 'night-1']);
      const answer = await guest.run('supervise-stop', ['1', 'run-1', 'night-1', '1']);
      expect(fieldsOf(answer)[0]?.slice(0, 4)).toEqual(['status', 'ended', '143', 'stopped']);
      expect(fieldsOf(await guest.run('activity', []))).toEqual([['fence', '1']]);
    }));

  test('says 127 for a program that is missing', () =>
    withGuest(door, {}, async (guest) => {
      await start(guest, ['no-such-program', 'x']);
      expect(fieldsOf(await ended(guest))[0]?.slice(0, 4)).toEqual([
        ...['status', 'ended', '127', 'exit'],
      ]);
    }));

  test('knows what it never started, and what a reboot has ended', () =>
    withGuest(door, {}, async (guest) => {
      const never = await guest.run('supervise-status', ['never', '0']);
      expect(fieldsOf(never)[0]).toEqual(['status', 'absent', '', '', '0', '0', '0']);
    }));

  test('refuses a key that would leave its folder', () =>
    withGuest(door, {}, async (guest) => {
      expect((await guest.run('supervise-status', ['../../etc', '0'])).exit).toBe(64);
      expect((await guest.run('supervise-status', ['.', '0'])).exit).toBe(64);
    }));
});

describe.each(realDoors())(
  'processes under the supervisor in $name',
  { timeout: 90_000 },
  (door) => {
    test('get their words and secrets as they were given, secrets in no file that stays', () =>
      withGuest(door, {}, async (guest) => {
        const words = ['a b', "it's", '$HOME', 'two\nlines', '', '*', '-n', 'end\\', 'nl\n'];
        const script = 'printf "<%s>" "$@"; printf "[%s]" "$SECRET"';
        await start(guest, ['sh', '-c', script, 'x', ...words], {
          stdin: "export SECRET='p'\\''w $HOME\n\"2\"'\n",
        });
        const answer = await ended(guest);
        const expected = `${words.map((word) => `<${word}>`).join('')}[p'w $HOME\n"2"]`;
        expect(textOf(answer, 'output')).toBe(expected);
        expect(await guest.file('/run/muster/env/night-1')).toBeUndefined();
      }));

    test('are ended with their children when time is over, deaf ones too', () =>
      withGuest(door, {}, async (guest) => {
        const child = 'sh -c \'trap "" TERM; echo $$ >"$1"; while :; do sleep 1; done\' x "$1" &';
        const pidFile = `/tmp/pid-${door.name}-${process.pid}`;
        await start(guest, ['sh', '-c', `${child} wait`, 'x', pidFile], { seconds: 1 });
        const [status] = fieldsOf(await ended(guest));
        expect(status?.slice(2, 4)).toEqual(['143', 'timeout']);
        const pid = Number(await readFile(pidFile, 'utf8'));
        await rm(pidFile);
        await guest.until('the child is dead', async () => !isAlive(pid));
      }));

    test('keep the beginning and the end of output that is too long, any byte of it', () =>
      withGuest(door, {}, async (guest) => {
        const script = 'printf "\\000\\377"; awk "BEGIN { for (i = 0; i < 400000; i++) print i }"';
        await start(guest, ['sh', '-c', script], { max: 1000 });
        const answer = await ended(guest);
        const [, , code, , , size] = fieldsOf(answer)[0] ?? [];
        expect(code).toBe('0');
        expect(Number(size)).toBeGreaterThanOrEqual(1000);
        expect(Number(size)).toBeLessThan(70 * 65_536);
        expect(answer.stdout).toMatch(/^output\t00ff300a310a/m);
        expect(textOf(answer, 'tail')).toMatch(/\n399999\n$/);
      }));

    test('run on when whoever started them is gone', () =>
      withGuest(door, { systemd: true }, async (guest) => {
        // The starting shell has ended with the answer; the attempt is still at work.
        const answer = await start(guest, ['sh', '-c', 'sleep 1; echo later']);
        expect(fieldsOf(answer)[0]?.[1]).toBe('running');
        expect(textOf(await ended(guest), 'output')).toBe('later\n');
      }));

    test('of twenty callers at once are started by one', () =>
      withGuest(door, {}, async (guest) => {
        const argv = [
          'sh',
          '-c',
          'echo started >>"$1"',
          'x',
          `/tmp/started-${door.name}-${process.pid}`,
        ];
        const answers = await Promise.all(Array.from({ length: 20 }, () => start(guest, argv)));
        expect(answers.every(({ exit }) => exit === 0)).toBe(true);
        await ended(guest);
        const text = await readFile(argv.at(-1) ?? '', 'utf8');
        await rm(argv.at(-1) ?? '');
        expect(text).toBe('started\n');
      }));

    test('go on to their end when the disk takes no more, and it is told how they ended', () =>
      withGuest(door, {}, async (guest) => {
        const folder = join(guest.home, 'root/var/lib/muster/attempts/night-1');
        await mkdir(folder, { recursive: true });
        await symlink('/dev/full', join(folder, 'out'));
        const script = 'until [ -e "$1" ]; do sleep 0.1; done; seq 1 50000; echo over; exit 3';
        const go = join(guest.home, 'root/go');
        await start(guest, ['sh', '-c', script, 'x', go]);
        const pid = (await readFile(join(folder, 'pid'), 'utf8')).split(' ')[0];
        await symlink('/dev/full', join(folder, `exit.${pid}`));
        await writeFile(go, '');
        const answer = await ended(guest);
        expect(fieldsOf(answer)[0]?.slice(0, 4)).toEqual(['status', 'ended', '3', 'exit']);
        expect(textOf(answer, 'tail')).toMatch(/\n50000\nover\n$/);
      }));

    test('that must not be cut off are waited for at their time limit, and told by their own end', () =>
      withGuest(door, {}, async (guest) => {
        const until = 'until [ -e "$MUSTER_ATTEMPT/over" ]; do sleep 0.1; done';
        const script = `: >"$MUSTER_ATTEMPT/hold"; ${until}; echo done; exit 4`;
        await start(guest, ['sh', '-c', script], { seconds: 3 });
        const answer = await ended(guest);
        expect(fieldsOf(answer)[0]?.slice(0, 4)).toEqual(['status', 'ended', '4', 'exit']);
        expect(textOf(answer, 'output')).toBe('done\n');
      }));

    test('that must not be cut off outlive the script that began them', () =>
      withGuest(door, {}, async (guest) => {
        const go = join(guest.home, 'root/go');
        const child = 'until [ -e "$1" ]; do sleep 0.1; done; echo over';
        const script = `: >"$MUSTER_ATTEMPT/hold"; sh -c '${child}' x "$1" & echo begun; wait`;
        await start(guest, ['sh', '-c', script, 'x', go]);
        const look = () => guest.run('supervise-status', ['night-1', '0']);
        await guest.until('begun', async () => textOf(await look(), 'output') === 'begun\n');
        const folder = '/var/lib/muster/attempts/night-1';
        const group = (await guest.file(`${folder}/group`))?.content.split(' ');
        process.kill(Number(group?.[0]), 'SIGKILL');
        await guest.until('seen', async () => (await guest.file(`${folder}/over`)) !== undefined);
        expect(fieldsOf(await look())[0]?.[1]).toBe('running');
        await writeFile(go, '');
        const answer = await ended(guest);
        expect(fieldsOf(answer)[0]?.slice(0, 4)).toEqual(['status', 'ended', '137', 'exit']);
        expect(textOf(answer, 'output')).toBe('begun\nover\n');
      }));

    test('are told as ended only when a power cut can’t undo it', () =>
      withGuest(door, {}, async (guest) => {
        const note = 'echo "$*" >>"$MUSTER_ROOT/synced"';
        await fakeSync(guest, `${note}\nuntil [ -e "$MUSTER_ROOT/go" ]; do sleep 0.1; done`);
        await start(guest, ['sh', '-c', 'exit 7']);
        const folder = join(guest.home, 'root/var/lib/muster/attempts/night-1');
        const pid = (await readFile(join(folder, 'pid'), 'utf8')).split(' ')[0];
        const synced = async () => (await guest.file('/synced'))?.content;
        await guest.until('synced', async () => (await synced()) !== undefined);
        expect(await synced()).toBe(`${folder}/claim ${folder}/exit.${pid}\n`);
        const look = async () => fieldsOf(await guest.run('supervise-status', ['night-1', '0']))[0];
        expect((await look())?.slice(1, 4)).toEqual(['running', '', '']);
        await fakeSync(guest, `${note}\nuntil [ -e "$MUSTER_ROOT/gone" ]; do sleep 0.1; done`);
        await writeFile(join(guest.home, 'root/go'), '');
        await guest.until('renamed', async () => (await synced())?.split('\n').length === 3);
        expect((await synced())?.split('\n')[1]).toBe(`${folder} ${dirname(folder)}`);
        // The status is there already, but not yet for certain.
        expect(await readFile(join(folder, 'exit'), 'utf8')).toMatch(/^7 exit /);
        expect((await look())?.slice(1, 4)).toEqual(['running', '', '']);
        await writeFile(join(guest.home, 'root/gone'), '');
        expect(fieldsOf(await ended(guest))[0]?.slice(0, 4)).toEqual([
          ...['status', 'ended', '7', 'exit'],
        ]);
      }));

    test('are told by their own end when they are stopped while a slow disk keeps that from being told', () =>
      withGuest(door, {}, async (guest) => {
        await fakeSync(guest, 'echo begun >"$MUSTER_ROOT/synced"\nexec sleep 500');
        await start(guest, ['sh', '-c', 'exit 7']);
        await guest.until('synced', async () => (await guest.file('/synced')) !== undefined);
        const answer = await guest.run('supervise-stop', ['1', 'run-1', 'night-1', '0']);
        expect(fieldsOf(answer)[0]?.slice(0, 4)).toEqual(['status', 'ended', '7', 'exit']);
      }));

    test('are brought to the disk with all the rest where sync takes no names', () =>
      withGuest(door, {}, async (guest) => {
        await fakeSync(guest, '[ $# -eq 0 ] || exit 1\necho all >>"$MUSTER_ROOT/synced"');
        await start(guest, ['true']);
        await ended(guest);
        expect((await guest.file('/synced'))?.content).toBe('all\nall\n');
      }));

    test('are stopped when the disk takes no more', () =>
      withGuest(door, {}, async (guest) => {
        await start(guest, ['sleep', '500']);
        const fence = join(guest.home, 'root/var/lib/muster/fences/1');
        await rm(fence);
        await symlink('/dev/full', fence);
        const answer = await guest.run('supervise-stop', ['1', 'run-1', 'night-1', '1']);
        expect(fieldsOf(answer)[0]?.slice(0, 4)).toEqual(['status', 'ended', '143', 'stopped']);
      }));

    test('are ended at their time limit though nothing can be noted of it', () =>
      withGuest(door, {}, async (guest) => {
        const folder = join(guest.home, 'root/var/lib/muster/attempts/night-1');
        await mkdir(folder, { recursive: true });
        await symlink(join(guest.home, 'no-folder/over'), join(folder, 'over'));
        await start(guest, ['sleep', '500'], { seconds: 1 });
        expect(fieldsOf(await ended(guest))[0]?.slice(0, 4)).toEqual([
          ...['status', 'ended', '143', 'timeout'],
        ]);
      }));

    test('are ended at their time limit whatever their program is called', () =>
      withGuest(door, {}, async (guest) => {
        const program = join(guest.home, 'root/tmp/a "b)\n1 (S');
        await copyFile('/usr/bin/sleep', program);
        await start(guest, [program, '500'], { seconds: 1 });
        expect(fieldsOf(await ended(guest))[0]?.slice(0, 4)).toEqual([
          ...['status', 'ended', '143', 'timeout'],
        ]);
      }));

    test('are followed to their end by a supervisor that is asked to end itself', () =>
      withGuest(door, {}, async (guest) => {
        await start(guest, ['sh', '-c', 'echo some; sleep 1; echo more; exit 5']);
        await guest.until('it runs', async () => {
          const answer = await guest.run('supervise-status', ['night-1', '0']);
          return textOf(answer, 'output') !== '';
        });
        const pid = (await guest.file('/var/lib/muster/attempts/night-1/pid'))?.content;
        process.kill(-Number(pid?.split(' ')[0]), 'SIGTERM');
        const answer = await ended(guest);
        expect(fieldsOf(answer)[0]?.slice(0, 4)).toEqual(['status', 'ended', '5', 'exit']);
        expect(textOf(answer, 'output')).toBe('some\nmore\n');
      }));

    test('are refused, in words, by a guest without setsid', () =>
      withGuest(door, {}, async (guest) => {
        await rm(join(guest.home, 'bin/setsid'));
        const answer = await start(guest, ['echo', 'x']);
        expect(answer.exit).toBe(69);
        expect(answer.stderr).toContain('no program setsid');
        const status = await guest.run('supervise-status', ['night-1', '0']);
        expect(fieldsOf(status)[0]?.[1]).toBe('absent');
      }));

    test('that were lost with their supervisor are told as lost', () =>
      withGuest(door, {}, async (guest) => {
        await start(guest, ['sleep', '500']);
        const groupFile = '/var/lib/muster/attempts/night-1/group';
        await guest.until('it runs', async () => (await guest.file(groupFile)) !== undefined);
        const pids = (await guest.file('/var/lib/muster/attempts/night-1/pid'))?.content.split(' ');
        const group = (await guest.file(groupFile))?.content.split(' ');
        process.kill(Number(pids?.[0]), 'SIGKILL');
        const status = async () =>
          fieldsOf(await guest.run('supervise-status', ['night-1', '0']))[0]?.[1];
        // Its program still runs: not proven ended.
        expect(await status()).toBe('running');
        process.kill(-Number(group?.[0]), 'SIGKILL');
        await guest.until('lost', async () => (await status()) === 'lost');
      }));
  },
);

async function fakeSync(guest: RealGuest, text: string): Promise<void> {
  const path = join(guest.home, 'bin/sync');
  await rm(path, { force: true });
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
