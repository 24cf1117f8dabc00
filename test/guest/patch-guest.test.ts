import { expect, test } from 'vitest';
import type { GuestWait } from '../../src/guest/guest-wait.ts';
import { type Patching, patchGuest } from '../../src/guest/patch-guest.ts';
import type { PatchRecord } from '../../src/model/state.ts';
import { DEFAULT_PATCH } from '../../src/model/worker.ts';
import { withGuest } from '../contract/guest/doors.ts';
import type { GuestSetup } from '../contract/guest/guest-world.ts';
import { simulatedDoor } from '../contract/guest/simulated-guest.ts';
import * as answers from './answers.ts';
import { type AgentCalls, agentOf } from './door-agent.ts';

const UPGRADABLE = [
  { name: 'curl', from: '8.1', to: '8.2', security: true },
  { name: 'qemu-guest-agent', from: '10.0', to: '10.1', security: false },
];
const HOUR = 3_600_000;

function open(setup: GuestSetup, use: (calls: AgentCalls, patching: Patching) => Promise<void>) {
  return withGuest(simulatedDoor, { upgradable: UPGRADABLE, ...setup }, async (guest) => {
    const base = { run: 'run-1', fence: 1, kind: 'test', timeout: 30 * 60_000 } as const;
    await use(agentOf(guest), { ...base, patch: DEFAULT_PATCH, now: guest.now() });
  });
}

function lastPatch(changes: Partial<PatchRecord>): PatchRecord {
  return { result: 'patched', at: 0, packages: [], rebooted: false, ...changes };
}

test('what was installed is recorded, and what is waiting is told on the way', () =>
  open({}, async ({ target }, patching) => {
    const waits: GuestWait[] = [];
    const patched = await patchGuest(target, {
      ...patching,
      onProgress: (wait) => waits.push(wait),
    });
    expect(patched).toMatchObject({ rebootRequired: false, fatal: false });
    expect(patched.record).toMatchObject({
      result: 'patched',
      manager: 'apt',
      packages: ['curl 8.1 8.2', 'qemu-guest-agent 10.0 10.1'],
    });
    expect(patched.record.at).toBeGreaterThan(patching.now);
    expect(waits.map(({ message }) => message)).toContain('apt: 2 packages waiting');
  }));

test('a restart of the agent by its own update loses nothing', () =>
  open({}, async (calls, patching) => {
    calls.trouble.push(undefined, undefined, answers.agentSilent(), answers.pidUnknown());
    const { record } = await patchGuest(calls.target, patching);
    expect(record.result).toBe('patched');
  }));

test('the same run finds its patching again instead of starting another', () =>
  open({}, async ({ target, argv }, patching) => {
    const first = await patchGuest(target, patching);
    const second = await patchGuest(target, patching);
    expect(second.record.packages).toEqual(first.record.packages);
    const third = await patchGuest(target, { ...patching, run: 'run-2' });
    expect(third.record).toMatchObject({ result: 'nothing', packages: [] });
    expect(argv.length).toBeGreaterThan(3);
  }));

test('a worker that was patched recently is skipped, and keeps the time of that patching', () =>
  open({}, async (calls, patching) => {
    const last = lastPatch({ at: patching.now - 3 * HOUR });
    const { record } = await patchGuest(calls.target, { ...patching, last });
    expect(record).toMatchObject({
      result: 'skipped',
      at: last.at,
      message: 'patched 3 h ago, maxAge is 24 h',
    });
    expect(calls.scripts).toEqual([]);
  }));

test.each([
  ['too long ago', { at: 25 * HOUR }],
  ['with a failure', { at: HOUR, result: 'failed' }],
] as const)('patching again after the last one %s', (_when, { at, ...rest }) =>
  open({}, async ({ target }, patching) => {
    const last = lastPatch({ ...rest, at: patching.now - at });
    expect((await patchGuest(target, { ...patching, last })).record.result).toBe('patched');
  }),
);

test.each([
  ['a restore session', { kind: 'restore' }],
  ['policy none', { patch: { ...DEFAULT_PATCH, policy: 'none' } }],
] as const)('%s skips patching without a call to the guest', (_why, changes) =>
  open({}, async (calls, patching) => {
    const patched = await patchGuest(calls.target, { ...patching, ...changes });
    expect(patched).toMatchObject({ fatal: false, record: { result: 'skipped', at: 0 } });
    expect(calls.scripts).toEqual([]);
  }),
);

test('an unreachable source is a warning, and fatal where patching is required (W12)', () =>
  open({ source: { reachable: false } }, async ({ target }, patching) => {
    const lenient = await patchGuest(target, patching);
    expect(lenient).toMatchObject({ fatal: false, record: { result: 'failed' } });
    expect(lenient.record.message).toContain('503');
    const patch = { ...DEFAULT_PATCH, required: true };
    const strict = await patchGuest(target, { ...patching, patch, run: 'run-2' });
    expect(strict.fatal).toBe(true);
  }));

test('another package manager is waited for under a name of its own', () =>
  open({ packagesBusy: true }, async ({ target }, patching) => {
    const waits: GuestWait[] = [];
    const { record, fatal } = await patchGuest(target, {
      ...patching,
      onProgress: (wait) => waits.push(wait),
    });
    expect(waits[0]).toMatchObject({
      waitingFor: 'waiting-for-package-lock',
      message: 'apt: another package manager is at work (apt-get)',
    });
    expect(record.message).toContain('another package manager did not end: apt-get');
    expect(fatal).toBe(true);
  }));

test('a patching that a power cut ended is a failure, not a success', async () => {
  const target = answers.sayingTarget({ stdout: 'status\tlost\t\t\t0\t0\t0\nend\n' });
  const base = { run: 'r', fence: 1, kind: 'test', timeout: 60_000, now: 5 } as const;
  const patched = await patchGuest(target, { ...base, patch: DEFAULT_PATCH });
  expect(patched).toMatchObject({ fatal: true, record: { result: 'failed' } });
});

test('an installation is let go on when its time is over, and what it installed is recorded', () =>
  open({}, async ({ target }, patching) => {
    const waits: GuestWait[] = [];
    const { record, fatal } = await patchGuest(target, {
      ...patching,
      timeout: 6_000,
      onProgress: (wait) => waits.push(wait),
    });
    expect(record).toMatchObject({
      result: 'patched',
      packages: ['curl 8.1 8.2', 'qemu-guest-agent 10.0 10.1'],
      message: 'it took longer than timeouts.patch, a package manager at work is not cut off',
    });
    expect(fatal).toBe(false);
    expect(waits.at(-1)?.message).toBe(
      'apt: over timeouts.patch, and not cut off while it installs',
    );
    expect(waits.map(({ deadlineMs }) => deadlineMs)).toEqual(
      waits.map(({ waitedMs }) => (waitedMs < 6_000 ? 6_000 : 606_000)),
    );
  }));

test('a download is ended when its time is over, and that nothing was cut off is said', () =>
  open({}, async ({ target }, patching) => {
    const { record, fatal } = await patchGuest(target, { ...patching, timeout: 4_000 });
    expect(record).toMatchObject({ result: 'failed', packages: [] });
    expect(record.message).toMatch(
      /^no end within \d s: ended while downloading updates; nothing was being installed$/,
    );
    expect(fatal).toBe(true);
  }));

test('an installation that does not end is a failure after its time, and said to go on', async () => {
  const result = Buffer.from('manager\tapt\nphase\tinstall\n').toString('hex');
  const stdout = `status\trunning\t\t\t660000\t0\t0\nresult\t${result}\nend\n`;
  const base = { run: 'r', fence: 1, kind: 'test', timeout: 60_000, now: 5 } as const;
  const target = answers.sayingTarget({ stdout });
  const { record, fatal } = await patchGuest(target, { ...base, patch: DEFAULT_PATCH });
  expect(record.result).toBe('failed');
  expect(record.message).toMatch(
    /^apt still installs after .*; it is not cut off, and the worker not powered off before it ends$/,
  );
  expect(fatal).toBe(true);
});
