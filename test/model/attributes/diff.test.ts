import { describe, expect, test } from 'vitest';
import {
  diffAttributes,
  firstChanges,
  type Views,
} from '../../../src/model/attributes/diff-attributes.ts';
import { GiB } from '../../../src/model/quantity.ts';
import type { Attributes } from '../../../src/model/worker.ts';

/** What is declared, was declared when last applied, was seen after it, and is found now. */
function changes(
  desired: Attributes,
  found: Attributes | undefined,
  declaredBefore?: Attributes,
  observed?: Attributes,
) {
  const views: Views = { desired, found, declaredBefore, observed };
  return diffAttributes(views);
}

describe('why a value changes', () => {
  const change = { path: 'memory', before: 1, after: 2, cost: 'in-place' };
  test.each<[string, Parameters<typeof changes>, object]>([
    [
      'the declaration did',
      [{ memory: 2 }, { memory: 1 }, { memory: 1 }, { memory: 1 }],
      { causes: ['declaration'] },
    ],
    [
      'the VM did, which shows what was applied',
      [{ memory: 2 }, { memory: 1 }, { memory: 2 }, { memory: 2 }],
      { causes: ['drift'], applied: 2 },
    ],
    [
      'both did',
      [{ memory: 2 }, { memory: 1 }, { memory: 3 }, { memory: 3 }],
      { causes: ['declaration', 'drift'], applied: 3 },
    ],
    [
      'neither did: this version of the tool wants it so',
      [{ memory: 2 }, { memory: 1 }, { memory: 2 }, { memory: 1 }],
      { causes: ['tool'] },
    ],
    [
      'it was never applied',
      [{ memory: 2 }, { memory: 1 }, undefined, undefined],
      { causes: ['declaration'] },
    ],
  ])('%s', (_, views, why) => {
    expect(changes(...views)).toStrictEqual([{ ...change, ...why }]);
  });
});

describe('a VM that is right already', () => {
  test('needs nothing when it was never applied, or was applied so', () => {
    expect(changes({ memory: 2 }, { memory: 2 })).toEqual([]);
    expect(changes({ memory: 2 }, { memory: 2 }, { memory: 2 })).toEqual([]);
  });

  test('needs only its record brought up to date when the declaration followed it', () => {
    expect(changes({ memory: 2 }, { memory: 2 }, { memory: 1 })).toEqual([
      { path: 'memory', before: 1, after: 2, causes: ['declaration'], cost: 'record' },
    ]);
  });

  test('keeps an id and a storage that are not declared any more', () => {
    const before = { vmid: 9100, 'disk.storage': 'fast' };
    expect(changes({}, before, before)).toMatchObject([
      { path: 'vmid', before: 9100, after: null, cost: 'record' },
      { path: 'disk.storage', before: 'fast', after: null, cost: 'record' },
    ]);
  });

  test('of a worker without a VM is nothing but its record', () => {
    expect(changes({ memory: 2 }, undefined, { memory: 1 })).toMatchObject([
      { path: 'memory', before: 1, after: 2, cost: 'record' },
    ]);
    expect(changes({ memory: 2 }, undefined, { memory: 2 })).toEqual([]);
  });
});

describe('a value that left the declaration', () => {
  test.each<[string, Attributes, Attributes, object[]]>([
    [
      'goes back to what Proxmox takes it for',
      {},
      { memory: 2 * GiB },
      [{ path: 'memory', after: GiB / 2 }],
    ],
    [
      'or is unset, where there is no such value',
      {},
      { pool: 'x' },
      [{ path: 'pool', after: null }],
    ],
    ['needs nothing where it is that value', {}, { memory: GiB / 2 }, [{ cost: 'record' }]],
    [
      'goes back to its default while its NIC stays',
      { 'networks[12].bridge': 'vmbr0' },
      { 'networks[12].bridge': 'vmbr0', 'networks[12].firewall': true },
      [{ path: 'networks[12].firewall', after: false }],
    ],
    [
      'goes with its NIC',
      { 'networks[0].bridge': 'vmbr0' },
      {
        'networks[0].bridge': 'vmbr0',
        'networks[12].bridge': 'vmbr1',
        'networks[12].firewall': true,
      },
      [
        { path: 'networks[12].bridge', before: 'vmbr1', after: null },
        { path: 'networks[12].firewall', before: true, after: null },
      ],
    ],
  ])('%s', (_, desired, found, expected) => {
    expect(changes(desired, found, found)).toMatchObject(expected);
  });
});

describe('a disk size', () => {
  test('that is a floor is shown as the size, and a larger disk is fine', () => {
    const desired = { 'disk.size': { atLeast: 20 * GiB } };
    expect(changes(desired, { 'disk.size': 30 * GiB })).toEqual([]);
    expect(changes(desired, { 'disk.size': 3 * GiB })).toMatchObject([
      { path: 'disk.size', before: 3 * GiB, after: 20 * GiB, cost: 'in-place' },
    ]);
    expect(changes(desired, undefined, { 'disk.size': 10 * GiB })).toMatchObject([
      { before: 10 * GiB, after: 20 * GiB },
    ]);
  });

  test('of a VM without a disk asks for a new VM', () => {
    expect(changes({ 'disk.size': GiB }, {})).toMatchObject([{ before: null, cost: 'rebuild' }]);
  });
});

test('changes stand in the order of the fields, those of one field by name', () => {
  const before = { 'options.kvm': '1', 'labels.b': 'x', 'options.acpi': '0', memory: 1 };
  const desired = { 'options.arch': 'aarch64', 'labels.a': 'x', node: 'pve2' };
  const paths = changes(desired, { ...before, node: 'pve1' }, before).map(({ path }) => path);
  expect(paths).toEqual([
    'node',
    'memory',
    'options.acpi',
    'options.arch',
    'options.kvm',
    'labels.a',
    'labels.b',
  ]);
});

describe('the first changes of a VM that was made from an image', () => {
  const image = {
    'networks[0].bridge': 'vmbr0',
    'networks[1].bridge': 'vmbr1',
    'networks[1].ipv4': 'dhcp',
    'options.vga': 'serial0',
    memory: 1,
  };

  test('take away the NICs beyond the declared ones, and nothing else that is not declared', () => {
    const desired = { 'networks[0].bridge': 'vmbr7', memory: 1 };
    expect(firstChanges(desired, image)).toMatchObject([
      { path: 'networks[0].bridge', before: 'vmbr0', after: 'vmbr7' },
      { path: 'networks[1].bridge', before: 'vmbr1', after: null },
      { path: 'networks[1].ipv4', before: 'dhcp', after: null },
    ]);
  });

  test('leave out what only the record holds', () => {
    const desired = { 'networks[0].bridge': 'vmbr0', 'networks[1].bridge': 'vmbr1', slots: 4 };
    expect(firstChanges(desired, { ...image })).toMatchObject([
      { path: 'networks[1].ipv4', after: null },
    ]);
  });
});
