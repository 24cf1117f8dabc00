import { describe, expect, test } from 'vitest';
import { type CheckQuestion, runChecks } from '../../src/guest/run-checks.ts';
import { DEFAULT_PATCH } from '../../src/model/worker.ts';
import { allDoors, withGuest } from '../contract/guest/doors.ts';
import type { GuestDoor, GuestSetup } from '../contract/guest/guest-world.ts';
import { simulatedDoor } from '../contract/guest/simulated-guest.ts';
import * as answers from './answers.ts';
import { agentOf } from './door-agent.ts';
import { workerSpec } from './worker-spec.ts';

const HEALTHY: GuestSetup = {
  gateway: { address: '192.168.2.1', answers: true },
  nameServers: ['192.168.2.1'],
};

function question(guest: GuestDoor, changes: Partial<CheckQuestion> = {}): CheckQuestion {
  return {
    spec: workerSpec(),
    repositories: [{ name: 'main', host: '127.0.0.1', port: guest.openPort }],
    clusterTime: guest.now(),
    timeout: 300_000,
    ...changes,
  };
}

const told = (results: Awaited<ReturnType<typeof runChecks>>) =>
  results.map(({ id, result }) => `${id} ${result}`);

describe.each(allDoors)('a test in $name', { timeout: 90_000 }, (door) => {
  test('has one result per check, declared ones last, by two calls of the agent', () =>
    withGuest(door, HEALTHY, async (guest) => {
      const calls = agentOf(guest);
      const checks = [{ name: 'tmp-is-there', run: ['test', '-d', '/tmp'], timeout: 5_000 }];
      const results = await runChecks(
        calls.target,
        question(guest, { spec: workerSpec({ checks }) }),
      );
      expect(told(results)).toEqual([
        ...['agent pass', 'address pass', 'resources pass', 'disk-space pass', 'clock pass'],
        ...['gateway pass', 'dns skip', 'pve-api skip', 'repository:main pass'],
        ...['update-source skip', 'tmp-is-there pass'],
      ]);
      expect(calls.scripts).toEqual(['checks', 'check']);
      expect(results.some(({ hint }) => hint !== undefined)).toBe(false);
    }));

  test('that fails leaves the rest "not run" and names the hop (W4, W5)', () =>
    withGuest(
      door,
      { ...HEALTHY, gateway: { address: '192.168.2.1', answers: false } },
      async (guest) => {
        const checks = [{ name: 'mine', run: ['true'], timeout: 5_000 }];
        const results = await runChecks(
          agentOf(guest).target,
          question(guest, { spec: workerSpec({ checks }) }),
        );
        expect(told(results).slice(5)).toEqual([
          ...['gateway fail', 'dns skip', 'pve-api skip', 'repository:main skip'],
          ...['update-source skip', 'mine skip'],
        ]);
        expect(results[5]).toMatchObject({
          seen: '192.168.2.1 does not answer',
          hint: 'wrong bridge or VLAN, a wrong address, or the gateway is down',
        });
        expect(new Set(results.slice(6).map(({ seen }) => seen))).toEqual(new Set(['not run']));
      },
    ));

  test('goes on when only the name of the API is not found: that is worth a warning', () =>
    withGuest(door, HEALTHY, async (guest) => {
      const pveApi = { host: 'api.example.net', port: 8006 };
      const results = await runChecks(agentOf(guest).target, question(guest, { pveApi }));
      expect(told(results).slice(6)).toEqual([
        ...['dns warn', 'pve-api warn', 'repository:main pass', 'update-source skip'],
      ]);
    }));

  test.each([
    [
      'of a repository',
      {},
      { repositories: [{ name: 'b', host: 'b.example.net', port: 1 }] },
      'fail',
    ],
    ['of the proxy that required updates come by', { required: true }, {}, 'fail'],
    ['of the proxy of other updates', {}, {}, 'warn'],
    ['of the proxy of no updates', { policy: 'none' }, {}, 'skip'],
  ] as const)('judges the missing name %s by what needs it', (_whose, patch, changes, result) =>
    withGuest(door, HEALTHY, async (guest) => {
      const proxy = 'http://proxy.example.net:3128';
      const spec = workerSpec({ patch: { ...DEFAULT_PATCH, proxy, ...patch } });
      const results = await runChecks(agentOf(guest).target, question(guest, { spec, ...changes }));
      expect(results.find(({ id }) => id === 'dns')?.result).toBe(result);
    }),
  );
});

test('an address that cloud-init did not set is named (W10)', () =>
  withGuest(simulatedDoor, HEALTHY, async (guest) => {
    const calls = agentOf(guest);
    calls.addresses = ['192.168.2.200'];
    const [, address] = await runChecks(calls.target, question(guest));
    expect(address).toMatchObject({
      result: 'fail',
      seen: '192.168.2.200; declared and missing: 192.168.2.58',
    });
  }));

test('a guest that falls silent fails at "agent"', () =>
  withGuest(simulatedDoor, HEALTHY, async (guest) => {
    const calls = agentOf(guest);
    calls.trouble.push(answers.agentSilent());
    const results = await runChecks(calls.target, question(guest));
    expect(told(results).slice(0, 2)).toEqual(['agent fail', 'address skip']);
  }));

test('a declared check that fails shows the last line it wrote, a missing program says so', () =>
  withGuest(simulatedDoor, HEALTHY, async (guest) => {
    const run = async (argv: readonly string[]) => {
      const spec = workerSpec({ checks: [{ name: 'share', run: argv, timeout: 1_000 }] });
      return (await runChecks(agentOf(guest).target, question(guest, { spec }))).at(-1);
    };
    expect(await run(['sh', '-c', 'echo hello; echo no such share; exit 1'])).toMatchObject({
      id: 'share',
      result: 'fail',
      seen: 'exit 1: no such share',
    });
    expect((await run(['mount-check']))?.hint).toBe('the guest has no program mount-check');
    expect((await run(['sleep', '9']))?.seen).toBe('no end within 1 s');
  }));

test.each([
  ['nothing', ''],
  ['garbage', '\u0000\ufffd\u001b[31mboo\n\n\t\t\n'],
  ['a forged line without a result', 'check\tresources\n'],
  ['an endless line', `check\tresources\tfail\t1\t${'x'.repeat(2_000_000)}\n`],
])(
  '%s as the answer of a guest is a failed check, short and without control characters',
  async (_what, stdout) => {
    const results = await runChecks(answers.sayingTarget({ stdout }), {
      spec: workerSpec(),
      repositories: [],
      clusterTime: 0,
      timeout: 60_000,
    });
    const failed = results.filter(({ result }) => result === 'fail');
    expect(failed.map(({ id }) => id)).toEqual(['resources']);
    expect(JSON.stringify(results).length).toBeLessThan(3_000);
    expect(failed[0]?.seen).not.toMatch(/[\u0000-\u001f]/);
  },
);
