import { describe, expect, test } from 'vitest';
import type { Declaration } from '../../src/model/declaration.ts';
import type { StorageFacts } from '../../src/model/inventory.ts';
import { GiB } from '../../src/model/quantity.ts';
import { expand } from '../../src/plan/expand.ts';
import type { ExpandFacts } from '../../src/plan/expand-facts.ts';
import { declarationOf } from './support/builders.ts';

interface Scene {
  readonly declared: Partial<Declaration>;
  readonly storages?: readonly StorageFacts[];
}

const FACTS: ExpandFacts = {
  nodes: { pve2: { cpus: 4, memory: 16 * GiB }, pve1: { cpus: 16, memory: 64 * GiB } },
  vms: [],
  storages: [],
};

const A = { node: 'pve1' };
const bare: Partial<Declaration> = {
  defaults: { image: 'debian' },
  images: { debian: { kind: 'import', volume: 'local:import/d.qcow2' } },
  workers: { a: A },
};
const two: Partial<Declaration> = {
  images: { debian: { kind: 'import', volume: 'x' }, alpine: { kind: 'import', volume: 'y' } },
};

function storage(name: string, change: Partial<StorageFacts> = {}): StorageFacts {
  return {
    node: 'pve1',
    storage: name,
    enabled: true,
    active: true,
    shared: false,
    type: 'dir',
    content: ['images'],
    total: 1,
    available: 1,
    ...change,
  };
}

const set = (nodes: readonly string[], name: string) => ({ nodes, name, worker: {}, perNode: {} });

function mistakesOf({ declared, storages = [] }: Scene) {
  return expand(declarationOf(declared), { ...FACTS, storages }).diagnostics;
}

describe('a mistake of a declaration shows where it is, and what to declare', () => {
  test.each<[string, Scene, readonly object[]]>([
    [
      'a worker without a node',
      { declared: { workers: { a: {} } } },
      [
        {
          severity: 'error',
          code: 'missing-node',
          message: 'worker a has no node',
          labels: [{ file: 'muster.yaml', line: 2, column: 1 }],
          remedy: 'Declare "node" for it.',
        },
      ],
    ],
    [
      'a worker without an image',
      { declared: { defaults: {}, workers: { a: A } } },
      [
        {
          severity: 'error',
          code: 'missing-image',
          message: 'worker a has no image',
          labels: [{ file: 'muster.yaml', line: 2, column: 1 }],
          remedy: 'Declare "image" for it, or once under "defaults".',
        },
      ],
    ],
    [
      'an image that is not declared',
      { declared: { ...two, workers: { a: { ...A, image: 'suse' } } } },
      [
        {
          severity: 'error',
          code: 'unknown-image',
          message: 'worker a uses the image suse, which is not declared',
          labels: [{ file: 'muster.yaml', line: 2, column: 1 }],
          remedy: 'Declare it under "images", or use one of: alpine, debian.',
        },
      ],
    ],
    [
      'an image where none is declared',
      { declared: { images: {}, workers: { a: A } } },
      [
        {
          severity: 'error',
          code: 'unknown-image',
          message: 'worker a uses the image debian, which is not declared',
          labels: [{ file: 'muster.yaml', line: 2, column: 1 }],
          remedy: 'Declare it under "images".',
        },
      ],
    ],
    [
      'two storages to choose from, and one of another node',
      {
        declared: bare,
        storages: [storage('zfs'), storage('fast'), storage('far', { node: 'pve2' })],
      },
      [
        {
          severity: 'error',
          code: 'storage-undecided',
          message: 'worker a names no storage, and pve1 has 2 that take disk images',
          labels: [{ file: 'muster.yaml', line: 2, column: 1 }],
          detail: ['storages with content "images" on pve1: fast, zfs'],
          remedy: 'Declare "storage" for it, or once under "defaults".',
        },
      ],
    ],
    [
      'no storage that takes disk images',
      {
        declared: bare,
        storages: [storage('local', { content: ['iso'] }), storage('off', { enabled: false })],
      },
      [
        {
          severity: 'error',
          code: 'storage-undecided',
          message: 'worker a names no storage, and pve1 has 0 that take disk images',
          labels: [{ file: 'muster.yaml', line: 2, column: 1 }],
          detail: ['storages with content "images" on pve1: none'],
          remedy: 'Declare "storage" for it, or once under "defaults".',
        },
      ],
    ],
    [
      'nothing with one storage that takes them',
      { declared: bare, storages: [storage('fast'), storage('far', { node: 'pve2' })] },
      [],
    ],
    [
      'two members of sets with one name',
      {
        declared: {
          workerSets: { x: set(['pve1', 'pve2'], 'w-${node}'), y: set(['pve2'], 'w-pve2') },
        },
      },
      [
        {
          severity: 'error',
          code: 'duplicate-worker',
          message: 'two workers have the name w-pve2',
          labels: [
            { file: 'muster.yaml', line: 2, column: 1, text: 'workerSets.x, for pve2' },
            { file: 'muster.yaml', line: 2, column: 1, text: 'workerSets.y, for pve2' },
          ],
          remedy: 'Give one of them another name; a set takes "${node}" in its name.',
        },
      ],
    ],
    [
      'two members of one set with one name',
      { declared: { workerSets: { x: set(['pve2', 'pve1'], 'w') } } },
      [
        {
          severity: 'error',
          code: 'duplicate-worker',
          message: 'two workers have the name w',
          labels: [
            { file: 'muster.yaml', line: 2, column: 1, text: 'workerSets.x, for pve1' },
            { file: 'muster.yaml', line: 2, column: 1, text: 'workerSets.x, for pve2' },
          ],
          remedy: 'Give one of them another name; a set takes "${node}" in its name.',
        },
      ],
    ],
    [
      'a worker on another node than the member of its name',
      { declared: { workerSets: { x: set(['pve1'], 'a') }, workers: { a: { node: 'pve2' } } } },
      [
        {
          severity: 'error',
          code: 'duplicate-worker',
          message: 'two workers have the name a',
          labels: [
            { file: 'muster.yaml', line: 2, column: 1, text: 'workerSets.x, for pve1' },
            { file: 'muster.yaml', line: 2, column: 1, text: 'declared here' },
          ],
          remedy: 'Give one of them another name; a set takes "${node}" in its name.',
        },
      ],
    ],
    [
      'nothing with one on the same node',
      { declared: { workerSets: { x: set(['pve1'], 'a') }, workers: { a: A } } },
      [],
    ],
    [
      'an address that one worker has twice',
      {
        declared: {
          workers: {
            a: {
              ...A,
              networks: [
                { bridge: 'x', ipv4: { address: '10.0.0.5/24' } },
                { bridge: 'y', ipv4: { address: '10.0.0.5/24' } },
              ],
            },
          },
        },
      },
      [
        {
          severity: 'error',
          code: 'duplicate-address',
          message: 'worker a has twice the address 10.0.0.5',
          labels: [
            { file: 'muster.yaml', line: 5, column: 1, text: 'a' },
            { file: 'muster.yaml', line: 5, column: 1, text: 'a' },
          ],
          remedy: 'Give one of them another address.',
        },
      ],
    ],
    [
      'an id that two workers have',
      { declared: { workers: { a: { ...A, vmid: 9101 }, b: { ...A, vmid: 9101 } } } },
      [
        {
          severity: 'error',
          code: 'duplicate-vmid',
          message: 'two workers have the vmid 9101',
          labels: [
            { file: 'muster.yaml', line: 3, column: 1, text: 'a' },
            { file: 'muster.yaml', line: 3, column: 1, text: 'b' },
          ],
          remedy: 'Give one of them another vmid.',
        },
      ],
    ],
  ])('%s', (_, scene, mistakes) => {
    expect(mistakesOf(scene)).toEqual(mistakes);
  });
});
