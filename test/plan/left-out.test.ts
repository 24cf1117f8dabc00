import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../src/model/inventory.ts';
import { GiB } from '../../src/model/quantity.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import {
  deployed,
  type Made,
  made,
  planOf,
  type Scene,
  vm,
  withWorkers,
  workerIn,
} from './support/builders.ts';
import { A, resting, type Twist, twisted } from './support/scenes.ts';

const newer = {
  debian: { kind: 'template', template: { by: 'vmid', vmid: 9001 }, clone: 'full' },
} as const;
const template = { vms: { 9001: vm(9001, { template: true }) } };

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

function staleImage(fields: WorkerFields): Scene {
  return {
    declaration: withWorkers({ a: fields }, { images: newer }),
    ...deployed({ a: resting(fields) }, template),
  };
}

/** Both on pve1, and both need a new VM. */
function twoStale(): Scene {
  const all = withWorkers({ a: A, b: A });
  const workers = {
    a: made(workerIn(all, 'a'), 9100),
    b: made(workerIn(all, 'b'), 9101),
  };
  return { declaration: { ...all, images: newer }, ...deployed(workers, template) };
}

function grown(worker: Made): Twist {
  return { config: { scsi0: (worker.config.values.scsi0 ?? '').replace('20G', '64G') } };
}

/** Its disk is on the virtio bus, as it was when last applied. */
const onVirtio: Twist = {
  config: { scsi0: null, boot: 'order=virtio0', virtio0: 'local-lvm:vm-9100-disk-0,size=20G' },
  record: { observed: { ...resting().record.observed, drives: ['ide2', 'virtio0'] } },
};

describe('a change that is not made is a finding, which says why and how to go on', () => {
  test.each<[string, Scene, readonly object[]]>([
    [
      'an image that is only taken at the next deploy',
      staleImage({ ...A, onImageChange: 'nextDeploy' }),
      [
        {
          code: 'stale-image',
          worker: 'a',
          node: 'pve1',
          message:
            'a was made from debian (template 9000), declared is debian (template 9001); onImageChange is nextDeploy',
          remedy: 'Use --replace a to make it anew now.',
        },
      ],
    ],
    [
      'an image that is not followed at all',
      staleImage({ ...A, onImageChange: 'ignore' }),
      [
        {
          code: 'stale-image',
          worker: 'a',
          node: 'pve1',
          message:
            'a was made from debian (template 9000), declared is debian (template 9001); onImageChange is ignore',
          remedy: 'Use --replace a to make it anew now.',
        },
      ],
    ],
    [
      'a second worker of a node that needs a new VM',
      twoStale(),
      [
        {
          code: 'stale-image',
          worker: 'b',
          node: 'pve1',
          message:
            'b was made from debian (template 9000), declared is debian (template 9001); it waits: one worker per node is replaced at a time',
          remedy: 'Apply, then plan again.',
        },
      ],
    ],
    [
      'a disk that was grown by hand',
      seen(grown(resting({ ...A, disk: { size: 20 * GiB } })), {}, [
        { ...A, disk: { size: 20 * GiB } },
        { ...A, disk: { size: 20 * GiB } },
      ]),
      [
        {
          code: 'disk-grown',
          worker: 'a',
          message: 'the disk of a was grown to 64 GiB outside of Muster; declared are 20 GiB',
          remedy: "It can't shrink: declare 64 GiB, or use --replace a.",
        },
      ],
    ],
    [
      'an SSD flag on a disk that can bear none',
      seen(onVirtio, {}, [{ ...A, disk: { ssd: true } }, A]),
      [
        {
          code: 'not-possible',
          worker: 'a',
          message:
            "disk.ssd can't be set on a: its disk is on the virtio bus, which knows no ssd flag",
          remedy: 'Remove it from the declaration, or use an image with another disk bus.',
        },
      ],
    ],
    [
      'a new VM that protection holds back',
      seen({}, {}, [
        { ...A, vmid: 9105, protect: true, memory: 8 * GiB },
        { ...A, protect: true },
      ]),
      [
        {
          code: 'replace-waits',
          worker: 'a',
          message:
            'a has to be made anew, but it is protected; what can be changed in place is planned',
          remedy: 'Declare "protect: false" for a and apply; the next plan replaces it.',
        },
      ],
    ],
  ])('%s', (_, scene, findings) => {
    expect(planOf(scene).findings).toEqual(findings);
  });
});
