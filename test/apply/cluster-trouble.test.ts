import { describe, expect, it } from 'vitest';
import { returnNode } from '../../src/simulator/by-hand.ts';
import { SIMULATOR_TOKEN } from '../../src/simulator/worlds.ts';
import {
  applied,
  declare,
  deployedSite,
  EAGER,
  expectAtRest,
  expectCode,
  expectSettled,
  inject,
  openSite,
  oursIn,
  vmOf,
} from './site.ts';

const MINUTE = 60_000;
const FULL = 'lvcreate: insufficient free space: 0 extents available, but 5 required';

describe('a cluster in trouble', () => {
  it.each([
    ['POST', '/clone$'],
    ['PUT', '/9100/config$'],
    ['PUT', '/9100/resize$'],
  ])(
    'P27: a node lost at %s %s: the other node’s worker is done, the state is true, the next apply ends it',
    async (method, path) => {
      const house = openSite({ w1: EAGER, w2: { ...EAGER, node: 'pve2' } });
      const onPve1 = path === '/clone$' ? '/pve1/qemu/9000/clone$' : path;
      inject(house, method, onPve1, { kind: 'first', change: { kind: 'lose-node', node: 'pve1' } });
      const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
      expect(told.stdout).toMatch(/w1 .*FAILED/);
      expect(house.state().workers.w2?.vm).toBeDefined();
      expect(house.state().workers.w1?.lease).toBeUndefined();
      // While it is away its worker is held, and its record kept.
      const { stdout } = expectCode(await house.muster('apply', '--auto-approve'), 0);
      expect(stdout).toMatch(/w1 .*held: unreachable/);
      expect(house.state().workers.w1).toBeDefined();
      returnNode(house.cluster.world, 'pve1');
      await house.clock.sleep(20_000);
      await applied(house);
      await expectSettled(house);
    },
  );

  it.each([
    ['POST', '/9100/status/start$', 0],
    ['POST', '/9100/status/shutdown$', 1],
  ])(
    'P43: a token that expires at %s %s: what is left running is said, and the next apply puts it right',
    async (method, path, running) => {
      const house = openSite();
      const token = SIMULATOR_TOKEN.split('=')[0] ?? '';
      inject(house, method, path, { kind: 'first', change: { kind: 'expire-token', token } });
      const told = await house.muster('apply', '--test', '--auto-approve');
      expect(told.code, told.stdout + told.stderr).not.toBe(0);
      const on = oursIn(house).filter(({ power }) => power.status === 'running');
      expect(on).toHaveLength(running);
      if (running > 0) expect(told.stdout).toContain('1 worker left running: w1');
      const entry = house.cluster.world.access.tokens[token];
      if (entry === undefined) throw new Error('no token');
      entry.expire = 0;
      await applied(house);
      await expectSettled(house);
    },
  );

  it.each([
    ['a clone', 'POST', '/clone$', 'Configured'],
    ['growing the disk', 'PUT', '/resize$', 'Configured'],
  ])(
    'a full storage at %s fails that worker with the task’s words; with room again the next apply ends it',
    async (_, method, path, status) => {
      const house = openSite();
      inject(house, method, path, { kind: 'fail-task', text: FULL });
      const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
      expect(told.stdout).toContain('insufficient free space');
      expect((await house.muster('status')).stdout).toContain(status);
      await applied(house);
      expect(oursIn(house)).toHaveLength(1);
      await expectSettled(house);
    },
  );

  it('a replace whose deploy fails leaves the worker Configured, not lost', async () => {
    const house = await deployedSite();
    inject(house, 'POST', '/clone$', { kind: 'fail-task', text: FULL });
    expectCode(await house.muster('apply', '--replace', 'w1', '--auto-approve'), 5);
    expect(house.state().workers.w1?.vm).toBeUndefined();
    expect(oursIn(house)).toEqual([]);
    await applied(house);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9100);
    await expectSettled(house);
  });
});

describe('one worker fails', () => {
  const three = { w1: EAGER, w2: EAGER, w3: EAGER };
  const oneByOne = {
    cluster: {
      endpoint: 'simulator',
      vmids: { from: 9100, to: 9119 },
      limits: { parallelism: 1, perNode: 1, perStorage: 1 },
    },
  };

  it('P12: the others go on', async () => {
    const house = openSite(three, oneByOne);
    inject(house, 'POST', '/clone$', { kind: 'fail-task', text: FULL });
    expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(oursIn(house)).toHaveLength(2);
    await applied(house);
    await expectSettled(house);
  });

  it('P12: with --on-error stop nothing new is begun, and what is skipped says why', async () => {
    const house = openSite(three, oneByOne);
    inject(house, 'POST', '/clone$', { kind: 'fail-task', text: FULL });
    const told = expectCode(await house.muster('apply', '--auto-approve', '--on-error', 'stop'), 5);
    expect(told.stdout).toContain('w1 failed, and --on-error is stop');
    expect(oursIn(house)).toEqual([]);
    await applied(house);
    await expectSettled(house);
  });
});

describe('a worker that another run holds', () => {
  async function leased() {
    const house = await deployedSite({ w1: EAGER, w2: EAGER });
    declare(house, { w1: { ...EAGER, memory: '8GiB' }, w2: { ...EAGER, memory: '8GiB' } });
    const state = house.state();
    const beat = house.clock.now();
    const other = {
      id: 'ffffffff-0000-4000-8000-000000000001',
      kind: 'apply' as const,
      who: 'ci@elsewhere',
      host: 'elsewhere',
      pid: 7,
      beat,
      startedAt: beat,
    };
    const { w1 } = state.workers;
    if (w1 === undefined) throw new Error('no w1');
    const held = { ...w1, fence: 99, lease: { run: other.id, fence: 99 } };
    const workers = { ...state.workers, w1: held };
    house.write(
      'muster.state.json',
      JSON.stringify({ ...state, workers, runs: { [other.id]: other } }),
    );
    return house;
  }

  it('P7: is held with the holder’s name, and the other one is done: exit 5', async () => {
    const house = await leased();
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(told.stdout).toContain('held: leased');
    expect(told.stdout).toContain('ci@elsewhere');
    expect(vmOf(house, 9100).config.memory).toBe('6144');
    expect(vmOf(house, 9101).config.memory).toBe('8192');
  });

  it('P15 W25: --wait waits for it, and takes over from a run that gives no beat any more', async () => {
    const house = await leased();
    const told = expectCode(await house.muster('apply', '--auto-approve', '--wait', '10m'), 0);
    expect(told.stdout).toContain('waiting-for-lease');
    expect(house.clock.monotonic()).toBeGreaterThan(2 * MINUTE);
    expectAtRest(house);
    await expectSettled(house);
  });
});
