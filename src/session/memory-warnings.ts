import type { Diagnostic } from '../model/diagnostic.ts';
import type { Inventory } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import { formatSize } from '../model/quantity.ts';
import type { ChosenWorker } from './choose-workers.ts';

/** Nodes on which the workers of a session, launched together, take more memory than is left. */
export function memoryWarnings(
  chosen: readonly ChosenWorker[],
  inventory: Inventory,
): readonly Diagnostic[] {
  const nodes = [...new Set(chosen.map(({ desired }) => desired.spec.node))].sort(byCodeUnit);
  return nodes.flatMap((node) => {
    const facts = lookup(inventory.nodes, node);
    if (facts === undefined || facts.memory === 0) return [];
    const own = chosen.filter(({ desired }) => desired.spec.node === node);
    const needed = own.reduce((sum, { desired }) => sum + desired.spec.memory, 0);
    const left = Math.max(0, facts.memory - facts.memoryUsed);
    if (needed <= left) return [];
    const message = `${node} has ${formatSize(left)} of memory left, and its ${own.length === 1 ? 'worker takes' : `${own.length} workers take`} ${formatSize(needed)}`;
    return [
      {
        severity: 'warning',
        code: 'node-memory',
        message,
        labels: [],
        remedy: 'Give them fewer slots or less memory, or free some on that node.',
      },
    ];
  });
}
