import { describe, expect, test } from 'vitest';
import { configWrite } from '../../src/model/attributes/config-write.ts';
import { readAttributes } from '../../src/model/attributes/read-attributes.ts';
import { rankOf, rowOf } from '../../src/model/attributes/rows.ts';
import { Fenced, PveError, type PveErrorFacts } from '../../src/model/errors.ts';
import { imageRecordOf } from '../../src/model/image-record.ts';
import { canonicalCidr, inNetwork, ipVersion } from '../../src/model/ip.ts';
import { type Json, sameJson } from '../../src/model/json.ts';
import { rememberLaunch } from '../../src/model/launch-history.ts';
import { cardLine, readMarks, smbiosOf } from '../../src/model/marks.ts';
import { countPlan } from '../../src/model/plan-counts.ts';
import { isMissingProgram, isNodeUnreachable } from '../../src/model/pve-texts.ts';
import { registerRun, requireLease, takeLeases } from '../../src/model/runs.ts';
import {
  config,
  deployed,
  LINEAGE,
  made,
  planOf,
  uuidOf,
  withWorkers,
  workerIn,
} from '../plan/support/builders.ts';
import { ownerOf } from '../plan/support/marked.ts';
import { runRecord, stateWith, workerSpec } from '../state/support/states.ts';

describe('values that look alike', () => {
  test.each<[unknown, unknown, boolean]>([
    [[], {}, false],
    [{ 0: 'a' }, ['a'], false],
    [{ a: undefined }, {}, true],
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: null }, {}, false],
    [[1, 2], [1], false],
  ])('%j and %j: %s', (a, b, same) => {
    expect(sameJson(a, b)).toBe(same);
    expect(sameJson(b, a)).toBe(same);
  });

  test('text that is no address is in no network and has no version', () => {
    expect(inNetwork('10.0.0.1', 'pve1')).toBe(false);
    expect(inNetwork('pve1', '10.0.0.0/8')).toBe(false);
    expect(inNetwork('::1', '10.0.0.0/8')).toBe(false);
    expect([canonicalCidr('10.0.0.1'), ipVersion('10.0.0.1/8')]).toEqual([undefined, undefined]);
  });

  test.each([
    ['no source', undefined, undefined],
    ['a template', { kind: 'template', vmid: 9000, clone: 'full' }, 'template 9000'],
    [
      'the same template, linked',
      { kind: 'template', vmid: 9000, clone: 'linked' },
      'template 9000',
    ],
    [
      'a disk image',
      { kind: 'import', volume: 'local:import/d.qcow2' },
      'import local:import/d.qcow2',
    ],
  ] as const)('an image of %s', (_, imageSource, source) => {
    const spec = workerSpec(imageSource === undefined ? {} : { imageSource });
    expect(imageRecordOf(spec)).toEqual(
      source === undefined ? undefined : { name: spec.image, source },
    );
  });
});

describe('marks as strangers leave them', () => {
  const owner = ownerOf(9100);
  const card = (change: Readonly<Record<string, unknown>>) =>
    readMarks({ description: `muster:1 ${JSON.stringify({ ...owner, ...change })}` }).card;

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['a worker that is no text', { worker: 7 }],
    ['no lineage', { lineage: undefined }],
    ['a uuid that is none', { uuid: '9100' }],
    ['a uuid in capitals', { uuid: owner.uuid.replace('8', 'A') }],
  ])('a card with %s is no card', (_, change) => {
    expect(card({})).toEqual(owner);
    expect(card(change)).toBeUndefined();
  });

  test.each(['muster:1 {"lineage":', 'muster:1 {}', `x muster:1 {}`, 'muster:1 {} muster'])(
    'nor is %j',
    (description) => {
      expect(readMarks({ description })).toEqual({ tagged: false });
    },
  );

  test('a card is found among the notes, whatever its worker is called', () => {
    const odd = { ...owner, worker: 'a"}\n' };
    expect(readMarks({ description: `my VM\n${cardLine(odd)}\nkeep` }).card).toEqual(odd);
  });

  test('a serial without a uuid is no mark of one VM', () => {
    const smbios1 = smbiosOf(owner.uuid, LINEAGE).replace(/uuid=[^,]+,/, '');
    expect(readAttributes(config({ smbios1 }), { node: 'pve1', vmid: 1 }).marks).toBe(
      ` muster:${LINEAGE}`,
    );
  });
});

describe('a value that is not declared any more', () => {
  const { config: resting } = made(workerIn(withWorkers({ a: { node: 'pve1' } }), 'a'), 9100);
  const write = (path: string, after: Json, before = resting) =>
    configWrite(before, [{ path, after, cost: 'in-place' }]);

  test.each<[string, Json, object]>([
    ['memory', null, { set: { memory: '512' } }],
    ['memory', 2 ** 30, { set: { memory: '1024' } }],
    ['tags', null, { remove: ['tags'] }],
    ['tags', [], { remove: ['tags'] }],
    ['agent', false, { set: { agent: 'enabled=0' } }],
    ['node', 'pve2', { migrate: { target: 'pve2' } }],
    ['options.machine', 'q35', { set: { machine: 'q35' } }],
  ])('%s: %j', (path, after, expected) => {
    expect(write(path, after)).toMatchObject(expected);
  });

  test.each<[string, Json]>([
    ['node', null],
    ['disk.storage', null],
    ['networks[0].mac', null],
    ['marks', 'no marks'],
    ['marks', null],
    ['nothing', 'x'],
    ['nothing.at.all', 'x'],
  ])('%s: %j sends nothing', (path, after) => {
    expect(write(path, after)).toEqual({ set: {}, remove: [], regenerateCloudInit: false });
  });

  test('a NIC without a declared model is virtio again, with its MAC', () => {
    const net0 = 'e1000=BC:24:11:00:00:01,bridge=vmbr0';
    const before = config({ ...resting.values, net0 });
    expect(write('networks[0].model', null, before).set).toEqual({
      net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0',
    });
  });

  test('a disk flag of a VM without a disk sends nothing', () => {
    const diskless = config({ name: 'x' });
    expect(write('disk.discard', true, diskless).set).toEqual({});
    expect(readAttributes(diskless, { node: 'pve1', vmid: 1 })).not.toHaveProperty([
      'disk.discard',
    ]);
  });

  test('a size that is not declared is not given back; a floor is kept by any larger one', () => {
    const same = rowOf('disk.size')?.same;
    expect([
      same?.(null, 5),
      same?.({ atLeast: 5 }, 6),
      same?.({ atLeast: 5 }, 4),
      same?.({ atLeast: 5 }, null),
      same?.(5, 6),
    ]).toEqual([true, true, false, false, false]);
  });

  test('a path that no row has comes before all others', () => {
    expect([rankOf('nothing'), rankOf('nothing.at.all'), rankOf('networks[x].mac')]).toEqual([
      -1, -1, -1,
    ]);
    expect(rankOf('options.whatever')).toBe(rankOf('options.machine'));
  });
});

describe('errors that are not from Proxmox', () => {
  const of = (change: Partial<PveErrorFacts>) =>
    new PveError({
      request: 'POST /nodes/pve1/qemu/100/agent/exec',
      status: 596,
      failure: 'failed',
      reason: '',
      ...change,
    });

  test.each<[string, unknown, boolean, boolean]>([
    ['a plain error', new Error('address lookup for pve1'), false, false],
    ['no error at all', undefined, false, false],
    ['596 to an exec', of({}), false, true],
    ['596 to something else', of({ request: 'GET /nodes' }), false, false],
    [
      'a name that is not resolved',
      of({ status: 500, reason: "hostname lookup 'pve1' failed" }),
      true,
      false,
    ],
    ['a silent node', of({ status: 595, failure: 'node-unreachable' }), true, false],
  ])('%s', (_, error, unreachable, missing) => {
    expect([isNodeUnreachable(error), isMissingProgram(error)]).toEqual([unreachable, missing]);
  });
});

describe('runs that mix up', () => {
  const state = ['r1', 'r2'].reduce((all, id) => registerRun(all, runRecord(id)), stateWith('a'));

  test('an id is given once', () => {
    expect(() => registerRun(state, runRecord('r1'))).toThrow(/r1 is registered already/);
  });

  test('a lease of another run, or none, fences (W5)', () => {
    const leased = takeLeases(state, 'r1', ['a'], () => false).state;
    expect(requireLease(leased, 'r1', 'a')).toMatchObject({ run: 'r1' });
    const refused = (at: typeof state, worker: string) => () => requireLease(at, 'r2', worker);
    expect(refused(leased, 'a')).toThrow(Fenced);
    expect(refused(leased, 'a')).toThrow('run r2 does not hold worker a: run r1 does');
    expect(refused(state, 'a')).toThrow(/run r2 does not hold worker a$/);
  });

  test('a launch of a worker that no state knows is not remembered', () => {
    expect(rememberLaunch(state, 'b', [{ phase: 'start', at: 1 }], 2)).toBe(state);
  });
});

test('a worker that is only reported counts under no action', () => {
  const worker = made(workerIn(withWorkers({ a: { node: 'pve1' } }), 'a'), 9100);
  const drifted = { ...worker, config: config({ ...worker.config.values, memory: '1024' }) };
  const plan = planOf({
    declaration: withWorkers({ a: { node: 'pve1' } }),
    ...deployed({ a: drifted }),
    options: { refreshOnly: true },
  });
  const counts = countPlan(plan);
  expect(plan.workers).toMatchObject([
    { worker: 'a', vmid: 9100, uuid: uuidOf(9100), actions: [] },
  ]);
  expect(Object.values(counts.strongest).every((count) => count === 0)).toBe(true);
  expect(counts.drifted).toBe(1);
});
