import { describe, expect, it } from 'vitest';
import type { FaultEffect } from '../../src/simulator/world.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import type { House } from '../support/house.ts';
import { declare, EAGER, expectCode, expectSettled, inject, openSite, oursIn } from './site.ts';

const world = {
  ...quickstartWorld(),
  storages: [
    ...quickstartWorld().storages,
    { id: 'fast', type: 'lvmthin', content: ['images'], size: 800 * 2 ** 30 },
  ],
  pools: [...(quickstartWorld().pools ?? []), { id: 'workers' }],
};

const LOCK = "can't lock file '/var/lock/qemu-server/lock-9100.conf' - got timeout";
const CFS = "cfs-lock 'storage-local-lvm' error: got lock request timeout";
const NO_UPID = 'got no worker upid - start worker failed';

/** Troubles of the moment: one apply comes through them by itself. */
const passing: Readonly<Record<string, FaultEffect>> = {
  'the answer is lost after it was done': { kind: 'do-then-drop' },
  'the request is lost on its way': { kind: 'drop-before' },
  'it says that no worker started, though it is done': {
    kind: 'do-then-fail',
    status: 500,
    reason: NO_UPID,
  },
  'the node is not reached for a moment': { kind: 'fail', status: 595, reason: 'No route to host' },
  'the lock of the VM is not had in time': { kind: 'fail', status: 500, reason: LOCK },
  'the task does not get the lock of the storage': { kind: 'fail-task', text: CFS },
};

interface Stage {
  readonly name: string;
  readonly declare: (house: House) => void;
  readonly argv: readonly string[];
  /** Every write that it sends. */
  readonly writes: readonly (readonly [string, string])[];
}

const CHANGED = {
  ...EAGER,
  storage: 'fast',
  disk: { size: '30GiB' },
  dns: { search: 'a.example' },
};
const POOL = {
  cluster: { endpoint: 'simulator', vmids: { from: 9100, to: 9119 }, pool: 'workers' },
};
const VM = '/nodes/pve1/qemu/9100';

const STAGES: readonly Stage[] = [
  {
    name: 'deploy and test',
    declare: (house) => declare(house, { w1: EAGER }),
    argv: ['apply', '--test'],
    writes: [
      ['POST', '/nodes/pve1/qemu/9000/clone'],
      ['PUT', `${VM}/config`],
      ['PUT', `${VM}/resize`],
      ['POST', `${VM}/status/start`],
      ['POST', `${VM}/status/shutdown`],
    ],
  },
  {
    name: 'update',
    declare: (house) => declare(house, { w1: CHANGED }, POOL),
    argv: ['apply'],
    writes: [
      ['POST', `${VM}/move_disk`],
      ['PUT', `${VM}/config`],
      ['PUT', `${VM}/resize`],
      ['PUT', '/pools'],
      ['PUT', `${VM}/cloudinit`],
    ],
  },
  {
    name: 'migrate',
    declare: (house) => declare(house, { w1: { ...CHANGED, node: 'pve2' } }, POOL),
    argv: ['apply'],
    writes: [['POST', `${VM}/migrate`]],
  },
  {
    name: 'replace',
    declare: (house) => declare(house, { w1: { ...CHANGED, node: 'pve2' } }, POOL),
    argv: ['apply', '--replace', 'w1'],
    writes: [
      ['DELETE', '/nodes/pve2/qemu/9100'],
      ['POST', '/nodes/pve2/qemu/9001/clone'],
    ],
  },
];

const cases = STAGES.flatMap(({ name, writes }, stage) =>
  writes.flatMap(([method, path]) =>
    Object.entries(passing).map(([trouble, effect]) => {
      const title = `${name}: ${method} ${path}: ${trouble}`;
      return { title, stage, method, path, effect };
    }),
  ),
);

/** What a house is when a stage begins: made once, and copied for each fault. */
const beginnings = new Map<
  number,
  { readonly world: string; readonly state: string; readonly atMs: number }
>();

async function atStage(stage: number): Promise<House> {
  const known = beginnings.get(stage);
  // Another seed: what was drawn before the copy must not be drawn again.
  const house = openSite({}, {}, { world, seed: known === undefined ? 1 : 2 });
  if (known !== undefined) {
    Object.assign(house.cluster.world, JSON.parse(known.world));
    if (known.state !== '') house.write('muster.state.json', known.state);
    await house.clock.sleep(known.atMs);
    return house;
  }
  for (const { declare: prepare, argv } of STAGES.slice(0, stage)) {
    prepare(house);
    expectCode(await house.muster(...argv, '--auto-approve'), 0);
  }
  const state = stage === 0 ? '' : JSON.stringify(house.state());
  beginnings.set(stage, { world: house.cluster.save(), state, atMs: house.clock.monotonic() });
  return house;
}

describe('P19 P20 P23 W19: whatever happens to a write, the same apply ends as if nothing had happened', () => {
  it.each(cases.map((each) => [each.title, each] as const))(
    '%s',
    async (_, { stage, method, path, effect }) => {
      const house = await atStage(stage);
      const current = STAGES[stage];
      if (current === undefined) throw new Error('no such stage');
      inject(house, method, `^${path}$`, effect);
      current.declare(house);
      expectCode(await house.muster(...current.argv, '--auto-approve'), 0);
      // A write that starts no task can't have its task fail.
      if (effect.kind !== 'fail-task') expect(house.cluster.world.faults).toEqual([]);
      expect(oursIn(house).map(({ vmid }) => vmid)).toEqual([9100]);
      await expectSettled(house);
    },
  );
});
