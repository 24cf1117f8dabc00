import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../src/model/inventory.ts';
import type { CheckResult } from '../../src/model/state.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import {
  config,
  deployed,
  inventoryOf,
  type Made,
  made,
  NOW,
  planOf,
  type Scene,
  stateOf,
  uuidOf,
  vm,
  withWorkers,
  workerIn,
} from './support/builders.ts';
import { A, resting, type Twist, twisted } from './support/scenes.ts';

/** Worker `a` and its VM with this twist, declared as it was unless said otherwise. */
function seen(
  twist: Twist,
  change: Partial<Inventory> = {},
  [fields, was]: readonly [WorkerFields, WorkerFields] = [A, A],
): Scene {
  return {
    declaration: withWorkers({ a: fields }),
    ...deployed({ a: twisted(resting(was), twist) }, change),
  };
}

/** The record of a worker whose node has left the cluster, beside another worker that is still there. */
function nodeLeft(declared: Readonly<Record<string, WorkerFields>>): Scene {
  const { record } = resting();
  const gone = {
    ...record,
    vm: { vmid: 9100, node: 'pve9', uuid: uuidOf(9100) },
    declared: { ...record.declared, node: 'pve9' },
  };
  const b = { b: { node: 'pve2' } };
  const { state, inventory } = deployed({ b: made(workerIn(withWorkers(b), 'b'), 9101) });
  return {
    declaration: withWorkers({ ...declared, ...b }),
    state: { ...state, workers: { ...state.workers, a: gone } },
    inventory: { ...inventory, absent: { 9100: 'gone' } },
  };
}

const recycled = (facts: Partial<Made['vm']>): Scene => ({
  declaration: withWorkers({ a: A }),
  state: stateOf({ a: resting().record }),
  inventory: inventoryOf({
    vms: { 9100: vm(9100, { node: 'pve2', ...facts }) },
    configs: { 9100: config({ smbios1: 'uuid=3cbeced6-cd59-41d3-9956-8966812c39e5' }) },
  }),
});

/** What its last test saw. */
function failed(...checks: readonly CheckResult[]): Scene {
  return seen({ record: { last: { test: { result: 'failed', at: NOW, checks } } } });
}

describe('what a plan says of a worker without doing it, and how to go on', () => {
  test.each<[string, Scene, readonly object[]]>([
    [
      'a node that left, and the worker is declared for it',
      nodeLeft({ a: { node: 'pve9' } }),
      [
        {
          code: 'node-gone',
          worker: 'a',
          node: 'pve9',
          message: 'pve9, the node of a, is not in the cluster any more; its record is dropped',
          remedy: 'Remove a from the declaration, or declare another node.',
        },
      ],
    ],
    [
      'a node that left, and the worker is not declared any more',
      nodeLeft({}),
      [
        {
          code: 'node-gone',
          worker: 'a',
          node: 'pve9',
          message:
            'pve9, the node of a (vm 9100), is not in the cluster any more; its record is dropped',
          remedy:
            'If the node comes back, delete that VM there, or adopt it by declaring the worker.',
        },
      ],
    ],
    [
      'an id that another VM has now',
      recycled({ name: 'web' }),
      [
        {
          code: 'recycled-vmid',
          worker: 'a',
          vmid: 9100,
          node: 'pve2',
          message: 'vm 9100, once of a, is another one now: VM web; it is not touched',
        },
      ],
    ],
    [
      'an id that a container without a name has now',
      recycled({ kind: 'lxc' }),
      [
        {
          code: 'recycled-vmid',
          worker: 'a',
          vmid: 9100,
          node: 'pve2',
          message:
            'vm 9100, once of a, is another one now: container without a name; it is not touched',
        },
      ],
    ],
    [
      'marks that somebody changed',
      seen({ config: { smbios1: 'uuid=3cbeced6-cd59-41d3-9956-8966812c39e5' } }),
      [
        {
          code: 'ambiguous',
          worker: 'a',
          vmid: 9100,
          node: 'pve1',
          message:
            "vm 9100 can't be told for certain to be a: its SMBIOS uuid or serial was changed; nothing is written",
          remedy: 'Compare smbios1 and description of both; delete the copy, or: muster state rm a',
        },
      ],
    ],
    [
      'a clone that has not ended',
      seen({ config: { lock: 'clone' } }),
      [
        {
          code: 'needs-root-unlock',
          worker: 'a',
          vmid: 9100,
          node: 'pve1',
          message: 'vm 9100 is locked (clone): its task still runs, or died and left the lock',
          remedy: 'If no task runs: on pve1 as root: qm unlock 9100 && qm destroy 9100 --purge',
        },
      ],
    ],
    [
      'devices, a snapshot and a hook script that somebody added',
      seen({
        config: {
          net1: 'virtio=BC:24:11:AA:BB:01,bridge=vmbr1',
          scsi1: 'local-lvm:vm-9100-disk-7,size=1G',
          ide3: 'local:iso/debian.iso,media=cdrom',
          usb0: 'host=1-2',
          parent: 'before',
          hookscript: 'local:snippets/hook.pl',
        },
      }),
      [
        {
          code: 'hook-script',
          worker: 'a',
          vmid: 9100,
          node: 'pve1',
          message: 'vm 9100 (a) runs the hook script local:snippets/hook.pl',
        },
        {
          code: 'snapshots',
          worker: 'a',
          vmid: 9100,
          node: 'pve1',
          message: 'vm 9100 (a) has snapshots, the last is before',
        },
        {
          code: 'undeclared-device',
          worker: 'a',
          vmid: 9100,
          node: 'pve1',
          message:
            'net1 of vm 9100 (a) was added outside of Muster: virtio=BC:24:11:AA:BB:01,bridge=vmbr1',
          remedy: 'Remove it in PVE, or declare it.',
        },
        {
          code: 'undeclared-device',
          worker: 'a',
          vmid: 9100,
          node: 'pve1',
          message:
            'scsi1 of vm 9100 (a) was added outside of Muster: local-lvm:vm-9100-disk-7,size=1G',
          remedy: 'Remove it in PVE, or declare it.',
        },
        {
          code: 'undeclared-device',
          worker: 'a',
          vmid: 9100,
          node: 'pve1',
          message: 'usb0 of vm 9100 (a) was added outside of Muster: host=1-2',
          remedy: 'Remove it in PVE, or declare it.',
        },
      ],
    ],
    [
      'high availability, while nothing is to be done',
      seen({ vm: { haState: 'started' } }),
      [
        {
          code: 'ha-managed',
          worker: 'a',
          vmid: 9100,
          node: 'pve1',
          message: 'vm 9100 (a) is under HA or replication: PVE may start or move it',
          remedy: 'Remove its HA or replication entry.',
        },
      ],
    ],
    [
      'a test that failed at one check',
      failed(
        { id: 'dns', result: 'pass', ms: 3, seen: 'ok' },
        { id: 'gateway', result: 'fail', ms: 3000, seen: 'no answer from 192.0.2.1' },
      ),
      [
        {
          code: 'test-failed',
          worker: 'a',
          message: 'the last test of a failed at "gateway": no answer from 192.0.2.1',
          remedy: 'Mend it, then: muster test a',
        },
      ],
    ],
    [
      'a test that failed before its checks',
      failed(),
      [
        {
          code: 'test-failed',
          worker: 'a',
          message: 'the last test of a failed',
          remedy: 'Mend it, then: muster test a',
        },
      ],
    ],
  ])('%s', (_, scene, findings) => {
    expect(planOf(scene).findings).toEqual(findings);
  });
});
