import { describe, expect, test } from 'vitest';
import type { Attributes } from '../../src/model/worker.ts';
import { fieldsShown, nicCount } from '../../src/plan/vm-fields.ts';

describe('the fields that leave a VM as it is', () => {
  test.each<[string, Attributes, object]>([
    ['a number', { memory: 2048 }, { memory: 2048 }],
    ['no number', { memory: null }, {}],
    ['a text', { description: 'of the night' }, { description: 'of the night' }],
    [
      'each member of a group',
      {
        'cpu.cores': 4,
        'cpu.type': 'host',
        'disk.size': 2 ** 30,
        'disk.storage': 'local-lvm',
        'disk.discard': true,
        'dns.servers': ['192.0.2.53'],
        'dns.search': 'example.net',
      },
      {
        cpu: { cores: 4, type: 'host' },
        disk: { size: 2 ** 30, storage: 'local-lvm', discard: true },
        dns: { servers: ['192.0.2.53'], search: 'example.net' },
      },
    ],
    [
      'what cloud-init gets',
      {
        'cloudInit.user': 'ops',
        'cloudInit.sshKeys': ['ssh-ed25519 AAAA a', null],
        'cloudInit.vendorData': 'local:snippets/vendor.yaml',
        'cloudInit.userData': 'local:snippets/user.yaml',
        'cloudInit.networkData': 'local:snippets/network.yaml',
      },
      {
        cloudInit: {
          user: 'ops',
          sshKeys: ['ssh-ed25519 AAAA a'],
          vendorData: 'local:snippets/vendor.yaml',
          userData: 'local:snippets/user.yaml',
          networkData: 'local:snippets/network.yaml',
        },
      },
    ],
    ['an empty text is none', { description: '' }, {}],
    ['a flag', { protect: true, 'disk.ssd': false }, { protect: true, disk: { ssd: false } }],
    ['no flag', { 'disk.discard': null }, {}],
    ['its own tags, without ours', { tags: ['muster', 'gold'] }, { tags: ['gold'] }],
    ['no tags', { tags: null }, {}],
    [
      'an option, and one that is unset',
      { 'options.machine': 'q35', 'options.vga': null },
      { options: { machine: 'q35' } },
    ],
    [
      'a text that looks like a placeholder',
      { 'cpu.type': '${node}' },
      { cpu: { type: '$${node}' } },
    ],
    ['nothing that no field can say', { agent: false }, {}],
  ])('%s', (_, found, fields) => {
    expect(fieldsShown(Object.keys(found), found)).toEqual(fields);
  });

  test('only of the paths that differ', () => {
    const found = {
      memory: 2048,
      protect: true,
      tags: ['gold'],
      description: 'x',
      'options.vga': 'std',
    };
    expect(fieldsShown(['memory'], found)).toEqual({ memory: 2048 });
  });

  const nic = (index: number, members: Readonly<Record<string, Attributes[string]>>): Attributes =>
    Object.fromEntries(
      Object.entries({ model: 'virtio', bridge: 'vmbr0', ...members }).map(([field, value]) => [
        `networks[${index}].${field}`,
        value,
      ]),
    );

  test.each<[string, Attributes, readonly object[] | undefined]>([
    ['a silent first one asks for nothing', nic(0, {}), [{ bridge: 'vmbr0', ipv4: 'none' }]],
    [
      'everything that one may have',
      nic(0, {
        model: 'e1000',
        vlan: 12,
        mtu: 9000,
        mac: 'BC:24:11:00:00:01',
        firewall: true,
        ipv4: { address: '192.0.2.7/24', gateway: '192.0.2.1' },
        ipv6: 'auto',
      }),
      [
        {
          bridge: 'vmbr0',
          vlan: 12,
          mtu: 9000,
          model: 'e1000',
          mac: 'BC:24:11:00:00:01',
          firewall: true,
          ipv4: { address: '192.0.2.7/24', gateway: '192.0.2.1' },
          ipv6: 'auto',
        },
      ],
    ],
    [
      'an address without a gateway',
      nic(0, { ipv4: { address: '192.0.2.7/24' } }),
      [{ bridge: 'vmbr0', ipv4: { address: '192.0.2.7/24' } }],
    ],
    ['dhcp', nic(0, { ipv4: 'dhcp' }), [{ bridge: 'vmbr0', ipv4: 'dhcp' }]],
    [
      'no address at all',
      nic(0, { ipv4: { gateway: '192.0.2.1' } }),
      [{ bridge: 'vmbr0', ipv4: 'none' }],
    ],
    [
      'a silent second one',
      { ...nic(0, {}), ...nic(1, {}) },
      [{ bridge: 'vmbr0', ipv4: 'none' }, { bridge: 'vmbr0' }],
    ],
    [
      'an address of the other kind alone',
      nic(0, { ipv6: 'auto' }),
      [{ bridge: 'vmbr0', ipv6: 'auto' }],
    ],
    [
      'no IP settings that can not be told',
      nic(0, { ipv4: null, ipv6: [] }),
      [{ bridge: 'vmbr0', ipv4: 'none' }],
    ],
    [
      'their order is that of their numbers',
      { ...nic(1, { bridge: 'vmbr1' }), ...nic(0, {}) },
      [{ bridge: 'vmbr0', ipv4: 'none' }, { bridge: 'vmbr1' }],
    ],
    ['a gap can not be declared', { ...nic(0, {}), ...nic(2, {}) }, undefined],
    ['nor a NIC without a bridge', { ...nic(0, {}), ...nic(1, { bridge: null }) }, undefined],
  ])('NICs: %s', (_, found, networks) => {
    expect(fieldsShown(['networks[0].bridge'], found).networks).toEqual(networks);
  });

  test('NICs: more than nine are counted and ordered by number', () => {
    const many = Object.assign(
      {},
      ...Array.from({ length: 11 }, (_, index) => nic(10 - index, { bridge: `vmbr${10 - index}` })),
    );
    expect(nicCount(many)).toBe(11);
    const { networks } = fieldsShown(Object.keys(many), many);
    expect(networks?.map(({ bridge }) => bridge)).toEqual(
      Array.from({ length: 11 }, (_, index) => `vmbr${index}`),
    );
  });

  test('NICs: left out where none differs', () => {
    const found = { ...nic(0, {}), memory: 2048 };
    expect(fieldsShown(['memory'], found)).toEqual({ memory: 2048 });
    expect(fieldsShown(['memory', 'networks[0].bridge'], found).networks).toHaveLength(1);
  });
});
