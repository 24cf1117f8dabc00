import type { WorldSpec } from '../../src/simulator/spec.ts';
import { largeWorld } from '../../src/simulator/worlds.ts';
import { type Draw, drawing, times } from './draw.ts';

/** What a seed makes of a session: the cluster, the declaration, and what its items do. */
export interface SessionCase {
  readonly seed: number;
  readonly world: WorldSpec;
  readonly declaration: Readonly<Record<string, unknown>>;
  /** Items at once in each worker, the reserve taken off. */
  readonly slotsOf: (worker: string) => number;
  readonly repositories: Readonly<Record<string, number | undefined>>;
  readonly draw: Draw;
}

export interface CaseSize {
  readonly nodes: number;
  readonly workers: number;
  readonly items: number;
}

export const SMALL: CaseSize = { nodes: 4, workers: 6, items: 16 };
export const USUAL: CaseSize = { nodes: 6, workers: 10, items: 40 };
export const LARGE: CaseSize = { nodes: 6, workers: 50, items: 500 };

/** Marks an item's command, so that it is known in the guest: `sh -c TEXT item:NAME REPOSITORY`. */
export const ITEM = 'item:';

export function sessionCase(seed: number, size: CaseSize): SessionCase {
  const draw = drawing(seed);
  const nodes = draw.between(1, size.nodes);
  const vms = draw.between(0, Math.ceil(size.items / 3));
  const workers = drawWorkers(draw, nodes, size.workers);
  const reserve = draw.chance(0.2) ? 1 : 0;
  const repositories = { narrow: draw.between(1, 4), wide: undefined };
  const address = 'pbs.example.net:8007';
  const declaration = {
    muster: 1,
    project: 'seeded',
    cluster: {
      endpoint: 'simulator',
      vmids: { from: 9100, to: 9199 },
      limits: { parallelism: draw.between(1, 8), perNode: draw.between(1, 3) },
    },
    images: {
      debian: { template: { name: 'debian-13' }, clone: draw.pick(['full', 'linked']) },
    },
    repositories: {
      narrow: { address, maxConcurrent: repositories.narrow },
      wide: { address },
    },
    defaults: {
      image: 'debian',
      storage: 'local-lvm',
      patch: { policy: draw.pick(['all', 'none', 'none']) },
      timeouts: { start: '2m', shutdown: '1m' },
    },
    ...workers.declared,
    sessions: { work: drawSession(draw, size, { vms, reserve, names: workers.names }) },
  };
  return {
    seed,
    world: { ...largeWorld(nodes, vms), seed, durations: drawDurations(draw) },
    declaration,
    slotsOf: (worker) => Math.max(0, workers.slotsOf(worker) - reserve),
    repositories,
    draw,
  };
}

function drawDurations(draw: Draw): NonNullable<WorldSpec['durations']> {
  return {
    requestMs: draw.pick([2, 8, 40]),
    startMs: draw.between(300, 4000),
    stopMs: draw.between(300, 2000),
    cloneBaseMs: draw.between(500, 20_000),
  };
}

interface Workers {
  readonly declared: Readonly<Record<string, unknown>>;
  readonly names: readonly string[];
  readonly slotsOf: (worker: string) => number;
}

/** A set over the nodes, and some by themselves. */
function drawWorkers(draw: Draw, nodes: number, most: number): Workers {
  const slots = new Map<string, number>();
  const setSlots = draw.between(2, 4);
  const hasSet = draw.chance(0.6);
  if (hasSet)
    for (const index of times(nodes, (each) => each + 1)) slots.set(`set-pve${index}`, setSlots);
  const single = times(draw.between(hasSet ? 0 : 1, Math.max(1, most - slots.size)), (index) => {
    const name = `own-${index}`;
    const own = draw.between(2, 5);
    slots.set(name, own);
    const failing = draw.chance(0.12) ? { checks: [{ name: 'never', run: ['false'] }] } : {};
    const node = `pve${draw.between(1, nodes)}`;
    return [name, { node, slots: own, labels: { site: draw.pick(['a', 'b']) }, ...failing }];
  });
  const set = {
    nodes: 'all',
    name: 'set-${node}',
    worker: { slots: setSlots, labels: { site: 'a' } },
  };
  return {
    declared: {
      workers: Object.fromEntries(single),
      ...(hasSet ? { workerSets: { everywhere: set } } : {}),
    },
    names: [...slots.keys()],
    slotsOf: (worker) => slots.get(worker) ?? 0,
  };
}

interface Around {
  readonly vms: number;
  readonly reserve: number;
  readonly names: readonly string[];
}

function drawSession(draw: Draw, size: CaseSize, { vms, reserve, names }: Around) {
  const listed = times(draw.between(1, size.items - vms), (index) => ({
    ...drawItem(draw, `i${index}`, names),
    name: `i${index}`,
  }));
  const each = {
    ...drawItem(draw, 'vm-${vm.id}', names),
    name: 'vm-${vm.id}',
    forEachVm: { pool: 'production' },
  };
  return {
    kind: draw.pick(['backup', 'backup', 'restore']),
    workers: draw.chance(0.2) ? { names: [draw.pick(names)] } : {},
    placement: draw.pick(['sameNode', 'preferSameNode', 'preferSameNode', 'any']),
    reserve,
    guards: { minItems: 1, minWorkers: 1, waitForWorkers: '1m' },
    items: vms > 0 ? [...listed, each] : listed,
  };
}

function drawItem(draw: Draw, name: string, workers: readonly string[]) {
  const seconds = draw.between(1, 90);
  const repository = draw.pick(['narrow', 'wide', undefined]);
  const [timeout, text] = draw.pick([
    [300, `sleep ${seconds}`],
    [300, `sleep ${seconds}`],
    [300, `sleep ${seconds}; echo done`],
    [300, `sleep ${seconds}; false`],
    [300, `sleep ${seconds}; test \${worker.name} != ${draw.pick(workers)}`],
    [20, `sleep ${seconds}`],
  ] as const);
  return {
    run: ['sh', '-c', text, `${ITEM}${name}`, repository ?? 'none'],
    timeout: `${timeout}s`,
    retries: draw.between(0, 2),
    ...(repository === undefined ? {} : { repository }),
  };
}
