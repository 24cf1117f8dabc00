import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import { GiB } from '../../src/model/quantity.ts';
import { config, node, vm } from './support/builders.ts';
import { ALL, bridge, check, ready, storage } from './support/preflight.ts';

const lvm = { 'pve1/local-lvm': storage() };

const lacked = ['VM.Config.HWType', 'VM.Config.CPU', 'VM.Clone'];
const few = ALL.filter((each) => !lacked.includes(each));
const web = config({
  name: 'web',
  net0: 'virtio=bc:24:11:00:00:01,bridge=vmbr0',
  ipconfig0: 'ip=10.20.0.31/16,gw=10.20.0.1',
});

/** What is wrong; not what is fine. */
function wrong(plan: Plan): readonly unknown[] {
  return plan.preflight
    .filter(({ result }) => result !== 'ok')
    .map(({ result, code, message, remedy }) =>
      [result, code, message, remedy].filter((each) => each !== undefined),
    );
}

describe('what preflight finds of nodes, bridges, sizes and room is named, with what to do', () => {
  test.each<[string, () => Plan, readonly unknown[]]>([
    [
      'a node that does not answer',
      () => check({}, ready({ nodes: { pve1: node({ unreachable: '595 No route to host' }) } })),
      [
        [
          'warn',
          'node-unreachable',
          'node pve1 does not answer, so nothing on it could be checked',
        ],
      ],
    ],
    [
      'a node in maintenance',
      () => check({}, ready({ nodes: { pve1: node({ maintenance: true }) } })),
      [
        [
          'fail',
          'node-maintenance',
          'node pve1 is in maintenance',
          'End it on that node: ha-manager crm-command node-maintenance disable pve1',
        ],
      ],
    ],
    [
      'a bridge that is not there',
      () =>
        check(
          { networks: [{ bridge: 'vmbr7' }] },
          ready({
            bridges: {
              'pve1/vmbr1': bridge({ name: 'vmbr1' }),
              'pve1/vmbr0': bridge(),
              'pve2/vmbr9': bridge({ node: 'pve2', name: 'vmbr9' }),
            },
          }),
        ),
      [
        [
          'fail',
          'bridge-missing',
          'pve1 has no bridge or vnet vmbr7',
          'On pve1 there are: vmbr0, vmbr1.',
        ],
      ],
    ],
    [
      'a VLAN on a bridge that knows none',
      () =>
        check(
          { networks: [{ bridge: 'vmbr0', vlan: 120 }] },
          ready({ bridges: { 'pve1/vmbr0': bridge({ vlanAware: false }) } }),
        ),
      [
        [
          'fail',
          'vlan-unaware',
          'vmbr0 on pve1 is not VLAN-aware, so VLAN 120 would not get through',
          'Make vmbr0 VLAN-aware, or use a bridge that is in that VLAN.',
        ],
      ],
    ],
    [
      'more vCPUs than its node has',
      () => check({ cpu: { cores: 17 } }),
      [
        [
          'fail',
          'too-many-cores',
          '17 vCPUs are asked for, and pve1 has 16: such a VM does not start',
          'Declare cpu.cores of at most 16, or fewer slots.',
        ],
      ],
    ],
    ['nothing of as many as its node has', () => check({ cpu: { cores: 16 } }), []],
    [
      'more memory than its node has',
      () => check({ memory: 65 * GiB }),
      [
        [
          'fail',
          'too-much-memory',
          '65 GiB of memory are asked for, and pve1 has 64 GiB',
          'Declare less memory, or fewer slots.',
        ],
      ],
    ],
    [
      'nothing of memory where the token may not see how much there is',
      () =>
        check({ memory: 65 * GiB }, ready({ nodes: { pve1: node({ memory: 0, memoryUsed: 0 }) } })),
      [],
    ],
    [
      'more memory than its node has left',
      () => check({}, ready({ nodes: { pve1: node({ memoryUsed: 62 * GiB }) } })),
      [['warn', 'memory-tight', '6 GiB of memory are asked for, and pve1 has 2 GiB left']],
    ],
    [
      'memory on a node that has none left',
      () => check({}, ready({ nodes: { pve1: node({ memoryUsed: 70 * GiB }) } })),
      [['warn', 'memory-tight', '6 GiB of memory are asked for, and pve1 has 0 B left']],
    ],
    [
      'a storage that is too full',
      () => check({}, ready({ storages: { 'pve1/local-lvm': storage({ available: GiB }) } })),
      [
        [
          'fail',
          'space',
          'local-lvm of pve1 has 1 GiB free, and 20 GiB are asked for',
          'Declare smaller disks, another storage, or make room.',
        ],
      ],
    ],
    [
      'a thin storage that is too full',
      () =>
        check(
          {},
          ready({ storages: { 'pve1/local-lvm': storage({ type: 'lvmthin', available: GiB }) } }),
        ),
      [
        [
          'warn',
          'space',
          'local-lvm of pve1 has 1 GiB free, and 20 GiB are asked for; it is thin, so this may still go well',
          'Declare smaller disks, another storage, or make room.',
        ],
      ],
    ],
    [
      'a shared storage that is too full, among others',
      () =>
        check(
          { storage: 'nas' },
          ready({
            storages: {
              'pve1/fast': storage({ storage: 'fast', shared: true, available: 1 }),
              ...lvm,
              'pve1/nas': storage({ storage: 'nas', shared: true, available: 2 * GiB }),
            },
          }),
        ),
      [
        [
          'fail',
          'space',
          'nas has 2 GiB free, and 20 GiB are asked for',
          'Declare smaller disks, another storage, or make room.',
        ],
      ],
    ],
    [
      'nothing of a storage that is just large enough',
      () => check({}, ready({ storages: { 'pve1/local-lvm': storage({ available: 20 * GiB }) } })),
      [],
    ],
    [
      'an address and a MAC that another VM has',
      () =>
        check(
          {
            networks: [
              { bridge: 'vmbr0', mac: 'BC:24:11:00:00:01', ipv4: { address: '10.20.0.31/24' } },
            ],
          },
          ready({ configs: { 300: web }, vms: { 300: vm(300) } }),
        ),
      [
        [
          'fail',
          'address-taken',
          'BC:24:11:00:00:01 is taken by vm 300 (web)',
          'Declare another one.',
        ],
        ['fail', 'address-taken', '10.20.0.31 is taken by vm 300 (web)', 'Declare another one.'],
      ],
    ],
    [
      'privileges that the token lacks',
      () => check({}, ready({ permissions: { '/': ALL, '/storage': [], '/vms': few } })),
      [
        [
          'fail',
          'privilege-missing',
          'the token muster@pve!ci lacks Datastore.AllocateSpace on /storage/local-lvm',
          'muster doctor --print-setup prints the commands that give it.',
        ],
        [
          'fail',
          'privilege-missing',
          'the token muster@pve!ci lacks VM.Config.CPU, VM.Config.HWType on /vms',
          'muster doctor --print-setup prints the commands that give it.',
        ],
        [
          'fail',
          'privilege-missing',
          'the token muster@pve!ci lacks VM.Clone on /vms/9000',
          'muster doctor --print-setup prints the commands that give it.',
        ],
      ],
    ],
    [
      'a token that has none at all',
      () => check({}, ready({ permissions: { '/': [] } })),
      [
        [
          'fail',
          'token-powerless',
          "the token muster@pve!ci has no privileges at all: with privilege separation it does not inherit its user's",
          'Give the token itself a role on the pool, storages and templates: muster doctor --print-setup',
        ],
      ],
    ],
  ])('%s', (_, plan, lines) => {
    expect(wrong(plan())).toEqual(lines);
  });
});
