import { describe, expect, test } from 'vitest';
import type { Declaration } from '../../src/model/declaration.ts';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';
import { readMarks } from '../../src/model/marks.ts';
import { declaredFor, desiredWith, marksWrite, planAfterImport } from '../../src/plan/import-vm.ts';
import {
  declarationOf,
  inventoryOf,
  stateOf,
  uuidOf,
  vm,
  withWorkers,
} from './support/builders.ts';
import { bearing, ownerOf, unmarked } from './support/marked.ts';

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

  test('what is declared already is not said again, and no image for one that has its own', () => {
    const sole = { defaults: { storage: 'local-lvm' } };
    const { desired, lacking } = declaredFor(
      about(withWorkers({ a: { node: 'pve1', image: 'debian' } }, sole)),
    );
    expect(desired?.name).toBe('a');
    expect(lacking).not.toHaveProperty('image');
    expect(lacking).not.toHaveProperty('node');
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

  test.each([
    ['a description of its own', { description: 'of the night' }, {}, 'of the night'],
    ['none where it has none', { description: null }, {}, undefined],
    [
      'none of a card, which an import writes anew',
      { description: 'of us\n\nmuster:1 project=backup' },
      {},
      undefined,
    ],
    [
      'none where the same is declared',
      { description: 'of the night' },
      { description: 'of the night' },
      undefined,
    ],
    [
      'its own, where another one is declared',
      { description: 'of the night' },
      { description: 'of the day' },
      'of the night',
    ],
  ])('%s is shown', (_, change, fields, expected) => {
    const declaration = withWorkers({ a: { node: 'pve1', ...fields } });
    expect(declaredFor(about(declaration, unmarked(change))).lacking.description).toBe(expected);
  });

  test('a NIC more than is declared has to be declared, and then both are', () => {
    const nics = (net1: string | null) =>
      declaredFor(
        about(
          withWorkers({ a: { node: 'pve1', networks: [{ bridge: 'vmbr0' }] } }),
          unmarked({ net0: 'virtio=BC:24:11:C4:8A:62,bridge=vmbr0', net1, ipconfig0: 'ip=dhcp' }),
        ),
      ).lacking.networks;
    expect(nics(null)).toBeUndefined();
    expect(nics('virtio=BC:24:11:C4:8A:63,bridge=vmbr1')).toMatchObject([
      { bridge: 'vmbr0', ipv4: 'dhcp' },
      { bridge: 'vmbr1' },
    ]);
  });

  test('what it writes makes the VM that worker’s: its uuid and serial, its card and the tag', () => {
    const input = { ...about(withWorkers({ a: { node: 'pve1' } })), uuid: uuidOf(9100) };
    const desired = desiredWith({}, input);
    if (desired === undefined) throw new Error('a is declared');
    const { set, remove } = marksWrite(desired, input);
    const { smbios1, tags } = bearing(ownerOf(9100)).values;
    expect(set).toMatchObject({ smbios1, tags });
    expect(readMarks({ description: String(set.description) }).card).toEqual(ownerOf(9100));
    expect(remove).toEqual([]);
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
