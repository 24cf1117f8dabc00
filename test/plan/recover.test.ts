import { describe, expect, test } from 'vitest';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';
import type { VmConfig } from '../../src/model/inventory.ts';
import type { State } from '../../src/model/state.ts';
import { type Recovery, recoverState } from '../../src/plan/recover.ts';
import {
  deployed,
  desiredOf,
  inventoryOf,
  LINEAGE,
  made,
  NOW,
  node,
  stateOf,
  uuidOf,
  vm,
  withWorkers,
  workerIn,
} from './support/builders.ts';
import { bearing, ownerOf } from './support/marked.ts';

const OTHER = '99999999-0000-4000-8000-000000000000';
const declaration = withWorkers({ a: { node: 'pve1' }, b: { node: 'pve1' } });
const desired = desiredOf(declaration).workers;

interface Left {
  readonly configs: Readonly<Record<number, VmConfig>>;
  readonly state?: State;
  readonly lineage?: string;
}

function recovered({ configs, state, lineage }: Left): Recovery {
  const vms = Object.fromEntries(Object.keys(configs).map((id) => [id, vm(Number(id))]));
  const inventory = inventoryOf({
    vms,
    configs,
    nodes: {
      pve1: node(),
      pve2: node({ online: false }),
      pve3: node({ unreachable: '595 No route to host', cpus: 0 }),
    },
  });
  return recoverState({ declaration, desired, state, inventory, lineage });
}

function mistakeOf(left: Left): { readonly code: string; readonly message: string } | undefined {
  try {
    recovered(left);
  } catch (error) {
    if (error instanceof DiagnosticsError) return error.diagnostics[0];
    throw error;
  }
  return undefined;
}

describe('the lineage that was lost (P38)', () => {
  const two = {
    9100: bearing(ownerOf(9100)),
    9101: bearing(ownerOf(9101, { worker: 'b', lineage: OTHER })),
  };

  test('is that of the only marks there are', () => {
    const { state } = recovered({ configs: { 9100: bearing(ownerOf(9100)) } });
    expect(state.lineage).toBe(LINEAGE);
  });

  test.each<[string, Left, string, RegExp]>([
    ['no VM bears marks', { configs: {} }, 'nothing-to-recover', /no VM that the token may see/],
    [
      'none bears all of them',
      { configs: { 9100: bearing(ownerOf(9100), { tags: null }) } },
      'nothing-to-recover',
      /bears all marks/,
    ],
    [
      'they are another environment',
      { configs: { 9100: bearing(ownerOf(9100, { environment: 'staging' })) } },
      'nothing-to-recover',
      /of this project and environment/,
    ],
    ['there are two', { configs: two }, 'several-lineages', /more than one state/],
    [
      'the chosen one is not there',
      { configs: two, lineage: 'x' },
      'several-lineages',
      /no VM bears the marks of lineage x/,
    ],
    [
      'the chosen one is not the only one there is',
      { configs: { 9100: bearing(ownerOf(9100)) }, lineage: OTHER },
      'several-lineages',
      /no VM bears the marks of lineage 99999999/,
    ],
  ])('is not guessed when %s', (_, left, code, words) => {
    const mistake = mistakeOf(left);
    expect(mistake?.code).toBe(code);
    expect(mistake?.message).toMatch(words);
  });

  test('is the chosen one of several, and only its VMs are taken in', () => {
    const { state, recovered: taken } = recovered({ configs: two, lineage: OTHER });
    expect(state.lineage).toBe(OTHER);
    expect(taken).toEqual([{ worker: 'b', vmid: 9101, node: 'pve1' }]);
  });
});

describe('what a VM with all marks gives back', () => {
  test('the record, with an unknown image, and the nodes whose size is known', () => {
    const { state, missing, silent } = recovered({ configs: { 9100: bearing(ownerOf(9100)) } });
    expect(state.workers.a).toMatchObject({
      vm: { vmid: 9100, node: 'pve1', uuid: uuidOf(9100), ctime: 1795337979 },
      image: { source: 'unknown' },
      fence: Math.floor(NOW / 1000),
    });
    expect(Object.keys(state.nodes)).toEqual(['pve1', 'pve2']);
    expect({ missing, silent }).toEqual({ missing: ['b'], silent: ['pve2', 'pve3'] });
  });

  test.each(['creation-qemu=10.0.13', 'ctime=yesterday', null])('no ctime from meta %j', (meta) => {
    const { state } = recovered({ configs: { 9100: bearing(ownerOf(9100), { meta }) } });
    expect(state.workers.a?.vm).toEqual({ vmid: 9100, node: 'pve1', uuid: uuidOf(9100) });
  });

  test('a higher fence than the record has stays (W5)', () => {
    const { vm: _, ...record } = made(workerIn(declaration, 'a'), 9100).record;
    const before = stateOf({ a: { ...record, fence: NOW } });
    const { state } = recovered({ configs: { 9100: bearing(ownerOf(9100)) }, state: before });
    expect(state.workers.a).toMatchObject({ fence: NOW, vm: { vmid: 9100 } });
  });
});

describe('a VM with marks that is left where it is', () => {
  const other = made(workerIn(declaration, 'a'), 9105).record;

  test.each<[string, Left, string, RegExp]>([
    [
      'its worker is not declared',
      { configs: { 9100: bearing(ownerOf(9100, { worker: 'c' })) } },
      'not-recovered',
      /c is not declared/,
    ],
    [
      'the state records another VM',
      { configs: { 9100: bearing(ownerOf(9100)) }, state: stateOf({ a: other }) },
      'not-recovered',
      /the state records vm 9105/,
    ],
    [
      'the state records its id for another worker',
      {
        configs: { 9105: bearing(ownerOf(9105, { worker: 'b', uuid: uuidOf(9107) })) },
        state: stateOf({ a: other }),
      },
      'not-recovered',
      /records that id for a/,
    ],
    [
      'it is a copy',
      {
        configs: {
          9100: bearing(ownerOf(9100), { smbios1: bearing(ownerOf(9101)).values.smbios1 ?? '' }),
        },
        state: stateOf(),
      },
      'copy',
      /a copy that somebody made of a/,
    ],
  ])('%s', (_, left, code, words) => {
    const { left: found, recovered: taken, state } = recovered(left);
    expect(taken).toEqual([]);
    expect(state.workers).toEqual(left.state?.workers ?? {});
    expect(found).toMatchObject([{ code }]);
    expect(found[0]?.message).toMatch(words);
  });

  test('two VMs of one worker: neither is guessed', () => {
    const { left, recovered: taken } = recovered({
      configs: { 9100: bearing(ownerOf(9100)), 9101: bearing(ownerOf(9101)) },
    });
    expect(taken).toEqual([]);
    expect(left.map(({ vmid, message }) => [vmid, message])).toEqual([
      [9100, 'vm 9100 on pve1 is one of 2 VMs with all marks of a'],
      [9101, 'vm 9101 on pve1 is one of 2 VMs with all marks of a'],
    ]);
  });

  test('what a state knows already is not recovered again', () => {
    const scene = deployed({ a: made(workerIn(declaration, 'a'), 9100) });
    const { state, recovered: taken } = recoverState({
      declaration,
      desired,
      lineage: undefined,
      ...scene,
    });
    expect(taken).toEqual([]);
    expect(state).toBe(scene.state);
  });
});
