import { describe, expect, test } from 'vitest';
import type { Inventory, VmConfig, VmFacts } from '../../src/model/inventory.ts';
import type { State } from '../../src/model/state.ts';
import { findOrphans, type Leftovers, type Orphan } from '../../src/plan/orphans.ts';
import {
  inventoryOf,
  LINEAGE,
  made,
  NOW,
  planOf,
  runOf,
  stateOf,
  uuidOf,
  vm,
  withWorkers,
  workerIn,
} from './support/builders.ts';
import { bearing, ownerOf, unmarked } from './support/marked.ts';

const OTHER = '99999999-0000-4000-8000-000000000000';
const a = made(workerIn(withWorkers({ a: { node: 'pve1' } }), 'a'), 9100);

interface Scene {
  readonly configs?: Readonly<Record<number, VmConfig>>;
  readonly facts?: Partial<VmFacts>;
  readonly state?: State;
  readonly left?: Partial<Leftovers>;
  readonly change?: Partial<Inventory>;
}

function orphansOf({ configs = {}, facts = {}, state = stateOf(), left = {}, change }: Scene) {
  const vms = Object.fromEntries(Object.keys(configs).map((id) => [id, vm(Number(id), facts)]));
  return findOrphans({
    declaration: { project: 'backup', environment: 'production' },
    declared: new Set(['a']),
    state,
    inventory: inventoryOf({ vms, configs, ...change }),
    volumes: [],
    busy: new Set(),
    ...left,
  });
}

describe('what a VM is judged by (P33)', () => {
  test.each<[string, VmConfig, Partial<Orphan>, RegExp]>([
    [
      'all marks of a declared worker',
      bearing(ownerOf(9105)),
      { kind: 'ours', worker: 'a', command: 'muster orphans 9105 --destroy' },
      /The next plan adopts it/,
    ],
    [
      'all marks of one that is not declared',
      bearing(ownerOf(9105, { worker: 'z' })),
      { kind: 'ours', worker: 'z' },
      /Declare its worker/,
    ],
    [
      'the card alone',
      unmarked({ description: bearing(ownerOf(9105)).values.description ?? '', smbios1: null }),
      {
        kind: 'half-made',
        worker: 'a',
        proof: `only the card, which comes with the first step of a deploy: uuid none; no serial; no tag; card of a (lineage ${LINEAGE}, uuid ${uuidOf(9105)})`,
      },
      /qm destroy 9105 --purge/,
    ],
    [
      'a card that names another uuid',
      bearing(ownerOf(9105), { smbios1: bearing(ownerOf(9106)).values.smbios1 ?? '' }),
      { kind: 'copy', worker: 'a' },
      /Remove its SMBIOS serial/,
    ],
    [
      'no tag',
      bearing(ownerOf(9105), { tags: null }),
      { kind: 'ambiguous', worker: 'a' },
      /give it another SMBIOS uuid/,
    ],
    [
      'marks of another state',
      bearing(ownerOf(9105, { lineage: OTHER })),
      { kind: 'other-lineage', worker: 'a', command: `muster state recover --lineage ${OTHER}` },
      /If that state is lost/,
    ],
    [
      'the card of another state, without a serial',
      bearing(ownerOf(9105, { lineage: OTHER }), { smbios1: `uuid=${uuidOf(9105)}` }),
      { kind: 'other-lineage', worker: 'a', command: `muster state recover --lineage ${OTHER}` },
      /If that state is lost/,
    ],
  ])('%s', (_, config, expected, words) => {
    const found = orphansOf({ configs: { 9105: config } });
    expect(found).toMatchObject([{ what: 'vm 9105 on pve1', vmid: 9105, ...expected }]);
    expect(found[0]?.remedy).toMatch(words);
  });

  test('a serial alone, without a uuid, is no proof', () => {
    const { smbios1 = '' } = bearing(ownerOf(9105)).values;
    const config = unmarked({ smbios1: smbios1.replace(/uuid=[^,]+,/, '') });
    expect(orphansOf({ configs: { 9105: config } })).toMatchObject([
      { kind: 'ambiguous', remedy: expect.stringMatching(/^Delete it/) },
    ]);
  });

  test('two VMs with one uuid: one is a restored copy', () => {
    const config = bearing(ownerOf(9105));
    expect(orphansOf({ configs: { 9105: config, 9106: config } }).map(({ kind }) => kind)).toEqual([
      'restore',
      'restore',
    ]);
  });

  test('a serial without a card names no worker', () => {
    const [found] = orphansOf({ configs: { 9105: bearing(ownerOf(9105), { description: null }) } });
    expect(found).toMatchObject({ kind: 'ambiguous' });
    expect(found?.proof).toMatch(/serial of lineage 5d0c77e1.*; tag; no card$/);
    expect(found).not.toHaveProperty('worker');
  });

  test.each([
    ['without a mark', unmarked({ tags: 'muster' })],
    ['of another project', bearing(ownerOf(9105, { project: 'web' }))],
    [
      'of another state and environment',
      bearing(ownerOf(9105, { lineage: OTHER, environment: 'staging' })),
    ],
  ])('a VM %s is nobody of ours', (_, config) => {
    expect(orphansOf({ configs: { 9105: config } })).toEqual([]);
  });

  test('where this state has workers, the other one is to be found, not taken', () => {
    const config = bearing(ownerOf(9105, { lineage: OTHER }), { smbios1: `uuid=${uuidOf(9105)}` });
    const [found] = orphansOf({ configs: { 9105: config }, state: stateOf({ a: a.record }) });
    expect(found?.remedy).toMatch(/Find who keeps the state 99999999/);
    expect(found).not.toHaveProperty('command');
  });
});

describe('a lock whose task is gone', () => {
  const lockOf = (scene: Scene) =>
    orphansOf(scene)
      .filter(({ kind }) => kind === 'lock')
      .map(({ what, worker }) => ({ what, worker }));
  const state = stateOf({ a: a.record });
  const what = 'lock (clone) on vm 9100 on pve1';

  test.each<[string, Scene, readonly object[]]>([
    [
      'of a recorded VM without marks',
      { configs: { 9100: unmarked({ lock: 'clone' }) } },
      [{ what, worker: undefined }],
    ],
    [
      'of one that names its worker',
      { configs: { 9100: bearing(ownerOf(9100), { lock: 'clone' }) } },
      [{ what, worker: 'a' }],
    ],
    [
      'as the list shows it',
      { configs: { 9100: bearing(ownerOf(9100)) }, facts: { lock: 'clone' } },
      [{ what, worker: 'a' }],
    ],
    [
      'while its task runs',
      { configs: { 9100: unmarked({ lock: 'clone' }) }, left: { busy: new Set([9100]) } },
      [],
    ],
    ['of a VM that is nobody of ours', { configs: { 9105: unmarked({ lock: 'clone' }) } }, []],
    ['that is not there', { configs: { 9100: bearing(ownerOf(9100)) } }, []],
  ])('%s', (_, scene, expected) => {
    expect(lockOf({ state, ...scene })).toEqual(expected);
  });
});

describe('the lease of a run that is gone', () => {
  const leased = { ...a.record, lease: { run: 'r1', fence: 1 } };
  const hour = 3_600_000;

  test.each([
    ['that holds workers', { b: leased, a: leased }, NOW - hour, ['lease of run r1 on a, b']],
    ['that holds none', { a: a.record }, NOW - hour, []],
    ['that is alive', { a: leased }, NOW, []],
  ])('%s', (_, workers, beat, what) => {
    const state = stateOf(workers, { runs: { r1: runOf('r1', { beat }) } });
    expect(orphansOf({ state }).map((each) => each.what)).toEqual(what);
  });
});

describe('orphans in a plan', () => {
  const scene = (configs: Readonly<Record<number, VmConfig>>, facts: Partial<VmFacts> = {}) => ({
    declaration: withWorkers({}),
    state: stateOf({}, { serial: 41 }),
    inventory: inventoryOf({
      vms: Object.fromEntries(Object.keys(configs).map((id) => [id, vm(Number(id), facts)])),
      configs,
    }),
  });

  test.each([
    ['half-made', unmarked({ description: bearing(ownerOf(9105)).values.description ?? '' }), {}],
    [
      'needs-root-unlock',
      unmarked({ description: bearing(ownerOf(9105)).values.description ?? '' }),
      { lock: 'clone' },
    ],
    ['ambiguous', bearing(ownerOf(9105), { description: null }), {}],
  ])('%s is reported and never pruned', (code, config, facts) => {
    const made = { a: a.record };
    const { state, ...rest } = scene({ 9105: config }, facts);
    const plan = planOf({ ...rest, state: { ...state, workers: made }, options: { prune: true } });
    expect(plan.findings.map((finding) => finding.code)).toContain(code);
    expect(plan.workers.filter(({ vmid }) => vmid === 9105)).toEqual([]);
  });
});
