import { type Draw, times } from './draw.ts';

/** One worker as the seed declares it. */
export interface Declared {
  node: string;
  [field: string]: unknown;
}

export type Fleet = Record<string, Declared>;

const FIELDS: Readonly<Record<string, (draw: Draw) => unknown>> = {
  memory: (draw) => `${draw.between(4, 9)}GiB`,
  cpu: (draw) => ({ cores: draw.between(2, 8) }),
  slots: (draw) => draw.between(1, 6),
  tags: (draw) => draw.pick([['prod'], ['prod', 'blue'], []]),
  labels: (draw) => ({ site: draw.pick(['a', 'b']) }),
  description: (draw) => draw.pick(['nightly', 'a "quoted" one', 'ä']),
  networks: (draw) => [{ bridge: 'vmbr0', ...(draw.chance(0.5) ? { vlan: 120 } : {}) }],
  options: (draw) => ({ numa: draw.chance(0.5) }),
  image: (draw) => draw.pick(['debian', 'volume']),
  deploy: (draw) => draw.pick(['eager', 'onDemand']),
};

export function firstFleet(draw: Draw, nodes: number): Fleet {
  return Object.fromEntries(
    times(draw.between(1, 4), (index) => [`w${index}`, newWorker(draw, nodes)]),
  );
}

function newWorker(draw: Draw, nodes: number): Declared {
  return {
    node: `pve${draw.between(1, nodes)}`,
    deploy: draw.pick(['eager', 'eager', 'onDemand']),
  };
}

export interface NextFleet {
  readonly fleet: Fleet;
  readonly renamed: Readonly<Record<string, string>>;
  readonly what: string;
}

/** One edit of the declaration, as a person makes it. */
export function nextFleet(draw: Draw, fleet: Fleet, nodes: number, step: number): NextFleet {
  const names = Object.keys(fleet);
  const name = names.length === 0 ? undefined : draw.pick(names);
  const worker = name === undefined ? undefined : fleet[name];
  const fresh = `n${step}`;
  const edit =
    name === undefined
      ? 'add'
      : draw.pick(['add', 'remove', 'rename', 'move', 'field', 'field', 'field']);
  if (name === undefined || worker === undefined || edit === 'add')
    return {
      fleet: { ...fleet, [fresh]: newWorker(draw, nodes) },
      renamed: {},
      what: `add ${fresh}`,
    };
  const { [name]: _, ...others } = fleet;
  if (edit === 'remove') return { fleet: others, renamed: {}, what: `remove ${name}` };
  if (edit === 'rename')
    return {
      fleet: { ...others, [fresh]: worker },
      renamed: { [name]: fresh },
      what: `rename ${name}`,
    };
  const field = edit === 'move' ? 'node' : draw.pick(Object.keys(FIELDS));
  const value = edit === 'move' ? `pve${draw.between(1, nodes)}` : FIELDS[field]?.(draw);
  const changed = { ...worker, [field]: value };
  return {
    fleet: { ...others, [name]: changed },
    renamed: {},
    what: `${name}.${field} = ${JSON.stringify(value)}`,
  };
}

export function declarationOf({ fleet, renamed }: Pick<NextFleet, 'fleet' | 'renamed'>): string {
  return JSON.stringify({
    muster: 1,
    project: 'seeded',
    cluster: { endpoint: 'simulator', vmids: { from: 9100, to: 9199 } },
    images: {
      debian: { template: { name: 'debian-13' }, clone: 'full' },
      volume: { import: 'local:import/debian-13.qcow2' },
    },
    defaults: { image: 'debian', storage: 'local-lvm', patch: { policy: 'none' } },
    workers: fleet,
    ...(Object.keys(renamed).length === 0 ? {} : { renamed }),
    guards: { maxDestroy: 99, maxReplace: 99 },
  });
}
