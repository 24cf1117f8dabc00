import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import type { PreflightLine, WorkerPlan } from '../model/plan.ts';
import { formatSize, GiB } from '../model/quantity.ts';
import type { NetworkSpec, WorkerSpec } from '../model/worker.ts';
import type { PlanInput } from './plan-input.ts';
import { type DeclaredPlan, makesVm } from './plan-needs.ts';
import { addressClashes } from './preflight-addresses.ts';
import { imageProblems } from './preflight-image.ts';
import { fail, type Problem } from './preflight-problem.ts';
import { snippetProblems, storageProblems } from './preflight-storage.ts';

export type WorkerLine = PreflightLine & { readonly worker: string };

/** What stands against one worker on its node, first causes first. */
export function workerProblems(
  plan: DeclaredPlan,
  input: PlanInput,
  workers: readonly WorkerPlan[],
): readonly WorkerLine[] {
  const { spec } = plan.desired;
  const node = nodeProblems(spec, input);
  const problems: readonly Problem[] =
    node.length > 0
      ? node
      : [
          ...(makesVm(plan) ? imageProblems(spec, input) : []),
          ...(makesVm(plan) || movesDisk(plan) ? storageProblems(spec, input) : []),
          ...snippetProblems(spec, input),
          ...spec.networks.flatMap((nic) => bridgeProblems(spec.node, nic, input)),
          ...sizeProblems(spec, input),
          ...addressClashes(plan, spec, input, workers),
        ];
  return problems.map((problem) => ({ ...problem, worker: plan.worker }));
}

function movesDisk({ changes }: WorkerPlan): boolean {
  return changes.some(({ cost }) => cost === 'move-disk' || cost === 'migrate');
}

function nodeProblems({ node }: WorkerSpec, { inventory }: PlanInput): readonly Problem[] {
  const facts = lookup(inventory.nodes, node);
  if (facts === undefined) return [];
  if (!facts.online || facts.unreachable !== undefined)
    return [
      {
        result: 'warn',
        code: 'node-unreachable',
        message: `node ${node} does not answer, so nothing on it could be checked`,
      },
    ];
  if (facts.maintenance !== true) return [];
  return [
    {
      result: 'fail',
      code: 'node-maintenance',
      message: `node ${node} is in maintenance`,
      remedy: `End it on that node: ha-manager crm-command node-maintenance disable ${node}`,
    },
  ];
}

function bridgeProblems(
  node: string,
  nic: NetworkSpec,
  { inventory }: PlanInput,
): readonly Problem[] {
  const known = Object.values(inventory.bridges).filter((bridge) => bridge.node === node);
  if (known.length === 0) return [];
  const bridge = lookup(inventory.bridges, `${node}/${nic.bridge}`);
  if (bridge === undefined) {
    const names = known
      .map(({ name }) => name)
      .sort(byCodeUnit)
      .join(', ');
    return [
      fail(
        'bridge-missing',
        `${node} has no bridge or vnet ${nic.bridge}`,
        `On ${node} there are: ${names}.`,
      ),
    ];
  }
  if (nic.vlan === undefined || bridge.vlanAware !== false) return [];
  return [
    fail(
      'vlan-unaware',
      `${nic.bridge} on ${node} is not VLAN-aware, so VLAN ${nic.vlan} would not get through`,
      `Make ${nic.bridge} VLAN-aware, or use a bridge that is in that VLAN.`,
    ),
  ];
}

function sizeProblems(spec: WorkerSpec, { inventory }: PlanInput): readonly Problem[] {
  const node = lookup(inventory.nodes, spec.node);
  if (node === undefined || node.cpus === 0) return [];
  const left = node.memory - node.memoryUsed;
  return [
    ...(spec.cpu.cores > node.cpus
      ? [
          fail(
            'too-many-cores',
            `${spec.cpu.cores} vCPUs are asked for, and ${spec.node} has ${node.cpus}: such a VM does not start`,
            `Declare cpu.cores of at most ${node.cpus}, or fewer slots.`,
          ),
        ]
      : []),
    ...(spec.memory > node.memory && node.memory > 0
      ? [
          fail(
            'too-much-memory',
            `${formatSize(spec.memory)} of memory are asked for, and ${spec.node} has ${formatSize(node.memory)}`,
            'Declare less memory, or fewer slots.',
          ),
        ]
      : node.memory > 0 && spec.memory > left
        ? [
            {
              result: 'warn' as const,
              code: 'memory-tight',
              message: `${formatSize(spec.memory)} of memory are asked for, and ${spec.node} has ${formatSize(Math.max(left, 0))} left`,
            },
          ]
        : []),
    ...(spec.memory < GiB / 4
      ? [
          {
            result: 'warn' as const,
            code: 'little-memory',
            message: `${formatSize(spec.memory)} of memory are little for a worker`,
          },
        ]
      : []),
  ];
}
