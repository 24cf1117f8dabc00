import { beforeAll, describe, expect, it } from 'vitest';
import type { Plan, WorkerPlan } from '../../src/model/plan.ts';
import { editConfig, moveDisk } from '../../src/simulator/by-hand.ts';
import type { WorldSpec } from '../../src/simulator/spec.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import { type House, openHouse } from '../support/house.ts';
import { FIELDS, type Field } from './fields.ts';

/**
 * Every field of a worker through its whole life, each on a worker of its own, all in one declaration:
 * deployed without it → set → changed → drifted → removed. After each apply the plan is empty.
 */

const GIB = 2 ** 30;
const NAMES = FIELDS.map((_, index) => `f${index}`);

describe('every field of a worker', () => {
  const stages: Record<string, Readonly<Record<string, WorkerPlan>>> = {};
  let house: House;

  beforeAll(async () => {
    house = openHouse({ world: roomyWorld(), files: { 'a.sh': 'echo a\n', 'b.sh': 'echo b\n' } });
    await declareAndApply('none', () => undefined);
    await declareAndApply('set', ({ set }) => set);
    await declareAndApply('change', ({ change }) => change);
    FIELDS.forEach(({ drift }, index) => {
      const vmid = house.state().workers[`f${index}`]?.vm?.vmid;
      if (drift !== undefined && vmid !== undefined) driftAway(house, vmid, drift);
    });
    await apply('drift');
    await declareAndApply('remove', () => undefined);

    async function declareAndApply(
      stage: string,
      valueFor: (field: Field) => unknown,
    ): Promise<void> {
      house.write('muster.yaml', declaration(valueFor));
      await apply(stage);
    }

    async function apply(stage: string): Promise<void> {
      stages[stage] = byWorker(await planned(house));
      const applied = await house.muster('apply', '--auto-approve');
      expect(applied.code, `${stage}: ${applied.stdout}${applied.stderr}`).toBe(0);
      stages[`${stage}, then`] = byWorker(await planned(house));
    }
  }, 120_000);

  const cases = FIELDS.map((field, index) => ({
    ...field,
    index,
    name: `${field.field} (${JSON.stringify(field.change)})`,
  }));

  it.each(cases)('$name: after every apply the plan is empty (P30, P37)', ({ index }) => {
    const left = ['none', 'set', 'change', 'drift', 'remove'].flatMap((stage) => {
      const worker = stages[`${stage}, then`]?.[`f${index}`];
      return worker === undefined
        ? []
        : [{ stage, actions: worker.actions, changes: worker.changes }];
    });
    expect(left).toEqual([]);
  });

  it.each(cases)('$name: changing it plans exactly that change, with its cost', (field) => {
    const worker = stages.change?.[`f${field.index}`];
    expect(worker?.reasons).toEqual(['declaration-changed']);
    expect(pathsBeyond(worker, field)).toEqual([]);
    expect(worker?.changes.map(({ cost }) => cost)).toContain(field.cost);
    expect(worker?.actions).toEqual([field.cost === 'record' ? 'configure' : 'update']);
  });

  it.each(cases.filter(({ drift }) => drift !== undefined))(
    '$name: changed by hand it is drift, and is put back',
    (field) => {
      const worker = stages.drift?.[`f${field.index}`];
      expect(worker?.reasons).toEqual(['drift']);
      expect(worker?.changes.every(({ causes }) => causes.includes('drift'))).toBe(true);
      expect(pathsBeyond(worker, field)).toEqual([]);
    },
  );

  it('shows no drift where nobody touched anything', () => {
    const untouched = cases.filter(({ drift }) => drift === undefined);
    const shown = untouched.filter(({ index }) => stages.drift?.[`f${index}`] !== undefined);
    expect(shown.map(({ name }) => name)).toEqual([]);
  });

  it.each(cases)('$name: taking it out of the declaration plans its removal', (field) => {
    const worker = stages.remove?.[`f${field.index}`];
    expect(pathsBeyond(worker, field)).toEqual([]);
    if (field.change !== defaultOf(field)) expect(worker?.reasons).toEqual(['declaration-changed']);
  });
});

/** Fields whose changed value is what they are without a declaration: removing them changes nothing. */
function defaultOf({ field, change }: Field): unknown {
  const same = [
    'enabled',
    'protect',
    'deploy',
    'disk.discard',
    'disk.ssd',
    'disk.size',
    'networks',
    'patch',
  ];
  return same.includes(field) ? change : undefined;
}

function driftAway(house: House, vmid: number, drift: NonNullable<Field['drift']>): void {
  const { world } = house.cluster;
  const disk = world.vms[String(vmid)]?.config.scsi0 ?? '';
  const options = Object.entries(drift.disk ?? {});
  const kept = disk
    .split(',')
    .filter((part) => !options.some(([key]) => part.startsWith(`${key}=`)));
  const edited = [...kept, ...options.map(([key, value]) => `${key}=${value}`)].join(',');
  editConfig(world, vmid, { scsi0: edited, ...drift.set }, drift.unset);
  if (drift.moveTo !== undefined) moveDisk(world, vmid, 'scsi0', drift.moveTo);
}

/** Fields that PVE has no side of: nobody can change them behind our back. */
const ONLY_OURS =
  /^(enabled|files|labels|onImageChange|patch|checks|timeouts|deploy|disk\.size|networks\[1\])/;

it('every field that PVE has a side of is changed by hand', () => {
  const untouched = FIELDS.filter(({ drift }) => drift === undefined);
  const names = untouched.map(({ field, paths }) => paths?.source.slice(1) ?? field);
  expect(
    names.map((name) => name.replaceAll('\\', '')).filter((name) => !ONLY_OURS.test(name)),
  ).toEqual([]);
});

function pathsBeyond(worker: WorkerPlan | undefined, field: Field): readonly string[] {
  const expected = field.paths ?? new RegExp(`^${field.field.replaceAll('.', '\\.')}$`);
  return (worker?.changes ?? []).map(({ path }) => path).filter((path) => !expected.test(path));
}

function byWorker(plan: Plan): Readonly<Record<string, WorkerPlan>> {
  return Object.fromEntries(plan.workers.map((worker) => [worker.worker, worker]));
}

async function planned(house: House): Promise<Plan> {
  const told = await house.muster('plan', '--format', 'json');
  expect(told.code, told.stdout + told.stderr).toBe(0);
  return (JSON.parse(told.stdout) as { plan: Plan }).plan;
}

/** YAML is a superset of JSON. */
function declaration(valueFor: (field: Field) => unknown): string {
  const workers = FIELDS.map((field, index) => {
    const value = valueFor(field);
    return [`f${index}`, value === undefined ? {} : nested(field.field, value)] as const;
  });
  return JSON.stringify({
    muster: 1,
    project: 'fields',
    cluster: {
      endpoint: 'simulator',
      vmids: { from: 9100, to: 9199 },
      limits: { parallelism: 8, perNode: 8, perStorage: 8 },
    },
    images: { 'debian-13': { template: 9000 } },
    defaults: { image: 'debian-13', node: 'pve1', deploy: 'eager' },
    workers: Object.fromEntries(workers),
  });
}

function nested(path: string, value: unknown): Record<string, unknown> {
  const [head = '', ...rest] = path.split('.');
  return { [head]: rest.length === 0 ? value : nested(rest.join('.'), value) };
}

function roomyWorld(): WorldSpec {
  const world = quickstartWorld();
  const snippet = (name: string) => ({ volid: `local:snippets/${name}.yaml`, size: 1024 });
  return {
    ...world,
    bridges: [...world.bridges, { name: 'vmbr1', vlanAware: true }],
    storages: [
      ...world.storages.map((storage) => ({ ...storage, size: 4096 * GIB })),
      {
        id: 'fast',
        type: 'lvmthin',
        content: ['images'],
        nodes: ['pve1'],
        size: 800 * GIB,
        used: 0,
      },
    ],
    volumes: [...(world.volumes ?? []), snippet('v'), snippet('w')],
  };
}

it('covers every field of a worker in the schema', async () => {
  const { readFileSync } = await import('node:fs');
  const schema = JSON.parse(
    readFileSync(new URL('../../schemas/declaration.schema.json', import.meta.url), 'utf8'),
  );
  const worker = (schema.definitions ?? schema.$defs).worker.properties as Record<string, unknown>;
  /** Not changed in place: each has tests of its own (replace, migration). */
  const elsewhere = ['node', 'vmid', 'image'];
  const covered = new Set([...FIELDS.map(({ field }) => field.split('.')[0]), ...elsewhere]);
  expect(Object.keys(worker).filter((key) => !covered.has(key))).toEqual([]);
  expect(NAMES.length).toBeLessThan(100);
});
