import { expect, test } from 'vitest';
import { launchGuest } from '../../src/guest/launch-guest.ts';
import { patchGuest } from '../../src/guest/patch-guest.ts';
import { whileBeating } from '../../src/guest/while-beating.ts';
import { DEFAULT_PATCH } from '../../src/model/worker.ts';
import { withGuest } from '../contract/guest/doors.ts';
import { simulatedDoor } from '../contract/guest/simulated-guest.ts';
import * as answers from './answers.ts';
import { agentOf } from './door-agent.ts';

const MINUTE = 60_000;
const ACTOR = { run: 'run-1', fence: 1 };
const MANY = Array.from({ length: 900 }, (_, index) => ({
  ...{ name: `package-${index}`, from: '1', to: '2', security: false },
}));

test('a patching that takes longer than the dead-man timer waits does not end in a power-off', () =>
  withGuest(simulatedDoor, { upgradable: MANY }, async (guest) => {
    const { target } = agentOf(guest);
    await launchGuest(target, { ...ACTOR, worker: 'w1', files: [], contents: {} });
    const patching = { ...ACTOR, patch: DEFAULT_PATCH, kind: 'backup', now: guest.now() } as const;
    const begin = guest.now();
    await whileBeating(target, ACTOR, () =>
      patchGuest(target, { ...patching, timeout: 120 * MINUTE }),
    );
    expect(guest.now() - begin).toBeGreaterThan(40 * MINUTE);
    await guest.pass(5 * MINUTE);
    expect(await guest.poweredOff()).toBe(false);
  }));

test('beats end with the work, and one that fails changes nothing', () =>
  withGuest(simulatedDoor, {}, async (guest) => {
    const calls = agentOf(guest);
    const { target } = calls;
    await launchGuest(target, { ...ACTOR, worker: 'w1', files: [], contents: {} });
    calls.scripts.length = 0;
    const worked = await whileBeating(target, ACTOR, async () => {
      calls.trouble.push(answers.agentSilent());
      for (let minute = 0; minute < 60; minute++) await target.clock.sleep(MINUTE);
      return 'worked';
    });
    expect(worked).toBe('worked');
    expect(calls.scripts).toContain('beat');
    const beats = calls.scripts.length;
    await guest.pass(20 * MINUTE);
    expect(await guest.poweredOff()).toBe(false);
    expect(calls.scripts).toHaveLength(beats);
  }));

test('what the work throws is thrown, and so is a bug of the beats', () =>
  withGuest(simulatedDoor, {}, async (guest) => {
    const calls = agentOf(guest);
    const failing = whileBeating(calls.target, ACTOR, async () => {
      throw new Error('the work failed');
    });
    await expect(failing).rejects.toThrow('the work failed');
    calls.trouble.push(new TypeError('a bug'));
    const buggy = whileBeating(calls.target, ACTOR, async () => {
      for (let minute = 0; minute < 60; minute++) await calls.target.clock.sleep(MINUTE);
    });
    await expect(buggy).rejects.toThrow('a bug');
  }));
