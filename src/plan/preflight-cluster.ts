import type { Declaration } from '../model/declaration.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { byCodeUnit } from '../model/json.ts';
import type { PlanInput } from './plan-input.ts';

/** What is worth a warning about the whole: nodes nobody serves, and slots that can never be used at once. */
export function clusterWarnings(input: PlanInput): readonly Diagnostic[] {
  return [...unservedNodes(input), ...uselessSlots(input)];
}

/** Nodes with VMs that a session backs up, and no worker: their data is read over the network (W13). */
function unservedNodes({ declaration, desired, inventory }: PlanInput): readonly Diagnostic[] {
  const served = new Set(
    desired.workers.filter(({ spec }) => spec.enabled).map(({ spec }) => spec.node),
  );
  const selectors = Object.values(declaration.sessions).flatMap(({ items }) =>
    items.flatMap(({ forEachVm }) => (forEachVm === undefined ? [] : [forEachVm])),
  );
  if (selectors.length === 0) return [];
  const counts = new Map<string, number>();
  for (const vm of Object.values(inventory.vms)) {
    if (vm.template || vm.tags.includes('muster') || served.has(vm.node)) continue;
    const isProtected = selectors.some(
      ({ pool, tags, vmids, exclude }) =>
        !exclude.includes(vm.vmid) &&
        (pool === undefined || vm.pool === pool) &&
        (vmids === undefined || vmids.includes(vm.vmid)) &&
        (tags?.any === undefined || tags.any.some((tag) => vm.tags.includes(tag))) &&
        (tags?.all === undefined || tags.all.every((tag) => vm.tags.includes(tag))),
    );
    if (isProtected) counts.set(vm.node, (counts.get(vm.node) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([node, count]) => ({
      severity: 'warning' as const,
      code: 'node-without-worker',
      message:
        count === 1
          ? `${node} has 1 VM that sessions back up, and no worker: it is read from other nodes`
          : `${node} has ${count} VMs that sessions back up, and no worker: they are read from other nodes`,
      labels: [],
      remedy: `Declare a worker for ${node}; a workerSet with "nodes: all" follows the cluster.`,
    }));
}

/** Slots beyond what a repository takes at once only wait (W17). */
function uselessSlots({ declaration, desired }: PlanInput): readonly Diagnostic[] {
  const slots = desired.workers
    .filter(({ spec }) => spec.enabled)
    .reduce((sum, { spec }) => sum + spec.slots, 0);
  return Object.entries(declaration.repositories)
    .sort(([a], [b]) => byCodeUnit(a, b))
    .flatMap(([name, { maxConcurrent }]): readonly Diagnostic[] => {
      const used = usesOf(declaration, name, slots);
      if (maxConcurrent === undefined || used <= maxConcurrent) return [];
      const waiting = used - maxConcurrent;
      return [
        {
          severity: 'warning',
          code: 'useless-slots',
          message: `${used} slots use ${name}, which takes ${maxConcurrent} at once: ${waiting === 1 ? '1 slot' : `${waiting} slots`} will wait (repositories.${name})`,
          labels: [],
        },
      ];
    });
}

/** Every slot may use a repository that some session names, or the only one there is. */
function usesOf(declaration: Declaration, name: string, slots: number): number {
  const sessions = Object.values(declaration.sessions);
  if (sessions.length === 0) return Object.keys(declaration.repositories).length === 1 ? slots : 0;
  const named = sessions.some(({ items }) => items.some(({ repository }) => repository === name));
  return named ? slots : 0;
}
