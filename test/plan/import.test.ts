import { describe, expect, test } from 'vitest';
import type { Declaration } from '../../src/model/declaration.ts';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';
import type { Inventory, VmFacts } from '../../src/model/inventory.ts';
import type { Attributes } from '../../src/model/worker.ts';
import { type Importable, importable } from '../../src/plan/import-refusals.ts';
import { declaredFor, desiredWith, marksWrite, planAfterImport } from '../../src/plan/import-vm.ts';
import { fieldsShown } from '../../src/plan/vm-fields.ts';
import {
  declarationOf,
  inventoryOf,
  made,
  node,
  stateOf,
  uuidOf,
  vm,
  withWorkers,
  workerIn,
} from './support/builders.ts';
import { bearing, ownerOf, unmarked } from './support/marked.ts';

function refusedWith(judged: Importable): { readonly code: string; readonly text: string } {
  if (judged.kind === 'importable') return { code: 'importable', text: '' };
  const { code, message, remedy } = judged.problem;
  return { code, text: `${message}. ${remedy}` };
}

describe('a VM that import refuses (P38)', () => {
  const empty = stateOf();
  const recorded = stateOf({
    a: made(workerIn(withWorkers({ a: { node: 'pve1' } }), 'a'), 9101).record,
  });

  test.each<[string, Partial<VmFacts> | undefined, Partial<Inventory>, string, RegExp]>([
    ['is not there', undefined, { absent: { 9100: 'gone' } }, 'no-vm', /no guest of this cluster/],
    ['can not be seen', undefined, {}, 'no-vm', /VM\.Audit on \/vms\/9100/],
    ['has an unread config', {}, { configs: {} }, 'no-config', /its config can't be read/],
    [
      'is on a silent node',
      {},
      { configs: {}, nodes: { pve1: node({ unreachable: '595 No route to host' }) } },
      'no-config',
      /595 No route to host/,
    ],
    [
      'is on a node that no list shows',
      { node: 'pve9' },
      { configs: {} },
      'no-config',
      /on pve9 can't be looked into: its config can't be read/,
    ],
    ['is a container', { kind: 'lxc' }, {}, 'not-importable', /is a container/],
    ['is a template', { template: true }, {}, 'not-importable', /is a template/],
    [
      'is locked by its list entry',
      { lock: 'backup' },
      {},
      'not-importable',
      /is locked \(backup\)/,
    ],
    [
      'is locked by its config',
      {},
      { configs: { 9100: unmarked({ lock: 'snapshot' }) } },
      'not-importable',
      /is locked \(snapshot\)/,
    ],
    ['runs', { status: 'running' }, {}, 'not-importable', /is running.*qm shutdown 9100/],
    ['may run', { status: 'unknown' }, {}, 'not-importable', /in an unknown power state/],
    ['is under HA', {}, { haManaged: [9100] }, 'not-importable', /ha-manager remove vm:9100/],
    [
      'bears a serial alone',
      {},
      { configs: { 9100: bearing(ownerOf(9100), { description: null }) } },
      'marked',
      /bears marks of another state/,
    ],
    [
      'is marked as another worker',
      {},
      { configs: { 9100: bearing(ownerOf(9100, { worker: 'b' })) } },
      'marked',
      /bears marks of worker b/,
    ],
  ])('one that %s', (_, facts, change, code, words) => {
    const vms = facts === undefined ? {} : { 9100: vm(9100, { name: 'old', ...facts }) };
    const inventory = inventoryOf({ vms, configs: { 9100: unmarked() }, ...change });
    const judged = refusedWith(importable({ worker: 'a', vmid: 9100, state: empty, inventory }));
    expect(judged.code).toBe(code);
    expect(judged.text).toMatch(words);
  });

  test.each([
    ['a', 9101, /vm 9101 is a's already/],
    ['b', 9101, /vm 9101 is worker a's.*muster state mv a b/],
    ['a', 9100, /a has a VM already, vm 9101 on pve1.*muster destroy a/],
  ])('to %s, vm %i, against the record', (worker, vmid, words) => {
    const inventory = inventoryOf({
      vms: { 9100: vm(9100), 9101: vm(9101) },
      configs: { 9100: unmarked(), 9101: unmarked() },
    });
    const judged = refusedWith(importable({ worker, vmid, state: recorded, inventory }));
    expect(judged.code).toBe('recorded');
    expect(judged.text).toMatch(words);
  });

  test('a VM without a name is called by its id', () => {
    const inventory = inventoryOf({
      vms: { 9100: vm(9100, { kind: 'lxc' }) },
      configs: { 9100: unmarked() },
    });
    expect(
      refusedWith(importable({ worker: 'a', vmid: 9100, state: empty, inventory })).text,
    ).toMatch(/^vm 9100 on pve1 is a container/);
  });

  test('none that was made by hand, nor one whose import was cut short', () => {
    const judged = (config = unmarked()) =>
      importable({
        worker: 'a',
        vmid: 9100,
        state: empty,
        inventory: inventoryOf({ vms: { 9100: vm(9100) }, configs: { 9100: config } }),
      });
    expect(judged()).toMatchObject({ kind: 'importable', markedUuid: undefined });
    expect(judged(bearing(ownerOf(9100)))).toMatchObject({
      kind: 'importable',
      markedUuid: uuidOf(9100),
    });
  });
});

describe('the fields that leave a VM as it is', () => {
  test.each<[string, Attributes, object]>([
    ['a number', { memory: 2048 }, { memory: 2048 }],
    ['no number', { memory: null }, {}],
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
    ['a gap can not be declared', { ...nic(0, {}), ...nic(2, {}) }, undefined],
    ['nor a NIC without a bridge', { ...nic(0, {}), ...nic(1, { bridge: null }) }, undefined],
  ])('NICs: %s', (_, found, networks) => {
    expect(fieldsShown(['networks[0].bridge'], found).networks).toEqual(networks);
  });
});

describe('what an import would have to declare', () => {
  const about = (declaration: Declaration, config = unmarked()) => {
    const facts = vm(9100, { name: 'a' });
    const inventory = inventoryOf({ vms: { 9100: facts }, configs: { 9100: config } });
    return { worker: 'a', vm: facts, config, declaration, state: stateOf(), inventory };
  };
  const { images } = declarationOf();

  test('the only image is said where there is no default', () => {
    const { desired, lacking } = declaredFor(
      about(declarationOf({ defaults: { storage: 'local-lvm' } })),
    );
    expect(desired).toBeUndefined();
    expect(lacking).toMatchObject({ node: 'pve1', image: 'debian' });
  });

  test('a default image is not said again', () => {
    expect(declaredFor(about(declarationOf())).lacking).not.toHaveProperty('image');
  });

  test('of two images none is guessed: the missing one is the mistake', () => {
    const two = declarationOf({
      defaults: { storage: 'local-lvm' },
      images: {
        ...images,
        other: { kind: 'template', template: { by: 'vmid', vmid: 9001 }, clone: 'full' },
      },
    });
    expect(() => declaredFor(about(two))).toThrow(DiagnosticsError);
    expect(() => declaredFor(about(two))).toThrow(/a has no image/);
  });

  test('tags that it has stay, and ours comes to them once', () => {
    const declaration = withWorkers({ a: { node: 'pve1' } });
    const tagsOf = (tags: string | null) => {
      const input = { ...about(declaration, unmarked({ tags })), uuid: uuidOf(9100) };
      const desired = desiredWith({}, input);
      return desired === undefined ? undefined : marksWrite(desired, input).set.tags;
    };
    // What is there already is not written.
    expect(tagsOf('gold;muster')).toBeUndefined();
    expect(tagsOf('gold')).toBe('gold;muster');
    expect(tagsOf(null)).toBe('muster');
  });

  test('declared so, the plan that follows wants nothing of the VM', () => {
    const input = about(withWorkers({ a: { node: 'pve1' } }));
    const { lacking } = declaredFor(input);
    const as = desiredWith(lacking, input);
    if (as === undefined) throw new Error('a is declared');
    const { plan } = planAfterImport(as, as, { ...input, uuid: uuidOf(9100) });
    expect(plan.changes.filter(({ path }) => path.startsWith('disk') || path === 'memory')).toEqual(
      [],
    );
    expect(plan).toMatchObject({ vmid: 9100, uuid: uuidOf(9100) });
  });
});
