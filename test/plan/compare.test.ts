import { describe, expect, test } from 'vitest';
import type { Declaration } from '../../src/model/declaration.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import { compareDeclarations } from '../../src/plan/compare-declarations.ts';
import { declarationOf, withWorkers } from './support/builders.ts';

const A: WorkerFields = { node: 'pve1' };

describe('what a declaration says otherwise', () => {
  test('workers come by what becomes of them, then by name', () => {
    const before = withWorkers({ z: A, y: A, x: A, old: A, kept: A, same: A });
    const after = withWorkers(
      { w: A, b: A, new: A, kept: { ...A, cpu: { cores: 2 } }, same: A },
      { renamed: { old: 'new' }, removed: ['y'] },
    );
    const { workers } = compareDeclarations(before, after);
    expect(workers.map(({ kind, worker, from }) => [kind, worker, from])).toEqual([
      ['removed', 'x', undefined],
      ['removed', 'z', undefined],
      ['changed', 'kept', undefined],
      ['renamed', 'new', 'old'],
      ['dropped', 'y', undefined],
      ['added', 'b', undefined],
      ['added', 'w', undefined],
    ]);
  });

  test.each<[string, WorkerFields, WorkerFields, readonly object[]]>([
    [
      'a field that comes or goes is null on the other side',
      { ...A, description: 'x' },
      { ...A, protect: true },
      [
        { path: 'description', before: 'x', after: null },
        { path: 'protect', before: null, after: true },
      ],
    ],
    [
      'the fields come by their paths',
      { ...A, protect: true },
      { ...A, description: 'x' },
      [
        { path: 'description', before: null, after: 'x' },
        { path: 'protect', before: true, after: null },
      ],
    ],
    [
      'a NIC is compared member by member',
      { ...A, networks: [{ bridge: 'vmbr0', vlan: 1 }] },
      { ...A, networks: [{ bridge: 'vmbr0', vlan: 2 }, { bridge: 'vmbr1' }] },
      [
        { path: 'networks[0].vlan', before: 1, after: 2 },
        { path: 'networks[1].bridge', before: null, after: 'vmbr1' },
      ],
    ],
    [
      'a list of plain values is one value',
      { ...A, tags: ['a', 'b'] },
      { ...A, tags: ['a', 'c'] },
      [{ path: 'tags', before: ['a', 'b'], after: ['a', 'c'] }],
    ],
    [
      'a worker without a node of its own',
      { description: '${worker.name}' },
      A,
      [
        { path: 'description', before: 'a', after: null },
        { path: 'node', before: null, after: 'pve1' },
      ],
    ],
  ])('%s', (_, before, after, changes) => {
    const compared = compareDeclarations(withWorkers({ a: before }), withWorkers({ a: after }));
    expect(compared.workers).toMatchObject([{ worker: 'a', kind: 'changed' }]);
    expect(compared.workers[0]?.changes).toEqual(changes);
  });

  const setOn = (nodes: Declaration['workerSets'][string]['nodes']): Declaration =>
    declarationOf({
      workerSets: {
        every: { nodes, name: 'w-${node}', worker: {}, perNode: { pve2: { protect: true } } },
      },
    });

  test('a set on all nodes is compared by the nodes that the texts name, and one for the rest', () => {
    const { workers } = compareDeclarations(setOn(['pve1', 'pve2']), setOn('all'));
    expect(workers.map(({ kind, worker }) => [kind, worker])).toEqual([['added', 'w-each-node']]);
  });

  test('a node that a set leaves out loses its worker', () => {
    const { workers } = compareDeclarations(setOn('all'), setOn({ except: ['pve2'] }));
    expect(workers.map(({ kind, worker }) => [kind, worker])).toEqual([['removed', 'w-pve2']]);
  });

  test('a node counts that only a set leaves out, or that only a worker is declared for', () => {
    const left = compareDeclarations(setOn('all'), setOn({ except: ['pve3'] })).workers;
    expect(left.map(({ kind, worker }) => [kind, worker])).toEqual([['removed', 'w-pve3']]);
    const beside = { workers: { a: { node: 'pve7' } } };
    const { workers } = compareDeclarations(
      { ...setOn(['pve2']), ...beside },
      { ...setOn('all'), ...beside },
    );
    expect(workers.map(({ kind, worker }) => [kind, worker])).toEqual([
      ['added', 'w-each-node'],
      ['added', 'w-pve7'],
    ]);
  });

  test('what a set says is filled in for each node, and a set that only lists its nodes anew is no change', () => {
    const described = (nodes: readonly string[]) =>
      declarationOf({
        workerSets: {
          every: {
            nodes,
            name: 'w-${node}',
            worker: { description: '${worker.name} on ${node}' },
            perNode: {},
          },
        },
      });
    const changed = compareDeclarations(described(['pve1']), described(['pve2', 'pve1'])).workers;
    expect(changed).toMatchObject([
      {
        worker: 'w-pve2',
        changes: [
          { path: 'description', after: 'w-pve2 on pve2' },
          { path: 'image' },
          { path: 'node', after: 'pve2' },
          { path: 'storage' },
        ],
      },
    ]);
  });

  test('a worker whose new name is not declared is removed, whatever it was to become', () => {
    const renamed = { renamed: { a: 'b' } };
    const before = withWorkers({ a: A, c: A });
    const kinds = (after: Declaration) =>
      compareDeclarations(before, after).workers.map(({ kind, worker }) => [kind, worker]);
    expect(kinds(withWorkers({ c: A }, renamed))).toEqual([['removed', 'a']]);
    expect(kinds(withWorkers({ b: A, c: A }, renamed))).toEqual([['renamed', 'b']]);
    // It was renamed before, and the block is still there.
    expect(
      compareDeclarations(withWorkers({ b: A }), withWorkers({ b: A }, renamed)).workers,
    ).toEqual([]);
  });

  test('what is no worker is listed apart', () => {
    const after = declarationOf({ guards: { forbid: ['destroy'], maxDestroy: 2 } });
    expect(compareDeclarations(declarationOf(), after).others).toEqual([
      { path: 'guards.forbid', before: [], after: ['destroy'] },
      { path: 'guards.maxDestroy', before: null, after: 2 },
    ]);
  });
});
