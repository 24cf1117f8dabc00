import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../src/model/inventory.ts';
import { GiB } from '../../src/model/quantity.ts';
import type { RunRecord } from '../../src/model/state.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import {
  deployed,
  inventoryOf,
  NOW,
  node,
  planOf,
  runOf,
  type Scene,
  stateOf,
  uuidOf,
  vm,
  withWorkers,
} from './support/builders.ts';
import { bearing, ownerOf } from './support/marked.ts';
import { A, resting, type Twist, twisted } from './support/scenes.ts';

const BIGGER: WorkerFields = { ...A, memory: 8 * GiB };

/** Worker `a` with something to be done to its VM. */
function busy(twist: Twist, fields: WorkerFields = BIGGER, change: Partial<Inventory> = {}): Scene {
  return {
    declaration: withWorkers({ a: fields }),
    ...deployed({ a: twisted(resting(), twist) }, change),
  };
}

/** Worker `a`, which would be destroyed. */
function undeclared(twist: Twist, was: WorkerFields = A): Scene {
  return { declaration: withWorkers({}), ...deployed({ a: twisted(resting(was), twist) }) };
}

function absent(absence: 'invisible' | 'unreachable', change: Partial<Inventory> = {}): Scene {
  return {
    declaration: withWorkers({ a: A }),
    state: stateOf({ a: resting().record }),
    inventory: inventoryOf({ absent: { 9100: absence }, ...change }),
  };
}

/** Quarantined, and running or not. */
function quarantined(until?: number, fields = BIGGER, vm: Twist['vm'] = {}): Scene {
  const quarantine = {
    by: 'ci@runner-3',
    note: 'its disk is slow',
    ...(until === undefined ? {} : { until }),
  };
  return busy({ record: { quarantine }, vm }, fields);
}

function leased(run: RunRecord): Scene {
  const scene = busy({});
  const record = { ...resting().record, lease: { run: run.id, fence: 1 } };
  return { ...scene, state: stateOf({ a: record }, { runs: { [run.id]: run } }) };
}

/** Why, by what, what to do, and until when, as far as the plan says it. */
function heldIn(scene: Scene): readonly unknown[] | undefined {
  const { held } = planOf(scene).workers.find(({ worker }) => worker === 'a') ?? {};
  if (held === undefined) return undefined;
  return [held.why, held.by, held.remedy, held.until].filter((each) => each !== undefined);
}

describe('what holds a worker is named, with what to do', () => {
  test.each<[string, Scene, readonly unknown[] | undefined]>([
    [
      'its node does not answer',
      absent('unreachable'),
      [
        'unreachable',
        'node pve1 does not answer',
        'Bring its node back, then plan again; the record of a is kept.',
      ],
    ],
    [
      'its node is offline',
      absent('unreachable', { nodes: { pve1: node({ online: false }), pve2: node() } }),
      [
        'unreachable',
        'node pve1 is offline',
        'Bring its node back, then plan again; the record of a is kept.',
      ],
    ],
    [
      'its node is offline and still lists it',
      busy({}, A, { nodes: { pve1: node({ online: false }), pve2: node() } }),
      [
        'unreachable',
        'node pve1 is offline',
        'Bring its node back, then plan again; the record of a is kept.',
      ],
    ],
    [
      'its id is taken by what can not be seen',
      absent('invisible'),
      [
        'invisible',
        'its id is taken, and the token may not see by what',
        'Give the token VM.Audit on that VM or its pool.',
      ],
    ],
    [
      'the node where it would be made is offline',
      {
        declaration: withWorkers({ a: { ...A, deploy: 'eager' } }),
        inventory: inventoryOf({ nodes: { pve1: node({ online: false }), pve2: node() } }),
      },
      ['unreachable', 'node pve1 is offline', 'Bring pve1 back, then plan again.'],
    ],
    [
      'the node where it would be made does not answer',
      {
        declaration: withWorkers({ a: { ...A, deploy: 'eager' } }),
        inventory: inventoryOf({
          nodes: { pve1: node({ unreachable: '595 No route to host' }), pve2: node() },
        }),
      },
      ['unreachable', '595 No route to host', 'Bring pve1 back, then plan again.'],
    ],
    [
      'nothing, when only its record is written for that node',
      {
        declaration: withWorkers({ a: A }),
        inventory: inventoryOf({ nodes: { pve1: node({ online: false }), pve2: node() } }),
      },
      undefined,
    ],
    [
      'a run holds it',
      leased(runOf('r1')),
      [
        'leased',
        'apply r1 of ci@runner-3 (pid 812 on runner-3)',
        'Wait for it to end, or use --wait.',
      ],
    ],
    [
      'a session holds it',
      leased(runOf('r1', { kind: 'session', session: 'nightly-1' })),
      [
        'leased',
        'session nightly-1',
        'It is led by ci@runner-3 (pid 812 on runner-3). Wait for it to end, or use --wait.',
      ],
    ],
    [
      'a session without a name holds it',
      leased(runOf('r1', { kind: 'session' })),
      [
        'leased',
        'session r1 of ci@runner-3 (pid 812 on runner-3)',
        'Wait for it to end, or use --wait.',
      ],
    ],
    [
      'a lock',
      busy({ config: { lock: 'backup' } }),
      ['locked', 'lock backup', 'Wait for the backup of vm 9100 to end, or use --wait.'],
    ],
    [
      'a lock that only the list shows',
      busy({ vm: { lock: 'snapshot' } }),
      ['locked', 'lock snapshot', 'Wait for the snapshot of vm 9100 to end, or use --wait.'],
    ],
    [
      'high availability',
      busy({ vm: { haState: 'started' } }),
      [
        'ha-managed',
        'vm 9100 is under HA or replication',
        'Remove the HA or replication entry of that VM; Muster powers its workers itself.',
      ],
    ],
    [
      'replication',
      busy({}, BIGGER, { haManaged: [9100] }),
      [
        'ha-managed',
        'vm 9100 is under HA or replication',
        'Remove the HA or replication entry of that VM; Muster powers its workers itself.',
      ],
    ],
    [
      'protection as it is declared',
      { ...busy({}, { ...A, protect: true }), options: { destroy: true } },
      ['protected', 'protect: true', 'Declare a with "protect: false" and apply that first.'],
    ],
    [
      'protection as it was applied',
      undeclared({}, { ...A, protect: true }),
      ['protected', 'protect: true', 'Declare a with "protect: false" and apply that first.'],
    ],
    [
      'protection that somebody set in PVE',
      undeclared({ config: { protection: '1' } }),
      [
        'protected',
        'protection of the VM itself',
        'Somebody protected it in PVE. To let it go: qm set 9100 --protection 0',
      ],
    ],
    [
      'a volume of somebody else',
      undeclared({
        config: { scsi1: 'local-lvm:vm-500-disk-0,size=1G', scsi2: 'other:vm-501-disk-0,size=1G' },
      }),
      [
        'guard',
        'volume of somebody else: scsi1: local-lvm:vm-500-disk-0, scsi2: other:vm-501-disk-0',
      ],
    ],
    [
      'doubt whose it is',
      {
        ...busy({ config: { smbios1: 'uuid=3cbeced6-cd59-41d3-9956-8966812c39e5' } }),
        options: { replace: ['a'] },
      },
      [
        'guard',
        "vm 9100 can't be told for certain to be its own: its SMBIOS uuid or serial was changed",
        'Compare smbios1 and description of both VMs, and delete the copy.',
      ],
    ],
    [
      'doubt, because another VM has its uuid',
      {
        ...busy({ record: { vm: { vmid: 9100, node: 'pve1', uuid: uuidOf(9100) } } }, BIGGER, {
          vms: { 9104: vm(9104) },
          configs: {
            9104: bearing(ownerOf(9104), { smbios1: resting().config.values.smbios1 ?? '' }),
          },
        }),
        options: { replace: ['a'] },
      },
      [
        'guard',
        "vm 9100 can't be told for certain to be its own: another VM has the same SMBIOS uuid 00000000-0000-4000-8000-000000009100",
        'Compare smbios1 and description of both VMs, and delete the copy.',
      ],
    ],
    [
      'quarantine',
      quarantined(),
      ['quarantined', 'ci@runner-3: its disk is slow', 'To end that:  muster release a'],
    ],
    [
      'quarantine until a time',
      quarantined(NOW + 60_000),
      [
        'quarantined',
        'ci@runner-3: its disk is slow',
        'To end that:  muster release a',
        NOW + 60_000,
      ],
    ],
    ['nothing any more when the time of its quarantine has come', quarantined(NOW), undefined],
    [
      'quarantine, which leaves its record free',
      quarantined(undefined, { ...A, labels: { site: 'north' } }),
      undefined,
    ],
    [
      'quarantine, which lets it be powered off',
      quarantined(undefined, A, { status: 'running' }),
      undefined,
    ],
    [
      'quarantine of an update that a power-off goes before',
      quarantined(undefined, BIGGER, { status: 'running' }),
      ['quarantined', 'ci@runner-3: its disk is slow', 'To end that:  muster release a'],
    ],
  ])('%s', (_, scene, held) => {
    expect(heldIn(scene)).toEqual(held);
  });
});
