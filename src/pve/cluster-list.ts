import type { NodeFacts, StorageFacts, VmFacts } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import type { ClusterList } from '../model/pve-port.ts';
import {
  asMembersList,
  flagOf,
  type Members,
  numberOf,
  optional,
  requiredNumber,
  requiredText,
  textOf,
  wordsOf,
} from './answer-shape.ts';

/**
 * `GET /cluster/resources`: one flat list of nodes, guests, storages, pools, networks. Power states and names
 * in it are up to 10 s old; locks, pools and tags are current.
 */
export function readClusterList(data: unknown): ClusterList {
  const entries = asMembersList(data);
  const of = (...types: string[]): readonly Members[] =>
    entries.filter((entry) => types.includes(textOf(entry, 'type') ?? ''));
  return {
    nodes: Object.fromEntries(
      of('node')
        .map((entry) => [requiredText(entry, 'node'), readNode(entry)] as const)
        .sort(([a], [b]) => byCodeUnit(a, b)),
    ),
    vms: of('qemu', 'lxc').map(readListedVm).sort(byVmid),
    storages: of('storage').map(readListedStorage),
  };
}

function readNode(entry: Members): NodeFacts {
  return {
    online: textOf(entry, 'status') === 'online',
    cpus: numberOf(entry, 'maxcpu') ?? 0,
    memory: numberOf(entry, 'maxmem') ?? 0,
    memoryUsed: numberOf(entry, 'mem') ?? 0,
    ...(textOf(entry, 'hastate') === 'maintenance' ? { maintenance: true } : {}),
  };
}

function readListedVm(entry: Members): VmFacts {
  const kind = textOf(entry, 'type') === 'lxc' ? 'lxc' : 'qemu';
  return { ...readVm(entry, requiredText(entry, 'node')), kind };
}

/** An entry of `/cluster/resources` or of `/nodes/X/qemu`, which has the same members without node and type. */
export function readVm(entry: Members, node: string): VmFacts {
  const status = textOf(entry, 'status');
  return {
    vmid: requiredNumber(entry, 'vmid'),
    node,
    kind: 'qemu',
    status: status === 'running' || status === 'stopped' ? status : 'unknown',
    template: flagOf(entry, 'template'),
    tags: wordsOf(entry, 'tags'),
    ...optional('name', textOf(entry, 'name')),
    ...optional('lock', textOf(entry, 'lock')),
    ...optional('pool', textOf(entry, 'pool')),
    ...optional('haState', textOf(entry, 'hastate')),
  };
}

export function byVmid(a: VmFacts, b: VmFacts): number {
  return a.vmid - b.vmid;
}

function readListedStorage(entry: Members): StorageFacts {
  const total = numberOf(entry, 'maxdisk') ?? 0;
  return {
    node: requiredText(entry, 'node'),
    storage: requiredText(entry, 'storage'),
    // Disabled ones are not listed here.
    enabled: true,
    active: textOf(entry, 'status') === 'available',
    shared: flagOf(entry, 'shared'),
    type: textOf(entry, 'plugintype') ?? '',
    content: [...wordsOf(entry, 'content')].sort(byCodeUnit),
    total,
    available: Math.max(0, total - (numberOf(entry, 'disk') ?? total)),
  };
}
