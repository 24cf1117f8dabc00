import { describe, expect, test } from 'vitest';
import { guestActivity } from '../../src/guest/activity.ts';
import { keyDirectory, pollItem, startItem, stopItem } from '../../src/guest/supervise-item.ts';
import { Fenced } from '../../src/model/errors.ts';
import { allDoors, withGuest } from '../contract/guest/doors.ts';
import { simulatedDoor } from '../contract/guest/simulated-guest.ts';
import * as answers from './answers.ts';
import { agentOf } from './door-agent.ts';

const ACTOR = { run: 'run-1', fence: 1 };
const KEY = 'nightly-20261122-0200/vm-101/1';

describe.each(allDoors)('a work item in $name', { timeout: 90_000 }, (door) => {
  test('is found again under its key, and its output is read on from where the reader was', () =>
    withGuest(door, {}, async (guest) => {
      const { target } = agentOf(guest);
      const attempt = { key: KEY, argv: ['sh', '-c', 'echo größer'], timeout: 60_000 };
      await startItem(target, ACTOR, attempt);
      await guest.until('ended', async () => (await pollItem(target, KEY)).state === 'ended');
      const again = await startItem(target, { run: 'run-2', fence: 2 }, attempt);
      expect(again).toMatchObject({ state: 'ended', exitCode: 0, how: 'exit' });
      expect(Buffer.from(again.output).toString()).toBe('größer\n');
      const rest = await pollItem(target, KEY, 7);
      expect(Buffer.from(rest.output).toString()).toBe('r\n');
      expect(rest.next).toBe(again.size);
    }));

  test('is stopped by the run that holds it, and by no older one', () =>
    withGuest(door, {}, async (guest) => {
      const { target } = agentOf(guest);
      await startItem(
        target,
        { run: 'run-2', fence: 2 },
        { key: KEY, argv: ['sleep', '900'], timeout: 900_000 },
      );
      expect((await guestActivity(target)).attempts).toEqual([keyDirectory(KEY)]);
      await expect(stopItem(target, ACTOR, KEY, 1_000)).rejects.toThrow(Fenced);
      const stopped = await stopItem(target, { run: 'run-2', fence: 2 }, KEY, 1_000);
      expect(stopped).toMatchObject({ state: 'ended', how: 'stopped', exitCode: 143 });
    }));
});

test('secrets go to standard input and never into argv (P17)', () =>
  withGuest(simulatedDoor, {}, async (guest) => {
    const calls = agentOf(guest);
    const env = { PBS_PASSWORD: "s3cret'x" };
    await startItem(calls.target, ACTOR, { key: KEY, argv: ['true'], env, timeout: 1_000 });
    expect(JSON.stringify(calls.argv)).not.toContain('s3cret');
  }));

test('a name that is no environment variable is refused before anything is sent', () =>
  withGuest(simulatedDoor, {}, async (guest) => {
    const calls = agentOf(guest);
    const start = (env: Readonly<Record<string, string>>) =>
      startItem(calls.target, ACTOR, { key: KEY, argv: ['true'], env, timeout: 1_000 });
    await expect(start({ 'A; rm -rf /': 'x' })).rejects.toMatchObject({ code: 'bad-environment' });
    await expect(start({ A: 'nul\0' })).rejects.toMatchObject({ code: 'bad-environment' });
    await expect(start({ A: 'x'.repeat(70_000) })).rejects.toMatchObject({
      code: 'input-too-large',
    });
    expect(calls.scripts).toEqual([]);
  }));

test('an attempt that a reboot ended is lost, and still not started again under its key', () =>
  withGuest(simulatedDoor, {}, async (guest) => {
    const { target } = agentOf(guest);
    const attempt = { key: KEY, argv: ['sleep', '900'], timeout: 900_000 };
    await startItem(target, ACTOR, attempt);
    await guest.forgetVolatile();
    expect((await startItem(target, ACTOR, attempt)).state).toBe('lost');
    expect((await pollItem(target, 'another/1')).state).toBe('absent');
  }));

test('different keys have different folders, whatever characters they hold', () => {
  const keys = ['a/b', 'a_b', 'a b', '../x', `${'x'.repeat(300)}1`, `${'x'.repeat(300)}2`];
  const folders = keys.map(keyDirectory);
  expect(new Set(folders).size).toBe(keys.length);
  for (const folder of folders) expect(folder).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,113}$/);
});

test.each(['', 'status\n', 'status\tconfused\t0\n', '<html>proxy</html>'])(
  'an answer like %j is an error that names the guest',
  async (stdout) => {
    await expect(pollItem(answers.sayingTarget({ stdout }), KEY)).rejects.toThrow(
      /vm 9100 on pve1: no answer about the attempt/,
    );
  },
);
