import { describe, expect, it } from 'vitest';
import type { Transport, TransportRequest } from '../../src/pve/transport.ts';
import { powerOn } from '../../src/simulator/by-hand.ts';
import type { House, Told } from '../support/house.ts';
import {
  applied,
  EAGER,
  expectAtRest,
  expectCode,
  expectSettled,
  openSite,
  oursIn,
} from './site.ts';

const MINUTE = 60_000;

/** Presses Ctrl-C when a request is sent: once at the first pattern, again at the second. */
class Keyboard {
  readonly first = new AbortController();
  readonly second = new AbortController();
  readonly #presses: readonly RegExp[];

  constructor(...presses: readonly RegExp[]) {
    this.#presses = presses;
  }

  readonly intercept = (inner: Transport): Transport => ({
    ...inner,
    send: (request, options) => {
      this.#watch(request);
      return inner.send(request, options);
    },
  });

  #watch({ method, path }: TransportRequest): void {
    const [once, twice] = this.#presses;
    const line = `${method} ${decodeURIComponent(path)}`;
    if (!this.first.signal.aborted) {
      if (once?.test(line) === true) this.first.abort();
    } else if (twice?.test(line) === true) this.second.abort();
  }

  run(house: House, ...argv: string[]): Promise<Told> {
    const interrupts = { first: this.first.signal, second: this.second.signal };
    return house.musterWith({ interrupts }, ...argv, '--auto-approve');
  }
}

const CLONING = /GET .*tasks\/UPID.*qmclone.*\/status/;
const CHECKING = /POST .*9100\/agent\/exec$/;
const STOPPING = /GET .*tasks\/UPID.*qmshutdown.*\/status/;
const three = { w1: EAGER, w2: EAGER, w3: EAGER };

describe('Ctrl-C', () => {
  it('P14: once in a clone: the clones that run end, nothing new is begun, leases are given back, exit 130', async () => {
    const keyboard = new Keyboard(CLONING);
    const house = openSite(three, {}, { intercept: keyboard.intercept });
    const told = expectCode(await keyboard.run(house, 'apply', '--test'), 130);
    expect(told.stdout).toContain('Interrupted');
    const clones = house.cluster.world.tasks.filter(({ type }) => type === 'qmclone');
    expect(clones.map(({ exitstatus }) => exitstatus)).toEqual(clones.map(() => 'OK'));
    expect(house.cluster.world.tasks.filter(({ type }) => type === 'qmstart')).toEqual([]);
    const { workers, runs } = house.state();
    expect(Object.values(workers).map(({ lease }) => lease)).not.toContainEqual(expect.anything());
    expect(runs).toEqual({});
    await applied(house);
    expect(oursIn(house)).toHaveLength(3);
    await expectSettled(house);
  });

  it('P14: once in a test: the worker is powered off, its lease given back, exit 130', async () => {
    const keyboard = new Keyboard(CHECKING);
    const house = openSite(undefined, {}, { intercept: keyboard.intercept });
    const told = expectCode(await keyboard.run(house, 'apply', '--test'), 130);
    expect(told.stdout).toContain('0 workers left running');
    expect(oursIn(house).map(({ power }) => power.status)).toEqual(['stopped']);
    expect(house.state().workers.w1?.lease).toBeUndefined();
    await applied(house);
    await expectSettled(house);
  });

  it.each([
    ['in a test', CHECKING, CHECKING],
    ['while it powers off', CHECKING, STOPPING],
  ])(
    'P14: twice %s: it stops at once, says who is left running, and the next apply picks up',
    async (_, once, twice) => {
      const keyboard = new Keyboard(once, twice);
      const house = openSite(undefined, {}, { intercept: keyboard.intercept });
      const begun = house.clock.monotonic();
      const told = expectCode(await keyboard.run(house, 'apply', '--test'), 130);
      expect(house.clock.monotonic() - begun).toBeLessThan(3 * MINUTE);
      expect(told.stdout).toContain('1 worker left running: w1');
      await house.clock.sleep(3 * MINUTE);
      await applied(house);
      await expectSettled(house);
    },
  );

  it('P14: twice in a clone: the next apply goes on with that VM and makes no second one', async () => {
    const keyboard = new Keyboard(CLONING, CLONING);
    const house = openSite(undefined, {}, { intercept: keyboard.intercept });
    expectCode(await keyboard.run(house, 'apply', '--test'), 130);
    await house.clock.sleep(3 * MINUTE);
    expectCode(await house.muster('apply', '--test', '--auto-approve'), 0);
    expect(oursIn(house).map(({ vmid }) => vmid)).toEqual([9100]);
    expectAtRest(house);
    await expectSettled(house);
  });

  it('once while it waits for a lock: it waits no longer, and nothing was done', async () => {
    const keyboard = new Keyboard(/NEVER/);
    const house = openSite(undefined, {}, { intercept: keyboard.intercept });
    await applied(house);
    powerOn(house.cluster.world, 9100);
    const vm = house.cluster.world.vms['9100'];
    if (vm === undefined) throw new Error('no vm');
    vm.config.lock = 'backup';
    house.cluster.journal();
    const running = keyboard.run(house, 'apply', '--wait', '2h');
    await house.clock.sleep(5 * MINUTE);
    keyboard.first.abort();
    expectCode(await running, 130);
    expect(house.clock.monotonic()).toBeLessThan(30 * MINUTE);
    expect(house.cluster.journal()).toEqual([]);
    expect(house.state().runs).toEqual({});
  });
});
