import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import type { PreflightLine, WorkerPlan } from '../model/plan.ts';
import { hasNothing, lacking } from './permissions.ts';
import type { PlanInput } from './plan-input.ts';
import type { DeclaredPlan } from './plan-needs.ts';
import { privilegesFor } from './privileges.ts';

/** Privileges that these workers' actions need and the token lacks: path and privilege, once each (P41, P42). */
export function privilegeChecks(
  workers: readonly WorkerPlan[],
  { inventory }: PlanInput,
): readonly PreflightLine[] {
  const { permissions, cluster } = inventory;
  if (permissions === undefined) return [];
  const active = workers.filter(({ actions }) => actions.length > 0);
  const needed = new Set<string>();
  const missing = new Map<string, Set<string>>();
  for (const worker of active) {
    const needs = privilegesFor(worker, cluster.version, inventory);
    for (const { anyOf } of needs) needed.add(anyOf[0]);
    for (const { path, privileges } of lacking(needs, permissions, poolOf(worker, inventory)))
      missing.set(path, new Set([...(missing.get(path) ?? []), ...privileges]));
  }
  if (needed.size === 0) return [];
  if (missing.size === 0)
    return [
      {
        result: 'ok',
        code: 'privileges',
        message: `the token has the ${needed.size} privileges that this plan takes`,
      },
    ];
  if (hasNothing(permissions)) return [powerless(cluster.token)];
  return [...missing]
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([path, privileges]) => ({
      result: 'fail' as const,
      code: 'privilege-missing',
      message: `the token ${cluster.token} lacks ${[...privileges].sort(byCodeUnit).join(', ')} on ${path}`,
      remedy: 'muster doctor --print-setup prints the commands that give it.',
    }));
}

/** Without the nodes' sizes neither the default of vCPUs is bounded nor can what is asked for be checked. */
export function sizeChecks(
  workers: readonly DeclaredPlan[],
  { inventory }: PlanInput,
): readonly PreflightLine[] {
  const unseen = [...new Set(workers.map(({ desired }) => desired.spec.node))]
    .filter((node) => {
      const facts = lookup(inventory.nodes, node);
      return facts?.online === true && facts.unreachable === undefined && facts.cpus === 0;
    })
    .sort(byCodeUnit);
  if (unseen.length === 0) return [];
  return [
    {
      result: 'warn',
      code: 'node-size-unseen',
      message: `the token may not see how large ${unseen.join(', ')} ${unseen.length === 1 ? 'is' : 'are'}: a VM with more vCPUs than its node does not start`,
      remedy:
        'Give it Sys.Audit on /nodes (muster doctor --print-setup), or declare cpu.cores and memory.',
    },
  ];
}

function powerless(token: string): PreflightLine {
  return {
    result: 'fail',
    code: 'token-powerless',
    message: `the token ${token} has no privileges at all: with privilege separation it does not inherit its user's`,
    remedy:
      'Give the token itself a role on the pool, storages and templates: muster doctor --print-setup',
  };
}

/** A new VM is made in its pool; one that is there has the rights of the pool it is in. */
function poolOf(worker: WorkerPlan, inventory: PlanInput['inventory']): string | undefined {
  const vm = lookup(inventory.vms, String(worker.vmid ?? ''));
  return worker.uuid !== undefined && vm !== undefined ? vm.pool : worker.desired?.spec.pool;
}
