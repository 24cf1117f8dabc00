import { describe, expect, test } from 'vitest';
import type { Inventory, VmFacts } from '../../src/model/inventory.ts';
import { type Importable, importable } from '../../src/plan/import-refusals.ts';
import {
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

const OTHER = '99999999-0000-4000-8000-000000000000';
const ORPHANS =
  'muster orphans says what it is. A copy of a worker can be imported when its SMBIOS serial and the muster line of its notes are removed.';

function refusedWith(judged: Importable): { readonly code: string; readonly text: string } {
  if (judged.kind === 'importable') return { code: 'importable', text: '' };
  const { code, message, remedy, detail } = judged.problem;
  expect(detail).toEqual(['Nothing was changed.']);
  return { code, text: `${message}. ${remedy}` };
}

describe('a VM that import refuses (P38)', () => {
  const empty = stateOf();
  const recorded = stateOf({
    a: made(workerIn(withWorkers({ a: { node: 'pve1' } }), 'a'), 9101).record,
  });

  test.each<[string, Partial<VmFacts> | undefined, Partial<Inventory>, string, string]>([
    [
      'is not there',
      undefined,
      { absent: { 9100: 'gone' } },
      'no-vm',
      'no guest of this cluster has the id 9100. Look it up in the portal.',
    ],
    [
      'can not be seen',
      undefined,
      {},
      'no-vm',
      "vm 9100 can't be seen: the token may not, or its node does not answer. Give the token VM.Audit on /vms/9100; muster doctor shows what it lacks.",
    ],
    [
      'has an unread config',
      {},
      { configs: {} },
      'no-config',
      "vm 9100 (old) on pve1 can't be looked into: its config can't be read. Give the token VM.Audit on /vms/9100, or wait for pve1.",
    ],
    [
      'is on a silent node',
      {},
      { configs: {}, nodes: { pve1: node({ unreachable: '595 No route to host' }) } },
      'no-config',
      "vm 9100 (old) on pve1 can't be looked into: 595 No route to host. Give the token VM.Audit on /vms/9100, or wait for pve1.",
    ],
    [
      'is on a node that no list shows',
      { node: 'pve9' },
      { configs: {} },
      'no-config',
      "vm 9100 (old) on pve9 can't be looked into: its config can't be read. Give the token VM.Audit on /vms/9100, or wait for pve9.",
    ],
    [
      'is a container',
      { kind: 'lxc' },
      {},
      'not-importable',
      'vm 9100 (old) on pve1 is a container. Workers are VMs.',
    ],
    [
      'is a template',
      { template: true },
      {},
      'not-importable',
      'vm 9100 (old) on pve1 is a template. Clone it, or declare it as an image: images: { name: { template: ... } }.',
    ],
    [
      'is locked by its list entry',
      { lock: 'backup' },
      {},
      'not-importable',
      'vm 9100 (old) on pve1 is locked (backup). Wait until the task that holds the lock has ended.',
    ],
    [
      'is locked by its config',
      {},
      { configs: { 9100: unmarked({ lock: 'snapshot' }) } },
      'not-importable',
      'vm 9100 (old) on pve1 is locked (snapshot). Wait until the task that holds the lock has ended.',
    ],
    [
      'runs',
      { status: 'running' },
      {},
      'not-importable',
      'vm 9100 (old) on pve1 is running. Shut it down first, a worker rests powered off: qm shutdown 9100',
    ],
    [
      'may run',
      { status: 'unknown' },
      {},
      'not-importable',
      'vm 9100 (old) on pve1 is in an unknown power state. Shut it down first, a worker rests powered off: qm shutdown 9100',
    ],
    [
      'is under HA',
      {},
      { haManaged: [9100] },
      'not-importable',
      'vm 9100 (old) on pve1 is managed by HA, or replicated. Take it out first, Muster alone starts workers: ha-manager remove vm:9100',
    ],
    [
      'bears a serial alone',
      {},
      { configs: { 9100: bearing(ownerOf(9100), { description: null }) } },
      'marked',
      `vm 9100 (old) on pve1 bears marks of another state: it is not one that was made by hand. ${ORPHANS}`,
    ],
    [
      'is marked as another worker',
      {},
      { configs: { 9100: bearing(ownerOf(9100, { worker: 'b' })) } },
      'marked',
      `vm 9100 (old) on pve1 bears marks of worker b: it is not one that was made by hand. ${ORPHANS}`,
    ],
    [
      'is marked for the worker by another state',
      {},
      { configs: { 9100: bearing(ownerOf(9100, { lineage: OTHER })) } },
      'marked',
      `vm 9100 (old) on pve1 bears marks of worker a: it is not one that was made by hand. ${ORPHANS}`,
    ],
    [
      'bears some of the marks of the worker',
      {},
      { configs: { 9100: bearing(ownerOf(9100), { tags: null }) } },
      'marked',
      `vm 9100 (old) on pve1 bears marks of worker a: it is not one that was made by hand. ${ORPHANS}`,
    ],
    [
      'bears a card alone',
      {},
      { configs: { 9100: bearing(ownerOf(9100), { tags: null, smbios1: null }) } },
      'marked',
      `vm 9100 (old) on pve1 bears marks of worker a: it is not one that was made by hand. ${ORPHANS}`,
    ],
  ])('one that %s', (_, facts, change, code, words) => {
    const vms = facts === undefined ? {} : { 9100: vm(9100, { name: 'old', ...facts }) };
    const inventory = inventoryOf({ vms, configs: { 9100: unmarked() }, ...change });
    const judged = refusedWith(importable({ worker: 'a', vmid: 9100, state: empty, inventory }));
    expect(judged.code).toBe(code);
    expect(judged.text).toBe(words);
  });

  test.each([
    ['a', 9101, "vm 9101 is a's already. There is nothing to import: muster plan."],
    ['b', 9101, "vm 9101 is worker a's. Rename that one: muster state mv a b"],
    [
      'a',
      9100,
      'a has a VM already, vm 9101 on pve1. Choose another worker, or destroy that one first: muster destroy a',
    ],
  ])('to %s, vm %i, against the record', (worker, vmid, words) => {
    const inventory = inventoryOf({
      vms: { 9100: vm(9100), 9101: vm(9101) },
      configs: { 9100: unmarked(), 9101: unmarked() },
    });
    const judged = refusedWith(importable({ worker, vmid, state: recorded, inventory }));
    expect(judged.code).toBe('recorded');
    expect(judged.text).toBe(words);
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
