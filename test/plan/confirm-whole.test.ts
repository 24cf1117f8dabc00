import { describe, expect, test } from 'vitest';
import { GiB } from '../../src/model/quantity.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import { confirm } from '../../src/plan/confirm.ts';
import {
  deployed,
  inventoryOf,
  made,
  planOf,
  type Scene,
  stateOf,
  vm,
  withWorkers,
  workerIn,
} from './support/builders.ts';
import { A, one, resting, twisted } from './support/scenes.ts';

const GROWN: WorkerFields = { ...A, memory: 8 * GiB };
const STAYS = { ...A, onImageChange: 'ignore' } as const;
const NEWER = {
  images: { debian: { kind: 'template', template: { by: 'vmid', vmid: 9001 }, clone: 'full' } },
} as const;
const template = { vms: { 9001: vm(9001, { template: true }) } };

const atRest = () => deployed({ a: resting() });
const configured = () => {
  const { vm: _v, observed: _o, image: _i, ...record } = resting().record;
  return { state: stateOf({ a: record }) };
};
const running = () => deployed({ a: twisted(resting(), { vm: { status: 'running' } }) });
const foreign = () =>
  deployed({ a: twisted(resting(), { config: { unused0: 'local-lvm:vm-9100-disk-7' } }) });

/** Two on one node whose template changed: one is replaced now, the other waits, and grows in place. */
function secondOfTwo(): Scene {
  const before = withWorkers({ '1st': A, a: A });
  const workers = {
    '1st': made(workerIn(before, '1st'), 9101),
    a: made(workerIn(before, 'a'), 9100),
  };
  return {
    declaration: withWorkers({ '1st': A, a: GROWN }, NEWER),
    ...deployed(workers, template),
  };
}

const SCENES: readonly (readonly [string, readonly string[], () => Scene])[] = [
  ['a new one', ['configure'], () => ({ declaration: withWorkers({ a: A }) })],
  [
    'a new eager one',
    ['configure', 'deploy'],
    () => ({ declaration: withWorkers({ a: { ...A, deploy: 'eager' } }) }),
  ],
  [
    'the test of one without a VM',
    ['deploy', 'test'],
    () => ({ declaration: withWorkers({ a: A }), ...configured(), options: { test: true } }),
  ],
  ['an update', ['update'], () => ({ declaration: withWorkers({ a: GROWN }), ...atRest() })],
  ['one that is on', ['shutdown'], () => ({ declaration: withWorkers({ a: A }), ...running() })],
  [
    'a replace that was asked for',
    ['replace'],
    () => ({ declaration: withWorkers({ a: A }), ...atRest(), options: { replace: ['a'] } }),
  ],
  [
    'a replace that takes volumes of others along, by force',
    ['replace'],
    () => ({
      ...{ declaration: withWorkers({ a: A }), ...foreign() },
      options: { replace: ['a'], force: ['a'] },
    }),
  ],
  [
    'a replace for a changed image',
    ['replace'],
    () => ({ declaration: withWorkers({ a: A }, NEWER), ...deployed({ a: resting() }, template) }),
  ],
  [
    'an update of one that keeps its former image',
    ['update'],
    () => ({
      declaration: withWorkers({ a: { ...STAYS, memory: 8 * GiB } }, NEWER),
      ...deployed({ a: resting(STAYS) }, template),
    }),
  ],
  ['an update of one whose replace waits its turn', ['update'], secondOfTwo],
  [
    'a new name',
    ['rename', 'update'],
    () => ({ declaration: withWorkers({ b: GROWN }, { renamed: { a: 'b' } }), ...atRest() }),
  ],
  [
    'a destroy that was asked for',
    ['destroy'],
    () => ({ declaration: withWorkers({ a: A }), ...atRest(), options: { destroy: true } }),
  ],
  [
    'one that is declared no more',
    ['destroy'],
    () => ({ declaration: withWorkers({}), ...atRest() }),
  ],
  [
    'one that is to be forgotten',
    ['forget'],
    () => ({ declaration: withWorkers({}, { removed: ['a'] }), ...atRest() }),
  ],
];

describe('what was planned, when nothing happened meanwhile, is confirmed whole', () => {
  test.each(SCENES)('%s', (_, actions, sceneOf) => {
    const scene = sceneOf();
    const name = scene.declaration.renamed.a ?? 'a';
    const worker = one(planOf(scene), name);
    expect(worker.actions).toEqual(actions);
    const { state = stateOf(), inventory = inventoryOf() } = scene;
    const told = confirm(worker, state, inventory);
    if (told.kind !== 'run') throw new Error(JSON.stringify(told));
    expect(told.worker.actions).toEqual(actions);
    expect(told.worker.from).toBe(worker.from);
    expect(told.worker.frees).toEqual(worker.frees);
    const what = ({ changes }: typeof worker) => changes.map(({ path, cost }) => [path, cost]);
    expect(what(told.worker)).toEqual(what(worker));
  });
});
