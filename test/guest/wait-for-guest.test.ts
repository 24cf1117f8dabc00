import { expect, test } from 'vitest';
import type { GuestWait } from '../../src/guest/guest-wait.ts';
import { waitForGuest } from '../../src/guest/wait-for-guest.ts';
import type { VmStatus } from '../../src/model/pve-port.ts';
import { withGuest } from '../contract/guest/doors.ts';
import type { GuestSetup } from '../contract/guest/guest-world.ts';
import { simulatedDoor } from '../contract/guest/simulated-guest.ts';
import * as answers from './answers.ts';
import { type AgentCalls, agentOf } from './door-agent.ts';

const RUNNING: VmStatus = { status: 'running', qmpStatus: 'running', uptime: 5 };
const START = 180_000;

function open(
  setup: GuestSetup,
  use: (
    calls: AgentCalls,
    wait: (status?: VmStatus, firstLaunch?: boolean) => ReturnType<typeof waitForGuest>,
    waits: GuestWait[],
  ) => Promise<void>,
): Promise<void> {
  return withGuest(simulatedDoor, setup, async (door) => {
    const calls = agentOf(door);
    const waits: GuestWait[] = [];
    const wait = (status = RUNNING, firstLaunch = false) =>
      waitForGuest(calls.target, {
        timeouts: { start: START },
        status: async () => status,
        firstLaunch,
        onWait: (told) => waits.push(told),
      });
    await use(calls, wait, waits);
  });
}

test('a guest that boots is waited for with a named reason, then its addresses are told', () =>
  open({ cloudInit: 'done' }, async (calls, wait, waits) => {
    calls.trouble.push(...Array.from({ length: 3 }, answers.agentSilent));
    const ready = await wait();
    expect(ready.addresses).toEqual(['192.168.2.58']);
    expect(ready.cloudInit.state).toBe('done');
    expect(waits.map(({ waitingFor }) => waitingFor)).toEqual(
      Array.from({ length: 3 }, () => 'waiting-for-agent'),
    );
    expect(waits.at(-1)).toMatchObject({ deadlineMs: START });
  }));

test('no agent on a first launch says how the image gets one', () =>
  open({}, async (calls, wait) => {
    calls.trouble.push(...Array.from({ length: 500 }, answers.agentSilent));
    const waiting = wait(RUNNING, true);
    await expect(waiting).rejects.toMatchObject({ waitingFor: 'waiting-for-agent' });
    await expect(waiting).rejects.toThrow(/3 m.*qemu-guest-agent.*virt-customize/s);
  }));

test.each([
  ['no agent device in the config', answers.notConfigured(), 'agent-not-configured', /agent=1/],
  ['no right to speak to the agent', answers.forbidden(), 'agent-forbidden', /VM.GuestAgent.Audit/],
] as const)('%s ends the wait at once', (_what, error, code, remedy) =>
  open({}, async (calls, wait) => {
    calls.trouble.push(error);
    await expect(wait()).rejects.toMatchObject({ code, remedy: expect.stringMatching(remedy) });
  }),
);

test('the right to run commands is a gate of its own (P29)', () =>
  open({}, async (calls, wait) => {
    calls.trouble.push(undefined, undefined, answers.forbidden());
    await expect(wait()).rejects.toMatchObject({
      code: 'exec-forbidden',
      remedy: expect.stringContaining('VM.GuestAgent.Unrestricted'),
    });
  }));

test('an image that blocks guest-exec is told from a missing right (P29)', () =>
  open({}, async (calls, wait) => {
    calls.trouble.push(undefined, undefined, answers.blockedCommand());
    await expect(wait()).rejects.toMatchObject({ code: 'exec-disabled' });
  }));

test('a VM that an I/O error stopped is named at once, not waited for', () =>
  open({}, async (calls, wait, waits) => {
    calls.trouble.push(answers.agentSilent());
    const status: VmStatus = { ...RUNNING, qmpStatus: 'io-error' };
    await expect(wait(status)).rejects.toMatchObject({ code: 'vm-stuck' });
    expect(waits).toEqual([]);
  }));

test('a VM may look off for the seconds of a reboot, and not for longer', () =>
  open({}, async (calls, wait, waits) => {
    calls.trouble.push(...Array.from({ length: 500 }, answers.vmOff));
    const status: VmStatus = { status: 'stopped', qmpStatus: 'stopped', uptime: 0 };
    await expect(wait(status)).rejects.toMatchObject({ code: 'vm-off' });
    expect(waits.at(-1)?.waitedMs).toBeGreaterThan(10_000);
  }));

test('a guest without an address names DHCP', () =>
  open({}, async (calls, wait) => {
    calls.addresses = [];
    await expect(wait()).rejects.toThrow(/no address.*DHCP/);
  }));

test('cloud-init that does not finish ends the wait with where to look (P29)', () =>
  open({ cloudInit: 'running' }, async (_calls, wait, waits) => {
    const waiting = wait();
    await expect(waiting).rejects.toMatchObject({ waitingFor: 'waiting-for-cloud-init' });
    await expect(waiting).rejects.toThrow('/var/log/cloud-init.log');
    expect(waits.some(({ waitingFor }) => waitingFor === 'waiting-for-cloud-init')).toBe(true);
  }));
