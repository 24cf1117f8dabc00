import { describe, expect, test } from 'vitest';
import type { RunRecord } from '../../src/model/state.ts';
import { liveSession } from '../session/support.ts';
import {
  deployed,
  inventoryOf,
  NOW,
  node,
  planOf,
  runOf,
  type Scene,
  stateOf,
  vm,
  withWorkers,
} from './support/builders.ts';
import { bearing, ownerOf } from './support/marked.ts';
import { A, resting, twisted } from './support/scenes.ts';

/** A session that is not over, and the run that leads it. */
function lostNight(...runs: readonly RunRecord[]): Scene {
  const session = liveSession({ id: 'nightly-20261122-0200', run: 'r1' });
  const all = Object.fromEntries(runs.map((run) => [run.id, run]));
  return {
    declaration: withWorkers({}),
    state: stateOf({}, { runs: all, sessions: { [session.id]: session } }),
  };
}

function stranger(config: ReturnType<typeof bearing>): Scene {
  return {
    declaration: withWorkers({}),
    inventory: inventoryOf({ vms: { 9105: vm(9105) }, configs: { 9105: config } }),
  };
}

describe('what a plan says of the cluster, of sessions and of VMs that nobody knows', () => {
  test.each<[string, Scene, readonly object[]]>([
    [
      'nodes that do not answer',
      {
        declaration: withWorkers({}),
        inventory: inventoryOf({
          nodes: {
            pve1: node({ unreachable: '595 No route to host' }),
            pve2: node({ online: false }),
          },
        }),
      },
      [
        {
          code: 'node-unreachable',
          node: 'pve1',
          message: 'node pve1 does not answer (595 No route to host); its workers wait',
        },
        {
          code: 'node-unreachable',
          node: 'pve2',
          message: 'node pve2 does not answer; its workers wait',
        },
      ],
    ],
    [
      'a session whose run is dead',
      lostNight(runOf('r1', { kind: 'session', beat: NOW - 3_600_000 })),
      [
        {
          code: 'session-lost',
          message:
            'session nightly-20261122-0200 is not over, and the run that led it is dead; an apply ends it once none of its items runs, which is final',
          remedy: 'To go on with it instead:  muster sessions resume nightly-20261122-0200',
        },
      ],
    ],
    [
      'a session whose run is not known any more',
      lostNight(),
      [
        {
          code: 'session-lost',
          message:
            'session nightly-20261122-0200 is not over, and the run that led it is dead; an apply ends it once none of its items runs, which is final',
          remedy: 'To go on with it instead:  muster sessions resume nightly-20261122-0200',
        },
      ],
    ],
    ['no session that is led', lostNight(runOf('r1', { kind: 'session' })), []],
    [
      'a VM with all marks of a worker that is not declared',
      stranger(bearing(ownerOf(9105))),
      [
        {
          code: 'orphan',
          vmid: 9105,
          node: 'pve1',
          worker: 'a',
          message: "vm 9105 on pve1 is a's by its marks, but is neither declared nor recorded",
          remedy: 'Declare a to adopt it, or delete it: muster apply --prune',
        },
      ],
    ],
    [
      'a copy of one',
      stranger(bearing(ownerOf(9105), { smbios1: bearing(ownerOf(9106)).values.smbios1 ?? '' })),
      [
        {
          code: 'copy',
          vmid: 9105,
          node: 'pve1',
          message: 'vm 9105 on pve1 is a copy that somebody made of a; it is not touched',
          remedy: 'Remove its SMBIOS serial and the muster line of its description, or delete it.',
        },
      ],
    ],
    [
      'a VM with some of the marks',
      stranger(bearing(ownerOf(9105), { description: null })),
      [
        {
          code: 'ambiguous',
          vmid: 9105,
          node: 'pve1',
          message:
            'vm 9105 on pve1 bears marks of a worker, but not for certain; it is not touched',
          remedy: 'Delete it, or give it another SMBIOS uuid, when it is a restored copy.',
        },
      ],
    ],
    [
      'nothing of high availability while the worker is held for it',
      {
        declaration: withWorkers({ a: A }),
        ...deployed({ a: twisted(resting(), { vm: { haState: 'started', status: 'running' } }) }),
      },
      [],
    ],
    [
      'nothing of the last test of a worker that goes',
      {
        declaration: withWorkers({}),
        ...deployed({
          a: twisted(resting(), {
            record: { last: { test: { result: 'failed', at: NOW, checks: [] } } },
          }),
        }),
      },
      [],
    ],
    [
      'nothing of a device that is declared as an option',
      {
        declaration: withWorkers({ a: { ...A, options: { usb0: 'host=1-2' } } }),
        ...deployed({ a: twisted(resting(), { config: { usb0: 'host=1-2' } }) }),
      },
      [],
    ],
    [
      'a VM that was begun and not finished',
      stranger(bearing(ownerOf(9105), { smbios1: null, tags: null })),
      [
        {
          ...{ code: 'half-made', vmid: 9105, node: 'pve1', worker: 'a' },
          message:
            'vm 9105 on pve1 was begun for a and not finished; no record knows of it; it is not touched',
          remedy: 'If no deploy of a runs elsewhere: on pve1 as root: qm destroy 9105 --purge',
        },
      ],
    ],
    [
      'one that is locked still',
      stranger(bearing(ownerOf(9105), { smbios1: null, tags: null, lock: 'clone' })),
      [
        {
          ...{ code: 'needs-root-unlock', vmid: 9105, node: 'pve1', worker: 'a' },
          message:
            'vm 9105 on pve1 was begun for a and not finished; no record knows of it, and it is locked (clone): its task still runs, or died and left the lock',
          remedy: 'If no task runs: on pve1 as root: qm unlock 9105 && qm destroy 9105 --purge',
        },
      ],
    ],
  ])('%s', (_, scene, findings) => {
    expect(planOf(scene).findings).toEqual(findings);
  });
});
