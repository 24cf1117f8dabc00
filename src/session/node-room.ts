import type { Diagnostic } from '../model/diagnostic.ts';
import type { Inventory } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import { formatSize } from '../model/quantity.ts';
import type { Saving } from '../model/session-plan.ts';
import type { ChosenWorker } from './choose-workers.ts';

/** What the workers of a session, launched together, take of one node. */
interface NodeRoom {
  readonly node: string;
  readonly workers: number;
  readonly cpus: number;
  readonly cores: number;
  readonly memoryLeft: number;
  readonly memory: number;
}

/** Nodes on which they take more memory than is left, or more vCPUs than there are CPUs. */
export function roomWarnings(
  chosen: readonly ChosenWorker[],
  inventory: Inventory,
): readonly Diagnostic[] {
  return roomsOf(chosen, inventory).flatMap(
    ({ node, workers, cpus, cores, memoryLeft, memory }) => {
      const its = workers === 1 ? 'its worker takes' : `its ${workers} workers take`;
      const noMemory = `${node} has ${formatSize(memoryLeft)} of memory left, and ${its} ${formatSize(memory)}`;
      const noCpus = `${node} has ${cpus} CPUs, and ${its} ${cores} vCPUs: items will wait for each other`;
      return [
        ...(memory > memoryLeft ? [warning('node-memory', noMemory, 'less memory')] : []),
        ...(cores > cpus ? [warning('node-cpus', noCpus, 'fewer vCPUs')] : []),
      ];
    },
  );
}

/** What would have to be there for a saving and is not: another worker, or a slot's 1 vCPU and 1 GiB. */
export function withLacks(
  savings: readonly Saving[],
  chosen: readonly ChosenWorker[],
  inventory: Inventory,
): readonly Saving[] {
  const rooms = roomsOf(chosen, inventory);
  return savings.map((saving) => {
    const { what } = saving;
    if (what.kind === 'repository-slot') return saving;
    const twin = chosen.find(({ desired }) =>
      what.kind === 'slot' ? desired.name === what.worker : desired.spec.node === what.node,
    )?.desired.spec;
    const room = rooms.find(({ node }) => node === twin?.node);
    if (twin === undefined || room === undefined) return saving;
    const { memory, cores } =
      what.kind === 'slot' ? SLOT : { memory: twin.memory, cores: twin.cpu.cores };
    if (room.memory + memory > room.memoryLeft) return { ...saving, lacks: 'memory' };
    return room.cores + cores > room.cpus ? { ...saving, lacks: 'cpu' } : saving;
  });
}

const SLOT = { memory: 2 ** 30, cores: 1 };

function roomsOf(chosen: readonly ChosenWorker[], inventory: Inventory): readonly NodeRoom[] {
  const nodes = [...new Set(chosen.map(({ desired }) => desired.spec.node))].sort(byCodeUnit);
  return nodes.flatMap((node) => {
    const facts = lookup(inventory.nodes, node);
    if (facts === undefined || facts.memory === 0 || facts.cpus === 0) return [];
    const own = chosen.flatMap(({ desired }) => (desired.spec.node === node ? [desired.spec] : []));
    const memory = own.reduce((sum, spec) => sum + spec.memory, 0);
    const cores = own.reduce((sum, spec) => sum + spec.cpu.cores, 0);
    const memoryLeft = Math.max(0, facts.memory - facts.memoryUsed);
    return [{ node, workers: own.length, cpus: facts.cpus, cores, memoryLeft, memory }];
  });
}

function warning(code: string, message: string, less: string): Diagnostic {
  const remedy = `Give them fewer slots or ${less}, or free some on that node.`;
  return { severity: 'warning', code, message, labels: [], remedy };
}
