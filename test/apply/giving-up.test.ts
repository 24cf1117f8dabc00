import { describe, expect, it } from 'vitest';
import { StillWorking } from '../../src/apply/context.ts';
import type { Random } from '../../src/model/ports.ts';
import { powerOn } from '../../src/simulator/by-hand.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import { type House, seededRandom } from '../support/house.ts';
import {
  applied,
  declare,
  deployedSite,
  EAGER,
  expectCode,
  expectSettled,
  inject,
  openSite,
  oursIn,
  vmOf,
  wordsOf,
} from './site.ts';
import { lost, says, Traps } from './trap.ts';

const MINUTE = 60_000;
const LOCK = "can't lock file '/var/lock/qemu-server/lock-9100.conf' - got timeout";
const BIGGER = { ...EAGER, memory: '9GiB' };

describe('P20 W19: a write that is tried again', () => {
  it('ends with its step’s deadline when the lock is never had, and says why', async () => {
    const traps = new Traps();
    const house = await deployedSite(undefined, {}, { intercept: traps.intercept });
    declare(house, { w1: BIGGER });
    traps.set(/^PUT .*9100\/config$/, async () => {
      await house.clock.sleep(10_000);
      return says(500, LOCK);
    });
    const begun = house.clock.monotonic();
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(wordsOf(told)).toContain('got timeout');
    expect(house.clock.monotonic() - begun).toBeLessThan(4 * MINUTE);
    traps.clear();
    await applied(house);
    await expectSettled(house);
  });

  it('P23: whose answer is lost while tasks can’t be listed: what is there tells in the end', async () => {
    const house = openSite();
    inject(house, 'POST', '/9100/status/start$', { kind: 'do-then-drop' });
    inject(house, 'GET', '/nodes/pve1/tasks$', { kind: 'fail', status: 403, reason: 'no' });
    expectCode(await house.muster('apply', '--test', '--auto-approve'), 0);
    expect(house.state().workers.w1?.last.test?.result).toBe('passed');
    await expectSettled(house);
  });

  it('P23: is sent again when its answer is lost and its task, found by itself, fails', async () => {
    const traps = new Traps();
    const house = openSite(undefined, {}, { intercept: traps.intercept });
    inject(house, 'POST', '/clone$', { kind: 'fail-task', text: 'clone failed: no such luck' });
    traps.set(
      /^POST .*\/clone$/,
      async (goOn) => {
        await goOn();
        return lost();
      },
      1,
    );
    await applied(house);
    const clones = house.cluster.world.tasks.filter(({ type }) => type === 'qmclone');
    expect(clones.map(({ exitstatus }) => exitstatus)).toEqual([
      'clone failed: no such luck',
      'OK',
    ]);
    expect(oursIn(house).map(({ vmid }) => vmid)).toEqual([9100]);
    await expectSettled(house);
  });

  it('P14: is not gone on with when Ctrl-C is pressed twice while it is sent', async () => {
    const traps = new Traps();
    const house = await deployedSite(undefined, {}, { intercept: traps.intercept });
    declare(house, { w1: BIGGER });
    const first = new AbortController();
    const second = new AbortController();
    traps.set(/^PUT .*9100\/config$/, async (goOn) => {
      const answer = await goOn();
      first.abort();
      second.abort();
      return answer;
    });
    const interrupts = { first: first.signal, second: second.signal };
    expectCode(await house.musterWith({ interrupts }, 'apply', '--auto-approve'), 130);
    expect(house.state().workers.w1?.doing?.step).toBe('set-config');
    traps.clear();
    await house.clock.sleep(3 * MINUTE);
    await applied(house);
    await expectSettled(house);
  });
});

describe('P23 P47: a task that PVE took, and whose status it then refuses to tell', () => {
  const STATUS = /^GET .*\/tasks\/UPID.*\/status$/;

  it.each([
    [401, 'No ticket'],
    [403, 'Permission check failed'],
  ])(
    'with %i, was not refused itself: the list of tasks and the VM tell how it ended',
    async (status, reason) => {
      const traps = new Traps();
      const house = openSite(undefined, {}, { intercept: traps.intercept });
      traps.set(STATUS, () => says(status, reason));
      expectCode(await house.muster('apply', '--test', '--auto-approve'), 0);
      expect(house.state().workers.w1?.last.test?.result).toBe('passed');
      const sent = house.cluster.journal().filter(({ method }) => method === 'POST');
      expect(sent.filter(({ path }) => path.endsWith('/status/start'))).toHaveLength(1);
      await expectSettled(house);
    },
  );

  it('is a failure when it did not do its work, and the next apply goes on', async () => {
    const traps = new Traps();
    const house = await deployedSite(undefined, {}, { intercept: traps.intercept });
    inject(house, 'POST', '/9100/status/start$', { kind: 'fail-task', text: 'no such luck' });
    traps.set(STATUS, () => says(403, 'Permission check failed'));
    const told = expectCode(await house.muster('apply', '--test', '--auto-approve'), 7);
    expect(wordsOf(told)).toContain('Permission check failed');
    traps.clear();
    expectCode(await house.muster('apply', '--test', '--auto-approve'), 0);
    await expectSettled(house);
  });

  it('is not waited for beyond its step when it does not end either', async () => {
    const traps = new Traps();
    const world = { ...quickstartWorld(), durations: { cloneBaseMs: 60 * MINUTE } };
    const timeouts = { deploy: '10m' };
    const house = openSite(
      { w1: { ...EAGER, timeouts } },
      {},
      { world, intercept: traps.intercept },
    );
    traps.set(STATUS, () => says(401, 'No ticket'));
    const begun = house.clock.monotonic();
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(wordsOf(told)).toMatch(/task UPID:pve1:.*still runs after/);
    const took = house.clock.monotonic() - begun;
    expect(took).toBeGreaterThanOrEqual(10 * MINUTE);
    expect(took).toBeLessThan(12 * MINUTE);
    traps.clear();
    await house.clock.sleep(60 * MINUTE);
    await applied(house);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9100);
    await expectSettled(house);
  });
});

describe('P44: a worker that can’t be powered off', () => {
  async function running(): Promise<House> {
    const house = await deployedSite({
      w1: { ...EAGER, timeouts: { shutdown: '1m', patch: '10m' } },
    });
    powerOn(house.cluster.world, 9100);
    await house.clock.sleep(2 * MINUTE);
    house.cluster.journal();
    return house;
  }

  it('because one backup follows the other: it is left on after some tries, not forced', async () => {
    const house = await running();
    for (let times = 0; times < 100; times += 1)
      inject(house, 'POST', '/9100/status/shutdown$', {
        kind: 'fail-task',
        text: 'VM is locked (backup)',
      });
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(wordsOf(told)).toContain('VM is locked (backup)');
    expect(house.cluster.journal().some(({ path }) => path.endsWith('/status/stop'))).toBe(false);
    expect(vmOf(house).power.status).toBe('running');
    house.cluster.world.faults = [];
    await applied(house);
    await expectSettled(house);
  });

  it('because a backup never ends: it is left on after its deadline, and how to go on is said', async () => {
    const house = await running();
    const lock = { kind: 'lock-vm', vmid: 9100, lock: 'backup' } as const;
    inject(house, 'GET', '/9100/status/current$', { kind: 'first', change: lock }, 3);
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(wordsOf(told)).toContain('was left running: waiting-for-lock(backup) for 10 minutes');
    expect(wordsOf(told)).toContain('muster shutdown w1');
    expect(vmOf(house).power.status).toBe('running');
  });

  it('by its guest: it is powered off hard, and that is said', async () => {
    const house = await running();
    const reason = "VM 9100 qmp command 'system_powerdown' failed";
    inject(house, 'POST', '/9100/status/shutdown$', { kind: 'fail', status: 500, reason });
    expect(wordsOf(await applied(house))).toContain('is powered off hard');
    await expectSettled(house);
  });

  it('for want of a right: nothing is forced', async () => {
    const house = await running();
    const reason = 'Permission check failed (/vms/9100, VM.PowerMgmt)';
    inject(house, 'POST', '/9100/status/shutdown$', { kind: 'fail', status: 403, reason });
    expect(wordsOf(expectCode(await house.muster('apply', '--auto-approve'), 5))).toContain(reason);
    expect(vmOf(house).power.status).toBe('running');
  });

  it('but that somebody powers off meanwhile: that is as good', async () => {
    const house = await running();
    const off = { kind: 'power', vmid: 9100, on: false } as const;
    inject(house, 'GET', '/9100/status/current$', { kind: 'first', change: off }, 3);
    await applied(house);
    expect(house.cluster.world.tasks.filter(({ type }) => type === 'qmshutdown')).toEqual([]);
    await expectSettled(house);
  });
});

it('P41 P44: a disk that is full when a test is recorded leaves no worker on, and that is said', async () => {
  let isFull = false;
  let isMended = false;
  const house = openSite(
    undefined,
    {},
    {
      inMemory: ({ workers }) => {
        isFull ||= workers.w1?.last.test !== undefined;
        if (isFull && !isMended) throw new Error('ENOSPC: no space left on device, write');
      },
    },
  );
  const told = await house.muster('apply', '--test', '--auto-approve');
  expect(told.code).not.toBe(0);
  expect(wordsOf(told)).toContain('the state could not be written: ENOSPC');
  expect(oursIn(house).map(({ power }) => power.status)).toEqual(['stopped']);
  isMended = true;
  await house.clock.sleep(3 * MINUTE);
  await applied(house);
  await expectSettled(house);
});

it('a bug at one worker shows its stack, and the others are ended and powered off all the same', async () => {
  const house = openSite({ w1: EAGER, w2: { ...EAGER, node: 'pve2' } });
  const inner = seededRandom(7);
  let isBroken = true;
  // What no run expects: an id generator that breaks when the first worker gets its VM.
  const random: Random = {
    ...inner,
    uuid: () => {
      if (isBroken && house.hasState() && Object.keys(house.state().workers).length === 2) {
        isBroken = false;
        throw new TypeError('the pool of entropy has a hole');
      }
      return inner.uuid();
    },
  };
  const told = await house.musterWith({ random }, 'apply', '--test', '--auto-approve');
  expect(told.code).not.toBe(0);
  expect(told.stderr).toContain('the pool of entropy has a hole');
  expect(told.stderr).toMatch(/\n +at /);
  expect(oursIn(house).map(({ power }) => power.status)).toEqual(['stopped']);
  expect(Object.values(house.state().workers).map(({ lease }) => lease)).toEqual([
    undefined,
    undefined,
  ]);
  await applied(house);
  expect(oursIn(house)).toHaveLength(2);
  await expectSettled(house);
});

describe('a worker in which work still runs', () => {
  it('says which, of which session, and the commands that go on with it', () => {
    const error = new StillWorking('w1', [
      { item: 'db', session: 's-1' },
      { item: 'web', session: 's-1' },
    ]);
    expect(error.message).toBe('db of session s-1, web of session s-1 still run in w1');
    expect(error.remedy).toContain('muster sessions resume s-1');
  });

  it('says how to power it off all the same when nobody knows whose work it is', () => {
    const error = new StillWorking('w1', [{ item: 'a1b2' }]);
    expect(error.message).toBe('a1b2 still runs in w1');
    expect(error.remedy).toContain('muster shutdown w1 --force w1');
  });
});
