import { describe, expect, test } from 'vitest';
import { type Diagnostic, DiagnosticsError } from '../../src/model/diagnostic.ts';
import { GiB } from '../../src/model/quantity.ts';
import {
  inventoryOf,
  node,
  planOf,
  type Scene,
  stateOf,
  uuidOf,
  vm,
  withWorkers,
} from './support/builders.ts';
import { bearing, ownerOf } from './support/marked.ts';
import { resting } from './support/scenes.ts';

const OTHER = '99999999-0000-4000-8000-000000000000';
const { cluster } = inventoryOf();

function mistakesOf(scene: Scene): readonly Diagnostic[] {
  try {
    planOf(scene);
  } catch (error) {
    if (error instanceof DiagnosticsError) return error.diagnostics;
    throw error;
  }
  return [];
}

describe('a cluster or a state that nothing can be planned for is named, with what to do', () => {
  test.each<[string, Scene, readonly object[]]>([
    [
      'the state of another environment',
      { declaration: withWorkers({}, { environment: '' }) },
      [
        {
          severity: 'error',
          code: 'foreign-state',
          message:
            'the state belongs to project backup, environment production, the declaration to project backup',
          labels: [],
          remedy: 'Choose the environment with -e, or correct state: or project: in muster.yaml.',
        },
      ],
    ],
    [
      'a cluster of another name',
      { declaration: withWorkers({}), state: stateOf({}, { cluster: { name: 'south' } }) },
      [
        {
          severity: 'error',
          code: 'other-cluster',
          message: 'the state is of cluster south, and https://pve1.example.net:8006 is north',
          labels: [],
          detail: [
            'If the same cluster has a new name: muster state pull, take out "cluster", muster state push.',
          ],
          remedy:
            'Check cluster.endpoint and the chosen environment: this looks like another cluster.',
        },
      ],
    ],
    [
      'a cluster that has none of the nodes',
      {
        declaration: withWorkers({}),
        state: stateOf(
          { a: { ...resting().record, vm: { vmid: 9100, node: 'pve9', uuid: uuidOf(9100) } } },
          { nodes: { pve8: { cpus: 4, memory: GiB } } },
        ),
        inventory: inventoryOf({ nodes: { pve2: node(), pve1: node() } }),
      },
      [
        {
          severity: 'error',
          code: 'other-cluster',
          message:
            'the state records the nodes pve8, pve9, and https://pve1.example.net:8006 has none of these nodes',
          labels: [],
          detail: ['nodes seen: pve1, pve2'],
          remedy:
            'Check cluster.endpoint and the chosen environment: this looks like another cluster.',
        },
      ],
    ],
    [
      'a cluster that shows no node',
      { declaration: withWorkers({}), inventory: inventoryOf({ nodes: {} }) },
      [
        {
          severity: 'error',
          code: 'other-cluster',
          message:
            'the state records the nodes pve1, pve2, and https://pve1.example.net:8006 has none of these nodes',
          labels: [],
          detail: ['nodes seen: none'],
          remedy:
            'Check cluster.endpoint and the chosen environment: this looks like another cluster.',
        },
      ],
    ],
    [
      'an empty state beside a VM of ours',
      {
        declaration: withWorkers({}),
        state: stateOf({}, { serial: 0, nodes: {} }),
        inventory: inventoryOf({
          vms: { 9100: vm(9100) },
          configs: { 9100: bearing(ownerOf(9100)) },
        }),
      },
      [
        {
          severity: 'error',
          code: 'state-lost',
          message:
            'the state is empty, but 1 VM bears the marks of project backup, environment production',
          labels: [],
          detail: ['vm 9100 on pve1: a'],
          remedy: 'Restore the state, or rebuild it from the marks: muster state recover',
        },
      ],
    ],
    [
      'a state of another lineage beside two VMs of ours',
      {
        declaration: withWorkers({}),
        state: stateOf(),
        inventory: inventoryOf({
          vms: { 9100: vm(9100), 9101: vm(9101, { node: 'pve2' }) },
          configs: {
            9100: bearing(ownerOf(9100, { lineage: OTHER })),
            9101: bearing(ownerOf(9101, { lineage: OTHER, worker: 'b' })),
          },
        }),
      },
      [
        {
          severity: 'error',
          code: 'state-lost',
          message:
            'the state records no VM, but 2 VMs bear the marks of project backup, environment production',
          labels: [],
          detail: ['vm 9100 on pve1: a', 'vm 9101 on pve2: b'],
          remedy: 'Restore the state, or rebuild it from the marks: muster state recover',
        },
      ],
    ],
    [
      'a Proxmox VE that is too old',
      {
        declaration: withWorkers({}),
        inventory: inventoryOf({ cluster: { ...cluster, version: '8.3.5' } }),
      },
      [
        {
          severity: 'error',
          code: 'pve-too-old',
          message: 'Proxmox VE 8.3.5 is not supported',
          labels: [],
          remedy: 'Muster needs Proxmox VE 8.4 or 9.x: upgrade the cluster.',
        },
      ],
    ],
    [
      'a cluster without quorum',
      {
        declaration: withWorkers({}),
        inventory: inventoryOf({ cluster: { ...cluster, quorate: false } }),
      },
      [
        {
          severity: 'error',
          code: 'no-quorum',
          message: 'the cluster has no quorum: nothing can be created or changed',
          labels: [],
          remedy: 'Bring nodes back until it has quorum. Powering off still works: muster shutdown',
        },
      ],
    ],
  ])('%s', (_, scene, mistakes) => {
    expect(mistakesOf(scene)).toEqual(mistakes);
  });
});
