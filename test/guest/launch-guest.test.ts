import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { guestActivity } from '../../src/guest/activity.ts';
import { beatGuest, launchGuest } from '../../src/guest/launch-guest.ts';
import { Fenced } from '../../src/model/errors.ts';
import { allDoors, withGuest } from '../contract/guest/doors.ts';
import { simulatedDoor } from '../contract/guest/simulated-guest.ts';
import * as answers from './answers.ts';
import { agentOf } from './door-agent.ts';

function fileOf(text: string, to: string) {
  const digest = createHash('sha256').update(text).digest('hex');
  return {
    spec: { from: 'scripts/x', to, mode: '0755', digest },
    contents: { [digest]: Buffer.from(text).toString('base64') },
  };
}

describe.each(allDoors)('launching through the agent in $name', { timeout: 90_000 }, (door) => {
  test('writes a large file in parts of at most 45 KiB, once', () =>
    withGuest(door, {}, async (guest) => {
      const calls = agentOf(guest);
      const text = `#!/bin/sh\n${'# 0123456789abcdef\n'.repeat(5000)}`;
      const { spec, contents } = fileOf(text, '/usr/local/bin/backup-vm');
      const launch = { run: 'run-1', fence: 1, worker: 'w1', files: [spec], contents };
      const first = await launchGuest(calls.target, launch);
      expect(first.written).toEqual(['/usr/local/bin/backup-vm']);
      expect(calls.writes).toEqual([46_080, 46_080, text.length - 2 * 46_080]);
      expect(await guest.file(spec.to)).toMatchObject({ content: text, mode: 0o755 });
      const second = await launchGuest(calls.target, launch);
      expect(second).toEqual({ written: [], deadMan: 'already' });
      expect(calls.writes).toHaveLength(3);
    }));
});

test('a run that another one has taken over from is told so by every script', () =>
  withGuest(simulatedDoor, {}, async (guest) => {
    const { target } = agentOf(guest);
    const launch = { worker: 'w1', files: [], contents: {} };
    await launchGuest(target, { ...launch, run: 'run-new', fence: 2 });
    await expect(beatGuest(target, { run: 'run-old', fence: 1 })).rejects.toThrow(Fenced);
    await expect(launchGuest(target, { ...launch, run: 'run-old', fence: 1 })).rejects.toThrow(
      'fence 1 is lower than fence 2 of run run-new',
    );
    expect((await guestActivity(target)).fence).toBe(2);
  }));

test('a lost answer and a restarting agent are tried again: the scripts may be repeated', () =>
  withGuest(simulatedDoor, {}, async (guest) => {
    const calls = agentOf(guest);
    calls.trouble.push(answers.agentSilent(), answers.pidUnknown());
    await beatGuest(calls.target, { run: 'run-1', fence: 1 });
    expect(calls.scripts).toEqual(['beat']);
  }));

test('a missing right is not tried again', () =>
  withGuest(simulatedDoor, {}, async (guest) => {
    const calls = agentOf(guest);
    calls.trouble.push(answers.forbidden());
    await expect(beatGuest(calls.target, { run: 'run-1', fence: 1 })).rejects.toThrow('403');
    expect(calls.scripts).toEqual([]);
  }));
