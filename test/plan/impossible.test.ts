import { describe, expect, test } from 'vitest';
import { type Diagnostic, DiagnosticsError } from '../../src/model/diagnostic.ts';
import { GiB } from '../../src/model/quantity.ts';
import {
  declarationOf,
  deployed,
  inventoryOf,
  node,
  planOf,
  type Scene,
  stateOf,
  vm,
  withWorkers,
} from './support/builders.ts';
import { bearing, ownerOf } from './support/marked.ts';
import { A, resting } from './support/scenes.ts';

function mistakesOf(scene: Scene): readonly Diagnostic[] {
  try {
    planOf(scene);
  } catch (error) {
    if (error instanceof DiagnosticsError) return error.diagnostics;
    throw error;
  }
  return [];
}

describe('a plan that can not be made says what is wrong, where, and what to do', () => {
  test.each<[string, Scene, readonly object[]]>([
    [
      'a disk that would shrink',
      {
        declaration: withWorkers({ a: { ...A, disk: { size: 10 * GiB } } }),
        ...deployed({ a: resting() }),
      },
      [
        {
          severity: 'error',
          code: 'disk-shrinks',
          message: "the disk of a can't shrink from 20 GiB to 10 GiB",
          labels: [{ file: 'muster.yaml', line: 4, column: 1 }],
          detail: ['Proxmox VE only grows disks.'],
          remedy: 'Declare at least 20 GiB, or make the VM anew: muster destroy a, then apply.',
        },
      ],
    ],
    [
      'a disk of an adopted VM that would shrink',
      {
        declaration: withWorkers({ a: { ...A, disk: { size: 2 * GiB } } }),
        state: stateOf(),
        inventory: inventoryOf({
          vms: { 9100: vm(9100) },
          configs: { 9100: bearing(ownerOf(9100)) },
        }),
      },
      [
        {
          severity: 'error',
          code: 'disk-shrinks',
          message: "the disk of a can't shrink from 3 GiB to 2 GiB",
          labels: [{ file: 'muster.yaml', line: 4, column: 1 }],
          detail: ['Proxmox VE only grows disks.'],
          remedy: 'Declare at least 3 GiB, or make the VM anew: muster destroy a, then apply.',
        },
      ],
    ],
    [
      'a node that the cluster does not have',
      {
        declaration: withWorkers({ a: { node: 'pve8' } }),
        inventory: inventoryOf({ nodes: { pve2: node(), pve1: node() } }),
        options: { strict: true },
      },
      [
        {
          severity: 'error',
          code: 'unknown-node',
          message: 'worker a is declared for node pve8, which the cluster does not have',
          labels: [{ file: 'muster.yaml', line: 3, column: 1 }],
          detail: ['nodes: pve1, pve2'],
          remedy: "Declare one of the cluster's nodes, or remove the worker; it is left out.",
        },
      ],
    ],
    [
      'an id that another guest has',
      {
        declaration: withWorkers({ a: { ...A, vmid: 9105 } }),
        inventory: inventoryOf({ vms: { 9105: vm(9105, { name: 'web', node: 'pve2' }) } }),
      },
      [
        {
          severity: 'error',
          code: 'vmid-taken',
          message: 'vm id 9105, declared for a, is taken by web on pve2',
          labels: [{ file: 'muster.yaml', line: 2, column: 1 }],
          remedy: 'Declare another vmid, or none: then Muster takes a free one of cluster.vmids.',
        },
      ],
    ],
    [
      'an id that a guest without a name has',
      {
        declaration: withWorkers({ a: { ...A, vmid: 9105 } }),
        inventory: inventoryOf({ vms: { 9105: vm(9105) } }),
      },
      [
        {
          severity: 'error',
          code: 'vmid-taken',
          message: 'vm id 9105, declared for a, is taken by another guest on pve1',
          labels: [{ file: 'muster.yaml', line: 2, column: 1 }],
          remedy: 'Declare another vmid, or none: then Muster takes a free one of cluster.vmids.',
        },
      ],
    ],
    [
      'a range of ids that is used up',
      {
        declaration: withWorkers(
          { a: { ...A, deploy: 'eager' } },
          { cluster: { ...declarationOf().cluster, vmids: { from: 9100, to: 9100 } } },
        ),
        inventory: inventoryOf({ vms: { 9100: vm(9100) } }),
      },
      [
        {
          severity: 'error',
          code: 'no-free-vmid',
          message: 'no id from 9100 to 9100 is free for a',
          labels: [],
          remedy: 'Widen cluster.vmids, or remove guests that hold ids of this range.',
        },
      ],
    ],
    [
      'a name that no worker has',
      { declaration: withWorkers({ b: A, a: A }), options: { target: ['c'] } },
      [
        {
          severity: 'error',
          code: 'unknown-worker',
          message: '--target: there is no worker c',
          labels: [],
          detail: ['workers: a, b'],
        },
      ],
    ],
    [
      'a name where there are no workers',
      { declaration: withWorkers({}), options: { force: ['c'] } },
      [
        {
          severity: 'error',
          code: 'unknown-worker',
          message: '--force: there is no worker c',
          labels: [],
          detail: ['workers: none'],
        },
      ],
    ],
  ])('%s', (_, scene, mistakes) => {
    expect(mistakesOf(scene)).toEqual(mistakes);
  });
});
