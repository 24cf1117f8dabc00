import { expect, test } from 'vitest';
import type { StorageFacts } from '../../src/model/inventory.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import { declarationOf, deployed, made, planOf, workerIn } from './support/builders.ts';

/** A worker without a declared storage, whose disk lies on local-lvm of pve1, is declared for pve2. */
function actionsOf(storagesOfPve2: readonly string[], moved: WorkerFields = {}) {
  const declare = (fields: WorkerFields) =>
    declarationOf({ defaults: { image: 'debian' }, workers: { a: fields } });
  const before = made(workerIn(declare({ node: 'pve1' }), 'a'), 9100);
  const storages = [
    storage('pve1', 'local-lvm'),
    ...storagesOfPve2.map((name) => storage('pve2', name)),
  ];
  const scene = deployed(
    { a: before },
    {
      storages: Object.fromEntries(storages.map((each) => [`${each.node}/${each.storage}`, each])),
    },
  );
  const plan = planOf({ declaration: declare({ node: 'pve2', ...moved }), ...scene });
  return plan.workers.map(({ actions }) => actions);
}

function storage(node: string, name: string): StorageFacts {
  return {
    node,
    storage: name,
    enabled: true,
    active: true,
    shared: false,
    type: 'lvmthin',
    content: ['images'],
    total: 1e12,
    available: 1e12,
  };
}

test('a VM moves to a node that has the storage where its disk lies', () => {
  expect(actionsOf(['local-lvm'])).toEqual([['update']]);
});

test('a VM is made anew on a node that lacks the storage where its disk lies: no move could end there', () => {
  expect(actionsOf(['local-zfs'])).toEqual([['replace']]);
});

test('a declared storage that the other node has takes the disk', () => {
  expect(actionsOf(['local-zfs'], { storage: 'local-zfs' })).toEqual([['update']]);
});
