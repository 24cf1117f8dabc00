import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SCHEMAS } from '../../src/generated/schemas.ts';
import { validatePlan } from '../../src/generated/validate-plan.js';
import { validateState } from '../../src/generated/validate-state.js';
import type { Json } from '../../src/model/json.ts';
import { DEFAULT_PLAN_OPTIONS, type SavedPlan } from '../../src/model/plan.ts';
import type { EndedSession, LiveSession } from '../../src/model/session.ts';
import type { SessionPlan } from '../../src/model/session-plan.ts';
import { emptyState, type State, type WorkerRecord } from '../../src/model/state.ts';
import { DEFAULT_PATCH, DEFAULT_TIMEOUTS, type WorkerSpec } from '../../src/model/worker.ts';

const ROOT = join(import.meta.dirname, '../..');
const DIGEST = 'ab'.repeat(32);
const UUID = '00000000-0000-4000-8000-00000000000a';

/** Every member made required: a new field of the type is a type error here until this test knows it. */
type Full<T> = T extends readonly (infer E)[]
  ? readonly Full<E>[]
  : T extends string | number | boolean | null
    ? T
    : { readonly [K in keyof T]-?: Full<NonNullable<T[K]>> };

const spec: Full<Omit<WorkerSpec, 'imageSource' | 'networks' | 'options' | 'labels'>> &
  Pick<WorkerSpec, 'imageSource' | 'networks' | 'options' | 'labels'> = {
  node: 'pve1',
  description: 'x',
  enabled: true,
  slots: 4,
  vmid: 9101,
  image: 'debian-13',
  imageSource: { kind: 'template', vmid: 9000, clone: 'full' },
  storage: 'local-lvm',
  cpu: { cores: 6, type: 'host' },
  memory: 1,
  disk: { size: 1, sizeIsFloor: true, storage: 'a', discard: true, ssd: true },
  networks: [
    {
      bridge: 'vmbr0',
      vlan: 1,
      mtu: 1500,
      model: 'virtio',
      mac: 'BC:24:11:00:00:01',
      firewall: true,
      ipv4: { address: '10.0.0.1/24', gateway: '10.0.0.2' },
      ipv6: 'auto',
    },
  ],
  dns: { servers: ['10.0.0.1'], search: 'x' },
  cloudInit: { user: 'a', sshKeys: ['k'], vendorData: 'v', userData: 'u', networkData: 'n' },
  files: [{ from: 'a', to: '/a', mode: '0644', digest: DIGEST }],
  options: { machine: 'q35', numa: true, shares: 1 },
  tags: ['a'],
  labels: { a: 'b' },
  deploy: 'eager',
  onImageChange: 'ignore',
  protect: false,
  patch: { ...DEFAULT_PATCH, proxy: 'http://p' },
  checks: [{ name: 'a', run: ['b'], timeout: 1 }],
  timeouts: DEFAULT_TIMEOUTS,
  pool: 'p',
};

const record: Full<Omit<WorkerRecord, 'declared' | 'observed'>> &
  Pick<WorkerRecord, 'declared' | 'observed'> = {
  vm: { vmid: 9101, node: 'pve1', uuid: UUID, ctime: 1 },
  declared: spec,
  declaredIn: 'workers/a.yaml:3',
  observed: { 'networks[0].vlan': 120, memory: null },
  image: { name: 'a', source: 'b' },
  protect: true,
  doing: {
    run: 'r',
    action: 'deploy',
    step: 'clone',
    vmid: 9101,
    node: 'pve1',
    uuid: UUID,
    upid: 'UPID:',
    plan: DIGEST,
    error: 'e',
  },
  lease: { run: 'r', fence: 3 },
  fence: 3,
  quarantine: { note: 'n', until: 1, by: 'me' },
  last: {
    test: {
      result: 'passed',
      at: 1,
      checks: [{ id: 'agent', result: 'pass', ms: 1.5, seen: 's', hint: 'h' }],
    },
    patch: {
      result: 'patched',
      at: 1,
      manager: 'apt',
      packages: ['a'],
      rebooted: false,
      message: 'm',
    },
    session: { name: 's', at: 1 },
    used: 1,
    launch: { deploy: 1, update: 1, start: 1, agent: 1, test: 1, patch: 1, stop: 1 },
  },
};

const live: Full<LiveSession> = {
  kind: 'live',
  id: 'nightly-1',
  name: 'nightly',
  run: 'r',
  plan: DIGEST,
  startedAt: 1,
  expectedEnd: 2,
  spec: {
    kind: 'backup',
    workers: { names: ['a'], labels: { site: 'north' } },
    placement: 'any',
    guards: { minItems: 1, minWorkers: 1, waitForWorkers: 1 },
    reserve: 0,
    env: { A: '${secret.B}' },
  },
  repositories: { r: { address: 'h:1', maxConcurrent: 1 } },
  items: [
    {
      name: 'vm-101',
      run: ['x'],
      env: { A: 'b' },
      repository: 'r',
      timeout: 1,
      retries: 1,
      vm: { vmid: 101, name: 'web', node: 'pve1' },
      worker: 'a',
      estimate: { ms: 1, from: 'item' },
    },
  ],
  attempts: {
    'vm-101': [
      {
        worker: 'a',
        vmid: 9101,
        place: 'same-node',
        startedAt: 1,
        endedAt: 2,
        result: 'ok',
        exitCode: 0,
        lastLine: 'l',
      },
    ],
  },
  workers: {
    a: {
      node: 'pve1',
      vmid: 9101,
      slots: 4,
      expectedAt: 1,
      timeline: [{ phase: 'start', at: 1 }],
      endedAt: 2,
      leftOut: 'x',
    },
  },
};

const ended: Full<EndedSession> = {
  kind: 'ended',
  id: 'nightly-0',
  name: 'nightly',
  work: 'backup',
  plan: DIGEST,
  startedAt: 1,
  endedAt: 2,
  outcome: 'ok',
  ok: 1,
  failed: 0,
  notRun: 0,
  workers: 1,
  leftOut: 0,
};

const state: Full<Omit<State, 'workers' | 'sessions'>> & Pick<State, 'workers' | 'sessions'> = {
  ...emptyState('lineage-1', 'backup', 'production'),
  cluster: { name: 'north' },
  nodes: { pve1: { cpus: 4, memory: 1 } },
  workers: { 'backup-pve1': record },
  runs: {
    r: {
      id: 'r',
      kind: 'session',
      session: 's',
      who: 'me',
      host: 'h',
      pid: 1,
      pidProof: { startTime: '1', bootId: 'b', pidNamespace: 'p' },
      jobUrl: 'u',
      planDigest: DIGEST,
      beat: 1,
      startedAt: 1,
      lostTo: 'q',
    },
  },
  sessions: { 'nightly-1': live, 'nightly-0': ended },
  history: { nightly: { items: { 'vm-101': { ms: 1, at: 1 } } } },
};

const place = { file: 'muster.yaml', line: 1, column: 1, endLine: 1, endColumn: 2 };
const diagnostic = {
  severity: 'error' as const,
  code: 'c',
  message: 'm',
  labels: [{ ...place, text: 't', frame: [[1, 'x'] as const] }],
  detail: ['d'],
  remedy: 'r',
};

const session: SessionPlan = {
  session: 'nightly',
  kind: 'backup',
  selects: { names: ['a'], labels: { site: 'north' } },
  placement: 'preferSameNode',
  reserve: 0,
  guards: { minItems: 1, minWorkers: 1, waitForWorkers: 1 },
  repositories: { pbs: { address: 'h:1', maxConcurrent: 2 } },
  workers: [
    {
      worker: 'a',
      node: 'pve1',
      vmid: 9101,
      actions: ['shutdown', 'configure', 'deploy', 'update', 'launch'],
      slots: 1,
      launch: {
        times: { deploy: 1, update: 1, start: 1, agent: 1, test: 1, patch: 1, stop: 1 },
        from: 'others',
      },
      readyAt: 1,
    },
  ],
  leftOut: [{ worker: 'b', node: 'pve2', why: 'leased', by: 'r', until: 1, named: false }],
  items: live.items.map((item) => ({
    item,
    run: {
      worker: 'a',
      node: 'pve1',
      place: 'same-node',
      start: 1,
      end: 2,
      waitedFor: { kind: 'repository', name: 'pbs' },
    },
  })),
  forecast: {
    totalMs: 1,
    itemsEndMs: 1,
    bound: { ms: 1, by: { kind: 'longest-item', name: 'x' } },
    waits: [{ from: 0, to: 1, reason: { kind: 'node', name: 'pve1' }, items: 1 }],
    savings: [
      { what: { kind: 'slot', worker: 'a' }, ms: 1 },
      { what: { kind: 'worker', node: 'pve1' }, ms: 1, lacks: 'memory' },
      { what: { kind: 'repository-slot', name: 'pbs' }, ms: 1 },
    ],
    overNetwork: 0,
  },
  leftForApply: [{ action: 'destroy', workers: 1 }],
  warnings: [diagnostic],
  refusals: [{ exitCode: 4, diagnostic }],
};

const plan: SavedPlan = {
  format: 1,
  kind: 'muster-plan',
  toolVersion: '0.1.0',
  lineage: 'lineage-1',
  serial: 1,
  createdAt: 1,
  commit: 'abc',
  fileDigest: DIGEST,
  plan: {
    format: 1,
    project: 'p',
    environment: '',
    cluster: {
      name: 'n',
      version: '9.2',
      endpoint: 'e',
      token: 't',
      quorate: true,
      nodes: 3,
      unreachable: 0,
    },
    options: { ...DEFAULT_PLAN_OPTIONS, only: ['test'] },
    workers: [
      {
        worker: 'a',
        actions: ['deploy', 'test'],
        reasons: ['new'],
        changes: [
          {
            path: 'memory',
            before: null,
            after: 1,
            causes: ['declaration'],
            cost: 'in-place',
            applied: 2,
            at: place,
          },
        ],
        held: { why: 'leased', by: 'r', remedy: 'x', until: 1 },
        declaredAt: place,
        set: 's',
        node: 'pve1',
        vmid: 9101,
        uuid: UUID,
        desired: { name: 'a', spec, declaredAt: place, set: 's' },
        from: 'b',
        frees: ['x'],
        summary: 's',
        lastUsed: 'l',
      },
    ],
    unchanged: 1,
    findings: [{ code: 'c', worker: 'a', vmid: 1, node: 'n', message: 'm', remedy: 'r' }],
    preflight: [{ result: 'ok', code: 'c', message: 'm', worker: 'a', remedy: 'r' }],
    guards: { maxDestroy: 1, maxReplace: 1, forbid: [] },
    refusals: [diagnostic],
    warnings: [diagnostic],
    contents: { [DIGEST]: 'YQ==' },
    repositories: [{ name: 'r', host: 'h', port: 8007, fingerprint: 'f' }],
    limits: { parallelism: 1, perNode: 1, perStorage: 1 },
    session,
    vmids: { from: 9100, to: 9199 },
    reviewDigest: DIGEST,
  },
};

/** Every schema node that describes a value, with its pointer. */
function fieldsOf(
  node: unknown,
  pointer = '#',
): readonly (readonly [string, Record<string, unknown>])[] {
  if (node === null || typeof node !== 'object' || Array.isArray(node)) return [];
  const schema = node as Record<string, unknown>;
  const maps = ['properties', 'definitions', 'patternProperties'].flatMap((key) =>
    Object.entries(schema[key] ?? {}).flatMap(([name, child]) =>
      fieldsOf(child, `${pointer}/${key}/${name}`),
    ),
  );
  const single = ['items', 'additionalProperties'].flatMap((key) =>
    fieldsOf(schema[key], `${pointer}/${key}`),
  );
  return [[pointer, schema], ...maps, ...single];
}

describe('the published schemas', () => {
  it.each(Object.keys(SCHEMAS))('%s: every field has a description', (name) => {
    const schema: unknown = JSON.parse(
      readFileSync(join(ROOT, `schemas/${name}.schema.json`), 'utf8'),
    );
    const bare = fieldsOf(schema).filter(
      ([, field]) => field.$ref === undefined && typeof field.description !== 'string',
    );
    expect(bare.map(([pointer]) => pointer)).toEqual([]);
  });

  it.each(Object.entries(SCHEMAS))('%s is embedded as it is published', (name, text) => {
    expect(text).toBe(readFileSync(join(ROOT, `schemas/${name}.schema.json`), 'utf8'));
  });
});

/** Each place of a value with one member removed, replaced or added. */
function spoilt(value: Json, path = ''): readonly (readonly [string, Json])[] {
  if (Array.isArray(value))
    return value.flatMap((entry: Json, i) =>
      spoilt(entry, `${path}[${i}]`).map(([where, bad]): readonly [string, Json] => [
        where,
        value.map((old: Json, j) => (i === j ? bad : old)),
      ]),
    );
  if (value === null || typeof value !== 'object')
    return [[path, typeof value === 'object' ? 'text' : { not: 'expected' }]];
  const members = Object.entries(value).flatMap(([key, member]) =>
    spoilt(member, `${path}.${key}`).map(([where, bad]): readonly [string, Json] => [
      where,
      { ...value, [key]: bad },
    ]),
  );
  return [...members, [`${path}.stranger`, { ...value, stranger: 1 }]];
}

/** Maps that take any key or any JSON, so that not every spoilt value is wrong. */
const OPEN =
  /\.(observed|before|after|applied)\b|\.(options|labels|nodes|workers|runs|contents|env|repositories|attempts|history|items|sessions)\.stranger$/;

/** Every schema inside a schema, by its place. */
function schemasIn(value: unknown, where = ''): readonly (readonly [string, object])[] {
  if (value === null || typeof value !== 'object') return [];
  const below = Object.entries(value).flatMap(([key, part]) => schemasIn(part, `${where}/${key}`));
  return [[where, value], ...below];
}

describe('the declaration', () => {
  it('has both bounds for every whole number, because mistakes name both', () => {
    const numbers = schemasIn(JSON.parse(SCHEMAS.declaration)).filter(
      ([, schema]) => 'type' in schema && [schema.type].flat().includes('integer'),
    );
    expect(numbers.length).toBeGreaterThan(20);
    const open = numbers.filter(([, schema]) => !('minimum' in schema && 'maximum' in schema));
    expect(open.map(([where]) => where)).toEqual(['/properties/muster']);
  });
});

describe('the state', () => {
  it('with every field of its type verifies', () => {
    expect(validateState(state)).toEqual([]);
    expect(validateState(emptyState('lineage-1', 'backup', ''))).toEqual([]);
  });

  it('with any value of another kind, or any key that is not its own, is refused', () => {
    const json: Json = JSON.parse(JSON.stringify(state));
    const accepted = spoilt(json)
      .filter(([where]) => !OPEN.test(where))
      .filter(([, bad]) => validateState(bad).length === 0);
    expect(accepted.map(([where]) => where)).toEqual([]);
  });

  it.each([
    ['another format', { ...state, format: 2 }],
    ['a serial below zero', { ...state, serial: -1 }],
    ['half a serial', { ...state, serial: 1.5 }],
    ['no lineage', { ...state, lineage: '' }],
    ['a list', []],
    ['null', null],
    [
      'a vmid that PVE refuses',
      { ...state, workers: { a: { ...record, vm: { ...record.vm, vmid: 99 } } } },
    ],
    ['a worker whose name is a path', { ...state, workers: { '../a': record } }],
    [
      'a uuid that is none',
      { ...state, workers: { a: { ...record, vm: { ...record.vm, uuid: 'x' } } } },
    ],
  ])('with %s is refused', (_, value) => {
    expect(validateState(value)).not.toEqual([]);
  });
});

describe('a saved plan', () => {
  it('with every field of its type verifies', () => {
    expect(validatePlan(plan)).toEqual([]);
  });

  it('with any value of another kind, or any key that is not its own, is refused', () => {
    const json: Json = JSON.parse(JSON.stringify(plan));
    const accepted = spoilt(json)
      .filter(([where]) => !OPEN.test(where))
      .filter(([, bad]) => validatePlan(bad).length === 0);
    expect(accepted.map(([where]) => where)).toEqual([]);
  });

  it('that is something else is refused (P46)', () => {
    for (const value of [{}, [], null, '', { ...plan, kind: 'terraform' }, state])
      expect(validatePlan(value)).not.toEqual([]);
  });
});
