import { describe, expect, test } from 'vitest';
import { type Diagnostic, DiagnosticsError } from '../../src/model/diagnostic.ts';
import type { VmConfig } from '../../src/model/inventory.ts';
import { GiB } from '../../src/model/quantity.ts';
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
      pve3: node({ unreachable: '595 No route to host', cpus: 0 }),
      pve1: node(),
      pve2: node({ online: false }),
    },
  });
  return recoverState({ declaration, desired, state, inventory, lineage });
}

function mistakeOf(left: Left): Diagnostic | undefined {
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
    [
      'they are another project',
      { configs: { 9100: bearing(ownerOf(9100, { project: 'web' })) } },
      'nothing-to-recover',
      /of this project and environment/,
    ],
  ])('is not guessed when %s', (_, left, code, words) => {
    const mistake = mistakeOf(left);
    expect(mistake?.code).toBe(code);
    expect(mistake?.message).toMatch(words);
  });

  test('is one of those that are listed with their first VMs, or there is nothing to recover', () => {
    const many = [9101, 9102, 9103, 9104, 9105, 9106].map((id) => [
      id,
      bearing(ownerOf(id, { lineage: OTHER, worker: `w-${id}` })),
    ]);
    const configs = { ...Object.fromEntries(many), 9107: bearing(ownerOf(9107)) };
    expect(mistakeOf({ configs })).toMatchObject({
      detail: [
        `${LINEAGE}  vm 9107: a`,
        `${OTHER}  vm 9101: w-9101, vm 9102: w-9102, vm 9103: w-9103, vm 9104: w-9104, vm 9105: w-9105`,
      ],
      remedy: 'Choose one: muster state recover --lineage L',
    });
    expect(mistakeOf({ configs: {} })?.remedy).toBe(
      'Check -e, the endpoint and the token (muster doctor). Where there never was a state, there is nothing to recover: muster plan.',
    );
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
      declaredIn: 'muster.yaml:2',
      image: { name: 'debian', source: 'unknown' },
      fence: Math.floor(NOW / 1000),
    });
    const size = { cpus: 16, memory: 64 * GiB };
    expect(state.nodes).toEqual({ pve1: size, pve2: size });
    expect({ missing, silent }).toEqual({ missing: ['b'], silent: ['pve2', 'pve3'] });
  });

  test.each(['creation-qemu=10.0.13', 'ctime=yesterday', null])('no ctime from meta %j', (meta) => {
    const { state } = recovered({ configs: { 9100: bearing(ownerOf(9100), { meta }) } });
    expect(state.workers.a?.vm).toStrictEqual({ vmid: 9100, node: 'pve1', uuid: uuidOf(9100) });
  });

  test('and so each of several, by their names', () => {
    const configs = {
      9100: bearing(ownerOf(9100, { worker: 'b' })),
      9101: bearing(ownerOf(9101)),
      // A copy of one is not a second one.
      9102: bearing(ownerOf(9101), { smbios1: `uuid=${uuidOf(9102)}` }),
    };
    const { recovered: taken, left, missing } = recovered({ configs });
    expect(taken).toEqual([
      { worker: 'a', vmid: 9101, node: 'pve1' },
      { worker: 'b', vmid: 9100, node: 'pve1' },
    ]);
    expect(left).toMatchObject([{ code: 'copy', vmid: 9102 }]);
    expect(missing).toEqual([]);
  });

  test('also where its record only meant to make another VM under that id', () => {
    const { vm: _, ...record } = made(workerIn(declaration, 'a'), 9100).record;
    const doing = {
      ...{ run: 'dead', action: 'deploy', step: 'clone', plan: 'p' },
      ...{ vmid: 9100, node: 'pve1', uuid: uuidOf(1) },
    } as const;
    const { recovered: taken } = recovered({
      configs: { 9100: bearing(ownerOf(9100)) },
      state: stateOf({ a: { ...record, doing } }),
    });
    expect(taken).toEqual([{ worker: 'a', vmid: 9100, node: 'pve1' }]);
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

  test.each<[string, Left, string, string, string]>([
    [
      'its worker is not declared',
      { configs: { 9100: bearing(ownerOf(9100, { worker: 'c' })) } },
      'not-recovered',
      "vm 9100 on pve1 is c's by its marks, and c is not declared",
      'Declare c and recover again, or delete it: muster apply --prune',
    ],
    [
      'the state records another VM',
      { configs: { 9100: bearing(ownerOf(9100)) }, state: stateOf({ a: other }) },
      'not-recovered',
      "vm 9100 on pve1 is a's by its marks, and the state records vm 9105",
      'Delete the one that is not wanted.',
    ],
    [
      'the state records its id for another worker',
      {
        configs: { 9105: bearing(ownerOf(9105, { worker: 'b', uuid: uuidOf(9107) })) },
        state: stateOf({ a: other }),
      },
      'not-recovered',
      "vm 9105 on pve1 is b's by its marks, and the state records that id for a",
      'Plan first: muster plan shows what became of a.',
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
      'vm 9100 on pve1 is a copy that somebody made of a; it is not touched',
      'Remove its SMBIOS serial and the muster line of its description, or delete it.',
    ],
  ])('%s', (_, left, code, message, remedy) => {
    const { left: found, recovered: taken, state } = recovered(left);
    expect(taken).toEqual([]);
    expect(state.workers).toEqual(left.state?.workers ?? {});
    expect(found).toMatchObject([{ code, message, remedy }]);
  });

  test('two VMs of one worker: neither is guessed', () => {
    const { left, recovered: taken } = recovered({
      configs: { 9100: bearing(ownerOf(9100)), 9101: bearing(ownerOf(9101)) },
    });
    expect(taken).toEqual([]);
    const remedy = 'Delete those that are not wanted, then recover again.';
    expect(left.map((each) => [each.vmid, each.message, each.remedy])).toEqual([
      [9100, 'vm 9100 on pve1 is one of 2 VMs with all marks of a', remedy],
      [9101, 'vm 9101 on pve1 is one of 2 VMs with all marks of a', remedy],
    ]);
  });

  test('one of another environment is not even named', () => {
    const staging = bearing(ownerOf(9100, { environment: 'staging' }));
    const { left, recovered: taken } = recovered({ configs: { 9100: staging }, state: stateOf() });
    expect({ left, taken }).toEqual({ left: [], taken: [] });
  });

  test('what a state knows already is not recovered again, and the state stays as it is', () => {
    const known = deployed({ a: made(workerIn(declaration, 'a'), 9100) });
    const scene = { ...known, state: { ...known.state, nodes: {} } };
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
