import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/model/ports.ts';
import type { Transport } from '../../src/pve/transport.ts';
import type { House } from '../support/house.ts';
import { openHouse } from '../support/house.ts';
import {
  applied,
  declare,
  deployedSite,
  EAGER,
  expectAtRest,
  expectCode,
  expectSettled,
  openSite,
  oursIn,
} from './site.ts';

const MINUTE = 60_000;

/**
 * A machine that is suspended when the answer to its nth request arrives, and woken by hand. Meanwhile nothing of it
 * goes on; its monotonic clock stands still, its wall clock does not.
 */
class Sleepyhead {
  #requests = 0;
  #wake: () => void = () => undefined;
  #sleep: Promise<void> | undefined;
  #since = 0;
  #lost = 0;
  readonly suspended: Promise<void>;
  #tell: () => void = () => undefined;
  readonly #atRequest: number;

  constructor(atRequest: number) {
    this.#atRequest = atRequest;
    this.suspended = new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  readonly intercept = (inner: Transport): Transport => ({
    ...inner,
    send: async (request, sending) => {
      const answer = await inner.send(request, sending);
      this.#requests += 1;
      if (this.#requests === this.#atRequest) {
        this.#sleep = new Promise((resolve) => {
          this.#wake = resolve;
        });
        this.#tell();
      }
      await this.#sleep;
      return answer;
    },
  });

  clockOf({ clock }: House): Clock {
    const monotonic = () =>
      (this.#sleep === undefined ? clock.monotonic() : this.#since) - this.#lost;
    void this.suspended.then(() => {
      this.#since = clock.monotonic();
    });
    this.#awake = () => {
      this.#lost += clock.monotonic() - this.#since;
    };
    return {
      now: () => clock.now(),
      monotonic,
      sleep: async (ms, signal) => {
        await clock.sleep(ms, signal);
        await this.#sleep;
      },
    };
  }

  #awake: () => void = () => undefined;

  wake(): void {
    this.#awake();
    const wake = this.#wake;
    this.#sleep = undefined;
    wake();
  }
}

/** Another machine with the same declaration, state and cluster. */
function secondMachine(first: House): House {
  const second = openHouse({ cluster: first.cluster, clock: first.clock, seed: 7 });
  symlinkSync(join(first.root, 'muster.state.json'), join(second.root, 'muster.state.json'));
  return second;
}

describe('P15 W25: a run whose machine is suspended, and that another machine takes over', () => {
  it.each([26, 29, 32, 35, 39, 40, 45, 52])(
    'suspended at request %i: it sends nothing more when it wakes, and one more apply finds all in order',
    async (atRequest) => {
      const sleepyhead = new Sleepyhead(atRequest);
      const first = openSite({ w0: { node: 'pve2' } }, {}, { intercept: sleepyhead.intercept });
      await applied(first);
      declare(first, { w0: { node: 'pve2' }, w1: EAGER });
      const second = secondMachine(first);
      declare(second, { w0: { node: 'pve2' }, w1: EAGER });
      const clock = sleepyhead.clockOf(first);
      const run = first.musterWith({ clock }, 'test', 'w1', '--auto-approve');
      await sleepyhead.suspended;
      await first.clock.sleep(4 * MINUTE);
      expectCode(await second.muster('test', 'w1', '--auto-approve'), 0);
      expectAtRest(second);
      second.cluster.journal();
      sleepyhead.wake();
      expect((await run).code).not.toBe(0);
      const sent = second.cluster.journal().filter(({ method }) => method !== 'GET');
      expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
      expectAtRest(second);
      expectCode(await second.muster('test', 'w1', '--auto-approve'), 0);
      expect(oursIn(second)).toHaveLength(1);
      await expectSettled(second);
    },
  );
});

describe('two applies at once', () => {
  it('P7 P24: of the same new workers: each has one VM, whoever comes first', async () => {
    const workers = { w1: EAGER, w2: EAGER, w3: { ...EAGER, node: 'pve2' } };
    const house = openSite({ w0: { node: 'pve2' } });
    await applied(house);
    declare(house, { w0: { node: 'pve2' }, ...workers });
    const other = secondMachine(house);
    declare(other, { w0: { node: 'pve2' }, ...workers });
    const told = await Promise.all([
      house.muster('apply', '--auto-approve'),
      other.muster('apply', '--test', '--auto-approve'),
    ]);
    for (const { code, stdout, stderr } of told)
      expect([0, 3, 4, 5], stdout + stderr).toContain(code);
    expect(oursIn(house)).toHaveLength(4);
    await applied(house, '--test');
    expect(oursIn(house)).toHaveLength(4);
    await expectSettled(house);
  });

  it('P7: one destroys what the other tests: the VM is gone once, and nothing runs', async () => {
    const house = await deployedSite({ w1: EAGER, w2: EAGER });
    const other = secondMachine(house);
    declare(other, { w2: EAGER });
    const told = await Promise.all([
      house.muster('test', '--auto-approve'),
      other.muster('apply', '--auto-approve', '--wait', '20m'),
    ]);
    expect(told.map(({ code }) => code)[1], told[1].stdout + told[1].stderr).toBe(0);
    expect(oursIn(other).map(({ vmid }) => vmid)).toEqual([9101]);
    expectAtRest(other);
    await expectSettled(other);
  });
});

describe('a state that is exchanged under a run', () => {
  it('P14: by an older one of the same state: the run stops by itself, and nothing is lost or made twice', async () => {
    const house = await deployedSite({ w1: EAGER, w2: EAGER });
    const older = JSON.stringify(house.state());
    declare(house, { w1: { ...EAGER, memory: '8GiB' }, w2: { ...EAGER, memory: '8GiB' } });
    const run = house.muster('apply', '--test', '--auto-approve');
    await house.clock.sleep(15_000);
    house.write('muster.state.json', older);
    expect((await run).code).not.toBe(0);
    await house.clock.sleep(45 * MINUTE);
    await applied(house);
    expect(oursIn(house).map(({ vmid }) => vmid)).toEqual([9100, 9101]);
    await expectSettled(house);
  });
});
