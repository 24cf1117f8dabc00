import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import { GiB } from '../../src/model/quantity.ts';
import { edited, TEMPLATE, vm } from './support/builders.ts';
import { ALL, check, ready, storage } from './support/preflight.ts';

const template = (vmid: number) =>
  ({ debian: { kind: 'template', template: { by: 'vmid', vmid }, clone: 'full' } }) as const;
const imported = { debian: { kind: 'import', volume: 'local:import/d.qcow2' } } as const;
const local = { 'pve1/local': storage({ storage: 'local', content: ['import', 'snippets'] }) };
const lvm = { 'pve1/local-lvm': storage() };
const vendor = { cloudInit: { vendorData: 'local:snippets/v.yaml' } };
const onVirtio = edited(TEMPLATE, {
  ...{ boot: 'order=virtio0', scsi0: null },
  virtio0: 'local-lvm:base-9000-disk-0,size=3G',
});

/** What is wrong; not what is fine. */
function wrong(plan: Plan): readonly unknown[] {
  return plan.preflight
    .filter(({ result }) => result !== 'ok')
    .map(({ result, code, message, remedy }) =>
      [result, code, message, remedy].filter((each) => each !== undefined),
    );
}

describe('what preflight finds of images, storages and snippets is named, with what to do', () => {
  test.each<[string, () => Plan, readonly unknown[]]>([
    [
      'no template of that name',
      () =>
        check({}, ready(), {
          images: {
            debian: { kind: 'template', template: { by: 'name', name: 'nope' }, clone: 'full' },
          },
        }),
      [
        [
          'fail',
          'image-not-found',
          'no template of image debian was found for pve1',
          'Make it there, or name it under images.',
        ],
      ],
    ],
    [
      'a disk image that is not there',
      () => check({}, ready({ storages: { ...lvm, ...local } }), { images: imported }),
      [
        [
          'fail',
          'image-not-found',
          'local:import/d.qcow2 is not on pve1',
          'Upload it there with content type "import".',
        ],
      ],
    ],
    [
      'a template that is gone',
      () => check({}, ready(), { images: template(9999) }),
      [
        [
          'fail',
          'template-not-found',
          'template 9999 is not there, or the token may not see it',
          'Give the token VM.Audit and VM.Clone on it.',
        ],
      ],
    ],
    [
      'a template that is a VM',
      () => check({}, ready({ vms: { 9001: vm(9001) } }), { images: template(9001) }),
      [
        [
          'fail',
          'template-not-template',
          'vm 9001 is no template',
          'Make it one: qm template 9001',
        ],
      ],
    ],
    [
      'a template of another node',
      () => check({}, ready({ vms: { 9000: vm(9000, { node: 'pve2', template: true }) } })),
      [
        [
          'fail',
          'template-unreachable',
          'template 9000 is on pve2, on storage local-lvm, which pve1 does not share',
          'Make a template on pve1 and name it under images: template: { perNode: { pve1: ... } }',
        ],
      ],
    ],
    [
      'an SSD flag on the virtio bus',
      () => check({ disk: { ssd: true } }, ready({ configs: { 9000: onVirtio } })),
      [
        [
          'fail',
          'ssd-on-virtio',
          'disk.ssd is not possible: template 9000 has its disk on the virtio bus',
          'Remove disk.ssd, or use a template with a SCSI disk.',
        ],
      ],
    ],
    [
      'nothing of that bus without the flag',
      () => check({}, ready({ configs: { 9000: onVirtio } })),
      [],
    ],
    [
      'a disk smaller than its template’s',
      () => check({ disk: { size: 2 * GiB } }),
      [
        [
          'fail',
          'disk-smaller-than-image',
          "disk.size is 2 GiB, and the disk of template 9000 has 3 GiB: disks don't shrink",
          'Declare at least 3 GiB.',
        ],
      ],
    ],
    ['nothing of one that is just as large', () => check({ disk: { size: 3 * GiB } }), []],
    [
      'a storage that is not there, and another one',
      () =>
        check(
          { storage: 'nope' },
          ready({ storages: { ...lvm, 'pve1/fast': storage({ storage: 'fast' }) } }),
        ),
      [
        [
          'fail',
          'storage-missing',
          'storage nope is not there on pve1, or disabled',
          'On pve1 these take images: fast, local-lvm.',
        ],
      ],
    ],
    [
      'a storage that is not there, and no other',
      () => check({ storage: 'nope' }, ready({ storages: local })),
      [['fail', 'storage-missing', 'storage nope is not there on pve1, or disabled']],
    ],
    [
      'a storage that is not active',
      () => check({}, ready({ storages: { 'pve1/local-lvm': storage({ active: false }) } })),
      [
        [
          'fail',
          'storage-inactive',
          'storage local-lvm is not active on pve1',
          'Mend it on pve1: pvesm status',
        ],
      ],
    ],
    [
      'a storage that takes no disk images',
      () =>
        check(
          {},
          ready({
            storages: {
              'pve1/local-lvm': storage({ content: ['iso'] }),
              'pve1/fast': storage({ storage: 'fast' }),
            },
          }),
        ),
      [
        [
          'fail',
          'storage-content',
          'storage local-lvm on pve1 does not take "images"',
          'On pve1 these take images: fast.',
        ],
      ],
    ],
    [
      'a snippet that is not there',
      () => check(vendor, ready({ permissions: { '/': [...ALL, 'Datastore.Allocate'] } })),
      [
        [
          'fail',
          'snippet-not-found',
          'snippet local:snippets/v.yaml is not on pve1',
          'Copy it to that storage on pve1.',
        ],
      ],
    ],
    [
      'a snippet that the token may not look for',
      () =>
        check(vendor, ready({ permissions: { '/': ALL, '/storage/nfs': ['Datastore.Allocate'] } })),
      [
        [
          'warn',
          'snippet-unseen',
          'snippet local:snippets/v.yaml could not be looked for: that takes Datastore.Allocate on /storage/local',
          'Make sure that it is there: where it is missing the VM does not start.',
        ],
      ],
    ],
    [
      'nothing of a snippet of a storage that could not be read',
      () =>
        check(
          vendor,
          ready({ unread: { 'volumes pve1/local snippets': '403 Permission check failed' } }),
        ),
      [],
    ],
    [
      'nothing of a snippet that is there',
      () => check(vendor, ready({ volumes: { 'pve1/local:snippets/v.yaml': 1 } })),
      [],
    ],
  ])('%s', (_, plan, lines) => {
    expect(wrong(plan())).toEqual(lines);
  });
});
