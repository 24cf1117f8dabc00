import { describe, expect, test } from 'vitest';
import type { ItemSpec, SessionSpec } from '../../src/model/declaration.ts';
import type { Inventory } from '../../src/model/inventory.ts';
import { GiB } from '../../src/model/quantity.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import {
  config,
  declarationOf,
  deployed,
  edited,
  inventoryOf,
  type Made,
  made,
  NOW,
  node,
  planOf,
  runOf,
  stateOf,
  uuidOf,
  vm,
  withWorkers,
  workerIn,
} from './support/builders.ts';

const A: WorkerFields = { node: 'pve1' };
const nobody = withWorkers({});

function resting(fields: WorkerFields = A): Made {
  return made(workerIn(withWorkers({ a: fields }), 'a'), 9100);
}

function withConfig(worker: Made, change: Readonly<Record<string, string | null>>): Made {
  return { ...worker, config: edited(worker.config, change) };
}

function running(worker: Made): Made {
  return { ...worker, vm: { ...worker.vm, status: 'running' } };
}

describe('an undeclared worker that can not be destroyed now', () => {
  const state = stateOf({ a: resting().record });
  const other = { node: 'pve2' };

  test.each<[string, Partial<Inventory>, object]>([
    [
      'its node is away',
      { nodes: { pve1: node({ online: false }), pve2: node() } },
      { actions: ['destroy'], held: { why: 'unreachable', by: 'node pve1 is offline' } },
    ],
    [
      'it can not be seen',
      { absent: { 9100: 'invisible' } },
      { actions: ['destroy'], held: { why: 'invisible' } },
    ],
    ['nothing proves it gone', {}, { actions: ['destroy'], held: { why: 'invisible' } }],
    [
      'its node did not answer in time',
      { absent: { 9100: 'unreachable' } },
      { actions: ['destroy'], held: { why: 'unreachable' } },
    ],
    [
      'it is gone',
      { absent: { 9100: 'gone' } },
      { actions: ['forget'], reasons: ['undeclared', 'vm-gone'] },
    ],
    [
      'a container has its id',
      { vms: { 9100: vm(9100, { kind: 'lxc' }) } },
      { actions: ['forget'] },
    ],
  ])('%s (P27)', (_, inventory, expected) => {
    expect(
      planOf({ declaration: nobody, state, inventory: inventoryOf(inventory) }).workers,
    ).toMatchObject([expected]);
  });

  test('its marks are doubtful: nothing is planned, and the doubt is reported', () => {
    const worker = withConfig(resting(), { smbios1: 'uuid=3cbeced6-cd59-41d3-9956-8966812c39e5' });
    const plan = planOf({ declaration: nobody, ...deployed({ a: worker }) });
    expect(plan).toMatchObject({ workers: [], findings: [{ code: 'ambiguous' }] });
  });

  test('listed on a node that is away: its list may be old, so it waits', () => {
    const { inventory } = deployed(
      { a: resting() },
      { nodes: { pve1: node({ unreachable: '595' }), pve2: node() } },
    );
    expect(
      planOf({ declaration: withWorkers({ b: other }), state, inventory }).workers,
    ).toMatchObject([
      { worker: 'a', held: { why: 'unreachable', by: '595' } },
      { worker: 'b', actions: ['configure'] },
    ]);
  });

  test('listed, and its config is not to be read: invisible', () => {
    const inventory = inventoryOf({ vms: { 9100: vm(9100) } });
    expect(planOf({ declaration: nobody, state, inventory }).workers[0]?.held?.why).toBe(
      'invisible',
    );
  });

  test('running: it is powered off first', () => {
    const plan = planOf({ declaration: nobody, ...deployed({ a: running(resting()) }) });
    expect(plan.workers).toMatchObject([
      { actions: ['shutdown', 'destroy'], reasons: ['left-running', 'undeclared'] },
    ]);
  });
});

describe('adoption', () => {
  const { inventory } = deployed({ a: running(resting()) });

  test('of a running VM powers it off, and a test may follow', () => {
    const plan = planOf({ declaration: withWorkers({ a: A }), inventory, options: { test: true } });
    expect(plan.workers).toMatchObject([
      { actions: ['shutdown', 'adopt', 'test'], reasons: ['left-running', 'orphan'] },
    ]);
  });

  test('of a restored VM under another id, when the recorded one is gone', () => {
    const { record } = resting();
    const moved = { ...record, vm: { vmid: 9150, node: 'pve1', uuid: uuidOf(9100) } };
    const plan = planOf({
      declaration: withWorkers({ a: A }),
      state: stateOf({ a: moved }),
      inventory: { ...deployed({ a: resting() }).inventory, absent: { 9150: 'gone' } },
    });
    expect(plan.workers).toMatchObject([
      { actions: ['adopt'], reasons: ['vm-gone', 'orphan'], vmid: 9100 },
    ]);
    expect(plan.findings).toEqual([]);
  });

  test('waits for a lock (P44)', () => {
    const locked = deployed({ a: withConfig(resting(), { lock: 'snapshot' }) });
    const plan = planOf({ declaration: withWorkers({ a: A }), inventory: locked.inventory });
    expect(plan.workers).toMatchObject([{ actions: ['adopt'], held: { why: 'locked' } }]);
  });

  test('never of a VM of another environment', () => {
    const plan = planOf({
      declaration: withWorkers({ a: A }, { environment: 'staging' }),
      state: stateOf({}, { environment: 'staging' }),
      inventory,
    });
    expect(plan).toMatchObject({ workers: [{ actions: ['configure'] }], findings: [] });
  });
});

describe('--prune', () => {
  const prune = (worker: Made, force: readonly string[] = []) =>
    planOf({
      declaration: nobody,
      inventory: deployed({ a: worker }).inventory,
      options: { prune: true, force },
    });

  test('powers a running orphan off first', () => {
    expect(prune(running(resting())).workers).toMatchObject([{ actions: ['shutdown', 'destroy'] }]);
  });

  test('waits for locks, and leaves protected VMs (P16, P44)', () => {
    expect(prune(withConfig(resting(), { lock: 'backup' })).workers[0]?.held?.why).toBe('locked');
    expect(prune(withConfig(resting(), { protection: '1' })).workers[0]?.held?.why).toBe(
      'protected',
    );
  });

  test('refuses volumes that Muster did not make', () => {
    const plan = prune(withConfig(resting(), { scsi1: 'local-lvm:vm-9100-disk-1,size=8G' }));
    expect(plan.refusals).toMatchObject([{ code: 'foreign-volume' }]);
  });

  test('lets them go when --force names its worker, and lists them', () => {
    const volume = 'local-lvm:vm-9100-disk-1';
    const plan = prune(withConfig(resting(), { scsi1: `${volume},size=8G` }), ['a']);
    expect(plan.refusals).toEqual([]);
    expect(plan.workers[0]?.frees).toContain(`${volume} (8 GiB)`);
  });

  test('--force of an orphan that is not pruned is a mistake', () => {
    const { inventory } = deployed({ a: resting() });
    const scene = { declaration: nobody, inventory, options: { force: ['a'] } };
    const state = stateOf({ b: made(workerIn(withWorkers({ b: A }), 'b'), 9101).record });
    expect(() => planOf({ ...scene, state })).toThrow(/--force: there is no worker a/);
  });

  test('an orphan whose name another worker bears gets a name of its own', () => {
    const declaration = withWorkers({ a: A });
    const own = made(workerIn(declaration, 'a'), 9101);
    const { state, inventory } = deployed({ a: own, lone: resting() });
    const { lone: _, ...workers } = state.workers;
    const scene = { declaration, state: { ...state, workers }, inventory };
    expect(planOf({ ...scene, options: { prune: true } }).workers).toMatchObject([
      { worker: 'a-vm-9100', actions: ['destroy'], vmid: 9100 },
    ]);
  });
});

describe('renames that mean nothing any more', () => {
  test('the old name is still declared, or the new one is recorded', () => {
    const both = withWorkers({ a: A, b: A }, { renamed: { a: 'b' } });
    expect(planOf({ declaration: both, ...deployed({ a: resting() }) }).workers).toMatchObject([
      { worker: 'b', actions: ['configure'] },
    ]);
    const declaration = withWorkers({ b: A }, { renamed: { a: 'b' } });
    const done = made(workerIn(declaration, 'b'), 9101);
    expect(planOf({ declaration, ...deployed({ b: done }) }).workers).toEqual([]);
  });

  test('a worker without a VM is renamed in the record', () => {
    const { vm: _, observed: _o, ...record } = resting().record;
    const declaration = withWorkers({ b: A }, { renamed: { a: 'b' } });
    expect(planOf({ declaration, state: stateOf({ a: record }) }).workers).toMatchObject([
      {
        worker: 'b',
        from: 'a',
        actions: ['rename', 'configure'],
        reasons: ['renamed', 'declaration-changed'],
      },
    ]);
  });
});

describe('reasons that come together', () => {
  test('a requested replace of what has drifted', () => {
    const drifted = withConfig(resting(), { memory: '1024' });
    const plan = planOf({
      declaration: withWorkers({ a: A }),
      ...deployed({ a: drifted }),
      options: { replace: ['a'] },
    });
    expect(plan.workers).toMatchObject([{ actions: ['replace'], reasons: ['requested', 'drift'] }]);
  });

  test('a replace is refused while it would delete volumes of somebody else', () => {
    const worker = withConfig(resting(), { unused0: 'local-lvm:vm-9100-disk-7' });
    const scene = { declaration: withWorkers({ a: A }), ...deployed({ a: worker }) };
    expect(planOf({ ...scene, options: { replace: ['a'] } }).refusals).toMatchObject([
      { code: 'foreign-volume', detail: ['unused0: local-lvm:vm-9100-disk-7'] },
    ]);
    expect(planOf(scene).findings).toMatchObject([{ code: 'undeclared-device' }]);
  });

  test('running for a run that is gone altogether', () => {
    const lost = { ...resting().record, lease: { run: 'gone', fence: 3 } };
    const { inventory } = deployed({ a: running(resting()) });
    const plan = planOf({
      declaration: withWorkers({ a: A }),
      state: stateOf({ a: lost }),
      inventory,
    });
    expect(plan.workers).toMatchObject([{ actions: ['shutdown'], reasons: ['run-lost'] }]);
  });

  test('a plain apply holds a worker under its own name', () => {
    const leased = { ...resting().record, lease: { run: 'r1', fence: 3 } };
    const { inventory } = deployed({ a: resting() });
    const state = stateOf({ a: leased }, { runs: { r1: runOf('r1') } });
    const plan = planOf({ declaration: withWorkers({ a: { ...A, slots: 9 } }), state, inventory });
    expect(plan.workers[0]?.held).toMatchObject({
      why: 'leased',
      by: 'apply r1 of ci@runner-3 (pid 812 on runner-3)',
    });
    const forced = planOf({
      declaration: withWorkers({ a: { ...A, slots: 9 } }),
      state,
      inventory,
      options: { force: ['a'] },
    });
    expect(forced.workers[0]?.held).toBeUndefined();
  });

  test('ssd on a virtio disk can not be: it is left out and reported', () => {
    const worker = resting();
    const { scsi0: _, ...values } = worker.config.values;
    const virtio = {
      ...worker,
      config: config({
        ...values,
        boot: 'order=virtio0',
        virtio0: 'local-lvm:vm-9100-disk-0,size=20G',
      }),
    };
    const declaration = withWorkers({ a: { ...A, disk: { ssd: true } } });
    const plan = planOf({ declaration, ...deployed({ a: virtio }) });
    expect(plan.workers.flatMap(({ changes }) => changes.map(({ path }) => path))).not.toContain(
      'disk.ssd',
    );
    expect(plan.findings).toContainEqual(expect.objectContaining({ code: 'not-possible' }));
  });

  test('an image that was only renamed needs no new VM', () => {
    const images = {
      debian: { kind: 'template', template: { by: 'vmid', vmid: 9000 }, clone: 'full' },
      again: { kind: 'template', template: { by: 'vmid', vmid: 9000 }, clone: 'linked' },
    } as const;
    const declaration = withWorkers({ a: { ...A, image: 'again' } }, { images });
    expect(planOf({ declaration, ...deployed({ a: resting() }) }).workers).toMatchObject([
      {
        actions: ['configure'],
        changes: [{ path: 'image', before: 'debian', after: 'again', cost: 'record' }],
      },
    ]);
  });

  test('an image by checksum is another one when the checksum changes', () => {
    const image = (checksum: string) =>
      ({ debian: { kind: 'url', url: 'https://x/d.qcow2', checksum, storage: 'local' } }) as const;
    const before = withWorkers({ a: A }, { images: image('sha512:00') });
    const worker = made(workerIn(before, 'a'), 9100);
    const plan = planOf({
      declaration: withWorkers({ a: A }, { images: image('sha512:11') }),
      ...deployed({ a: worker }),
    });
    expect(plan.workers).toMatchObject([{ actions: ['replace'], reasons: ['image-changed'] }]);
  });
});

describe('warnings about slots', () => {
  const item = (repository?: string): ItemSpec => ({
    name: 'x',
    run: [],
    env: {},
    timeout: 1,
    retries: 0,
    ...(repository === undefined ? {} : { repository }),
  });
  const session = (...items: readonly ItemSpec[]): SessionSpec => ({
    kind: 'backup',
    workers: {},
    placement: 'any',
    items,
    guards: { minItems: 1, minWorkers: 1, waitForWorkers: 0 },
    reserve: 0,
    env: {},
  });
  const repositories = {
    main: { address: 'pbs:8007', host: 'pbs', port: 8007, maxConcurrent: 3, env: {} },
    other: { address: 'b:8007', host: 'b', port: 8007, env: {} },
  };
  const codes = (sessions: Record<string, SessionSpec>) =>
    planOf({
      declaration: withWorkers({ a: A }, { repositories, sessions }),
      preflight: true,
    }).warnings.map(({ code }) => code);

  test('only for a repository that a session uses (W17)', () => {
    expect(codes({ n: session(item('main')) })).toEqual(['useless-slots']);
    expect(codes({ n: session(item('other')) })).toEqual([]);
    expect(codes({})).toEqual([]);
  });

  test('by pool, tags and ids it is known which nodes have protected VMs (W13)', () => {
    const forEachVm = {
      pool: 'prod',
      tags: { any: ['x'], all: ['y'] },
      vmids: [500, 501],
      exclude: [501],
    };
    const facts = { node: 'pve2', pool: 'prod', tags: ['x', 'y'] };
    const plan = planOf({
      declaration: withWorkers({ a: A }, { sessions: { n: session({ ...item(), forEachVm }) } }),
      inventory: inventoryOf({
        vms: { 500: vm(500, facts), 501: vm(501, facts), 502: vm(502, { ...facts, pool: 'dev' }) },
      }),
      preflight: true,
    });
    expect(plan.warnings).toMatchObject([{ message: expect.stringContaining('pve2 has 1 VM') }]);
  });
});

describe('contents and repositories', () => {
  test('the plan carries the files of its own workers, and no others', () => {
    const file = (digest: string) => [{ from: 'f', to: '/f', mode: '0644', digest }];
    const declaration = declarationOf({
      workers: { a: { ...A, files: file('aa') }, b: { ...A, files: file('bb') } },
      contents: { aa: 'QQ==', bb: 'Qg==', cc: 'Qw==' },
      repositories: {
        main: { address: 'pbs:8007', host: 'pbs', port: 8007, fingerprint: 'F', env: {} },
      },
    });
    const plan = planOf({ declaration, options: { target: ['a'] } });
    expect(plan.contents).toEqual({ aa: 'QQ==' });
    expect(plan.repositories).toEqual([
      { name: 'main', host: 'pbs', port: 8007, fingerprint: 'F' },
    ]);
  });

  test('nothing in a plan tells the time', () => {
    const text = JSON.stringify(
      planOf({ declaration: withWorkers({ a: { ...A, memory: 8 * GiB } }) }),
    );
    expect(text).not.toContain(String(NOW));
  });
});
