import { describe, expect, test } from 'vitest';
import type { VmConfig } from '../../src/model/inventory.ts';
import { findOrphans, type Leftovers } from '../../src/plan/orphans.ts';
import { inventoryOf, NOW, runOf, stateOf, vm } from './support/builders.ts';
import { bearing, ownerOf, unmarked } from './support/marked.ts';
import { resting } from './support/scenes.ts';

interface Scene {
  readonly configs?: Readonly<Record<number, VmConfig>>;
  readonly left?: Partial<Leftovers>;
  readonly state?: ReturnType<typeof stateOf>;
}

const OTHER = '99999999-0000-4000-8000-000000000000';
const a = resting();
const volume = (node: string, vmid: number) => ({
  node,
  vmid,
  volid: `local-lvm:vm-${vmid}-disk-0`,
  size: 20 * 2 ** 30,
});

function orphansOf({ configs = {}, left = {}, state = stateOf() }: Scene) {
  return findOrphans({
    declaration: { project: 'backup', environment: 'production' },
    declared: new Set(['a']),
    state,
    inventory: inventoryOf({
      vms: Object.fromEntries(Object.keys(configs).map((id) => [id, vm(Number(id))])),
      configs,
    }),
    volumes: [],
    busy: new Set(),
    ...left,
  });
}

function silentRun() {
  const held = { ...a.record, lease: { run: 'r1', fence: 1 } };
  return stateOf(
    { b: held, a: held, c: a.record },
    { runs: { r1: runOf('r1', { beat: NOW - 3_600_000 }) } },
  );
}

describe('what is left over is shown with its proof and what to type', () => {
  test.each<[string, Scene, readonly object[]]>([
    [
      'a VM with all marks of a declared worker',
      { configs: { 9105: bearing(ownerOf(9105)) } },
      [
        {
          kind: 'ours',
          what: 'vm 9105 on pve1',
          vmid: 9105,
          node: 'pve1',
          worker: 'a',
          proof:
            'all marks agree, and no record names it: uuid 00000000-0000-4000-8000-000000009105; serial of lineage 5d0c77e1-0000-4000-8000-000000000000; tag; card of a (lineage 5d0c77e1-0000-4000-8000-000000000000, uuid 00000000-0000-4000-8000-000000009105)',
          remedy: 'The next plan adopts it. Or destroy it:',
          command: 'muster orphans 9105 --destroy',
        },
      ],
    ],
    [
      'a volume whose guest is gone',
      { left: { volumes: [volume('pve1', 9108)] } },
      [
        {
          kind: 'volume',
          what: 'local-lvm:vm-9108-disk-0 (20 GiB) on pve1',
          vmid: 9108,
          node: 'pve1',
          proof: 'it is named for vm 9108, an id of cluster.vmids, and no guest has that id',
          remedy:
            'Volumes bear no marks, so Muster leaves it. If nobody wants it, as root on pve1:',
          command: 'pvesm free local-lvm:vm-9108-disk-0',
        },
      ],
    ],
    [
      'a run that is silent and holds workers',
      { state: silentRun() },
      [
        {
          kind: 'lease',
          what: 'lease of run r1 on a, b',
          proof:
            'apply r1 of ci@runner-3 (pid 812 on runner-3) gave its last sign of life at 2026-11-22T01:14:00.000Z',
          remedy: 'The next apply takes over. To release it now:',
          command: 'muster state unlock r1',
        },
      ],
    ],
    [
      'a lock of a recorded VM',
      { configs: { 9100: unmarked({ lock: 'clone' }) }, state: stateOf({ a: a.record }) },
      [
        {
          kind: 'lock',
          what: 'lock (clone) on vm 9100 on pve1',
          vmid: 9100,
          node: 'pve1',
          proof: 'it is locked, and no task of vm 9100 runs on pve1',
          remedy: 'Only root can release it, on pve1:',
          command: 'qm unlock 9100',
        },
      ],
    ],
    [
      'a lock of a VM that only its serial makes ours',
      { configs: { 9105: bearing(ownerOf(9105), { lock: 'backup', description: null }) } },
      [
        {
          kind: 'ambiguous',
          what: 'vm 9105 on pve1',
          vmid: 9105,
          node: 'pve1',
          proof:
            'some marks agree and some do not: uuid 00000000-0000-4000-8000-000000009105; serial of lineage 5d0c77e1-0000-4000-8000-000000000000; tag; no card',
          remedy: 'Delete it, or give it another SMBIOS uuid, when it is a restored copy.',
        },
        {
          kind: 'lock',
          what: 'lock (backup) on vm 9105 on pve1',
          vmid: 9105,
          node: 'pve1',
          proof: 'it is locked, and no task of vm 9105 runs on pve1',
          remedy: 'Only root can release it, on pve1:',
          command: 'qm unlock 9105',
        },
      ],
    ],
    [
      'a lock of a VM that only its card makes ours',
      { configs: { 9105: bearing(ownerOf(9105), { lock: 'backup', smbios1: null, tags: null }) } },
      [
        {
          kind: 'half-made',
          what: 'vm 9105 on pve1',
          vmid: 9105,
          node: 'pve1',
          worker: 'a',
          proof:
            'only the card, which comes with the first step of a deploy: uuid none; no serial; no tag; card of a (lineage 5d0c77e1-0000-4000-8000-000000000000, uuid 00000000-0000-4000-8000-000000009105)',
          remedy: 'If no task runs: on pve1 as root: qm unlock 9105 && qm destroy 9105 --purge',
        },
        {
          kind: 'lock',
          what: 'lock (backup) on vm 9105 on pve1',
          vmid: 9105,
          node: 'pve1',
          worker: 'a',
          proof: 'it is locked, and no task of vm 9105 runs on pve1',
          remedy: 'Only root can release it, on pve1:',
          command: 'qm unlock 9105',
        },
      ],
    ],
    [
      'no lock of a VM of another state',
      {
        configs: {
          9105: bearing(ownerOf(9105, { lineage: OTHER, environment: 'staging' }), {
            lock: 'backup',
          }),
        },
      },
      [],
    ],
    [
      'no lock of a VM without marks, beside a worker without a VM',
      {
        configs: { 9105: unmarked({ lock: 'backup' }) },
        state: stateOf({ a: { declared: a.record.declared, protect: false, last: {} } }),
      },
      [],
    ],
  ])('%s', (_, scene, orphans) => {
    expect(orphansOf(scene)).toEqual(orphans);
  });

  test('all of it comes by its kind, then by what it is', () => {
    const found = orphansOf({
      configs: {
        9105: bearing(ownerOf(9105)),
        9104: bearing(ownerOf(9104, { worker: 'z' })),
        9103: bearing(ownerOf(9103), { smbios1: bearing(ownerOf(9199)).values.smbios1 ?? '' }),
      },
      left: { volumes: [volume('pve2', 9108), volume('pve1', 9109), volume('pve1', 9108)] },
      state: silentRun(),
    });
    expect(found.map(({ kind, what }) => [kind, what])).toEqual([
      ['copy', 'vm 9103 on pve1'],
      ['lease', 'lease of run r1 on a, b'],
      ['ours', 'vm 9104 on pve1'],
      ['ours', 'vm 9105 on pve1'],
      ['volume', 'local-lvm:vm-9108-disk-0 (20 GiB) on pve1'],
      ['volume', 'local-lvm:vm-9108-disk-0 (20 GiB) on pve2'],
      ['volume', 'local-lvm:vm-9109-disk-0 (20 GiB) on pve1'],
    ]);
  });
});
