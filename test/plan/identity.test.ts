import { describe, expect, test } from 'vitest';
import type { Inventory, VmConfig } from '../../src/model/inventory.ts';
import { smbiosOf } from '../../src/model/marks.ts';
import type { WorkerRecord } from '../../src/model/state.ts';
import { identify, type Located, locate } from '../../src/plan/identity.ts';
import { edited, inventoryOf, LINEAGE, node, stateOf, uuidOf, vm } from './support/builders.ts';
import { bearing, ownerOf, unmarked } from './support/marked.ts';
import { resting } from './support/scenes.ts';

const OTHER = '99999999-0000-4000-8000-000000000000';
const { record } = resting();
const { vm: _vm, ...withoutVm } = record;

/** Its VM was about to be made on that node. */
function begun(at = 'pve1'): WorkerRecord {
  const doing = {
    ...{ run: 'dead', action: 'deploy', step: 'clone', plan: 'p' },
    ...{ vmid: 9100, node: at, uuid: uuidOf(9100) },
  };
  return { ...withoutVm, doing };
}

function located(of: WorkerRecord, change: Partial<Inventory>): Located {
  const state = stateOf({ a: of });
  const inventory = inventoryOf(change);
  return locate(of, state, inventory, identify(state, inventory));
}

const seen = (config: VmConfig, others: Readonly<Record<number, VmConfig>> = {}) => {
  const configs = { 9100: config, ...others };
  const vms = Object.fromEntries(Object.keys(configs).map((id) => [id, vm(Number(id))]));
  return { vms, configs };
};

describe('a VM that no list shows', () => {
  const away = { pve2: node() };
  const off = { pve1: node({ online: false }), pve2: node() };
  const mute = { pve1: node({ unreachable: '595 No route to host' }), pve2: node() };

  test.each<[string, WorkerRecord, Partial<Inventory>, Located]>([
    ['its id is free', record, { absent: { 9100: 'gone' } }, { kind: 'gone' }],
    ['nobody looked', record, {}, { kind: 'invisible' }],
    ['nobody looked, and it was only begun', begun(), {}, { kind: 'gone' }],
    ['its id is taken', record, { absent: { 9100: 'invisible' } }, { kind: 'invisible' }],
    [
      'its id is taken, and it was only begun',
      begun(),
      { absent: { 9100: 'invisible' } },
      { kind: 'invisible' },
    ],
    [
      'its node gives no answer',
      record,
      { absent: { 9100: 'unreachable' } },
      { kind: 'unreachable', why: 'node pve1 does not answer' },
    ],
    [
      'its node is off',
      record,
      { nodes: off },
      { kind: 'unreachable', why: 'node pve1 is offline' },
    ],
    [
      'its node does not answer',
      record,
      { nodes: mute, absent: { 9100: 'gone' } },
      { kind: 'unreachable', why: '595 No route to host' },
    ],
    ['its node left', record, { nodes: away }, { kind: 'node-gone' }],
    [
      'its node left, and its id is taken somewhere',
      record,
      { nodes: away, absent: { 9100: 'invisible' } },
      { kind: 'invisible' },
    ],
  ])('%s', (_, of, change, expected) => {
    expect(located(of, change)).toEqual(expected);
  });
});

describe('a VM under the recorded id is judged by its marks', () => {
  const own = bearing(ownerOf(9100));
  const uuid = uuidOf(9100);
  const cardOnly = (lineage = LINEAGE) =>
    unmarked({
      description: bearing(ownerOf(9100, { lineage })).values.description ?? '',
      smbios1: `uuid=${uuidOf(1)}`,
    });
  const changed = 'its SMBIOS uuid or serial was changed';
  const twice = `another VM has the same SMBIOS uuid ${uuid}`;
  const at = (ctime: number) => edited(own, { meta: `creation-qemu=10.0.13,ctime=${ctime}` });
  const made = 1795337979;

  test.each<[string, WorkerRecord, VmConfig, string, string | undefined]>([
    ['all of them', record, own, 'ours', undefined],
    ['none', record, unmarked(), 'gone', undefined],
    ['a card of another state', record, cardOnly(OTHER), 'gone', undefined],
    ['the card alone, just cloned', begun(), cardOnly(), 'ours', undefined],
    ['the card alone, long recorded', record, cardOnly(), 'ambiguous', changed],
    ['card and tag', begun(), edited(cardOnly(), { tags: 'muster' }), 'ambiguous', changed],
    [
      'a card, and the serial of another VM',
      begun(),
      edited(cardOnly(), { smbios1: smbiosOf(uuidOf(1), LINEAGE) }),
      'ambiguous',
      changed,
    ],
  ])('%s', (_, of, config, kind, why) => {
    const found = located(of, seen(config));
    expect(found).toMatchObject(why === undefined ? { kind } : { kind, why });
  });

  test.each<[string, VmConfig, Readonly<Record<number, VmConfig>>, string]>([
    ['one that was made at another time', at(made), { 9101: at(1) }, 'ours'],
    ['one that was made in the same second', at(made), { 9101: at(made) }, 'ambiguous'],
    ['two, one of which was', at(made), { 9101: at(1), 9102: at(made) }, 'ambiguous'],
    ['one, and it was itself made at another time', at(1), { 9101: at(2) }, 'ambiguous'],
  ])('beside a twin: %s (W21)', (_, config, twins, kind) => {
    const found = located(record, seen(config, twins));
    expect(found).toMatchObject(kind === 'ours' ? { kind } : { kind, why: twice });
  });

  test('a record that knows no ctime can not tell a twin', () => {
    const old = { ...record, vm: { vmid: 9100, node: 'pve1', uuid } };
    expect(located(old, seen(at(made), { 9101: at(1) }))).toMatchObject({ kind: 'ambiguous' });
    expect(located(old, seen(at(made)))).toMatchObject({ kind: 'ours' });
  });
});

describe('a VM that is locked by its clone', () => {
  test('will be where it was meant to be, and one that is recorded is where it is', () => {
    const locked = {
      vms: { 9100: vm(9100, { node: 'pve2', lock: 'clone' }) },
      configs: {},
    };
    expect(located(begun('pve1'), locked)).toMatchObject({ kind: 'unfinished', node: 'pve1' });
    expect(located(record, locked)).toMatchObject({ kind: 'unfinished', node: 'pve2' });
  });
});

describe('VMs without a uuid', () => {
  test('are no twins of each other', () => {
    const serial = smbiosOf(uuidOf(1), LINEAGE).replace(/uuid=[^,]+,/, '');
    const config = unmarked({ smbios1: serial });
    const { strangers } = identify(stateOf(), inventoryOf(seen(config, { 9101: config })));
    expect(strangers.map(({ kind }) => kind)).toEqual(['ambiguous', 'ambiguous']);
  });
});
