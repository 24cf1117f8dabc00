import type { Declaration } from '../model/declaration.ts';
import { type Diagnostic, DiagnosticsError, problem } from '../model/diagnostic.ts';
import { byCodeUnit } from '../model/json.ts';
import { type Owner, readMarks } from '../model/marks.ts';
import type { PlanOptions } from '../model/plan.ts';
import type { State } from '../model/state.ts';
import { marksAgree } from './identity.ts';
import type { PlanInput } from './plan-input.ts';

/** As much of a plan's input as tells whether there can be a plan, or an apply of one. */
export interface Situation extends Pick<PlanInput, 'state' | 'inventory'> {
  readonly declaration: Pick<Declaration, 'project' | 'environment'>;
  readonly options: Pick<PlanOptions, 'only'>;
}

/** Throws when nothing can be planned at all: the wrong state, the wrong cluster, one that can't be written. */
export function stopWhenHopeless(input: Situation): void {
  const problems = [
    ...foreignState(input),
    ...otherCluster(input),
    ...lostState(input),
    ...unfitCluster(input),
  ];
  if (problems.length > 0) throw new DiagnosticsError(problems);
}

function foreignState({ declaration, state }: Situation): readonly Diagnostic[] {
  const wanted = label(declaration.project, declaration.environment);
  const found = label(state.project, state.environment);
  if (wanted === found) return [];
  return [
    problem(
      'foreign-state',
      `the state belongs to ${found}, the declaration to ${wanted}`,
      'Choose the environment with -e, or correct state: or project: in muster.yaml.',
    ),
  ];
}

/**
 * A state whose recorded nodes don't exist at all is another cluster's. Node names repeat among clusters (every
 * installation begins with `pve`), so the cluster's own name counts too, where both are known.
 */
function otherCluster({ state, inventory }: Situation): readonly Diagnostic[] {
  const { endpoint, name } = inventory.cluster;
  const remedy =
    'Check cluster.endpoint and the chosen environment: this looks like another cluster.';
  const before = state.cluster?.name;
  if (before !== undefined && name !== undefined && before !== name)
    return [
      problem(
        'other-cluster',
        `the state is of cluster ${before}, and ${endpoint} is ${name}`,
        remedy,
        [
          'If the same cluster has a new name: muster state pull, take out "cluster", muster state push.',
        ],
      ),
    ];
  const recorded = Object.values(state.workers).flatMap(({ vm }) =>
    vm === undefined ? [] : [vm.node],
  );
  const nodes = [...new Set([...recorded, ...Object.keys(state.nodes)])].sort(byCodeUnit);
  const known = nodes.filter((node) => Object.hasOwn(inventory.nodes, node));
  if (nodes.length === 0 || known.length > 0) return [];
  const seen = Object.keys(inventory.nodes).sort(byCodeUnit).join(', ');
  return [
    problem(
      'other-cluster',
      `the state records the nodes ${nodes.join(', ')}, and ${endpoint} has none of these nodes`,
      remedy,
      [`nodes seen: ${seen === '' ? 'none' : seen}`],
    ),
  ];
}

/**
 * A state that records no VM, beside VMs with complete marks of this project which it does not know: a lost one. Never
 * make them all again.
 */
function lostState({ declaration, state, inventory }: Situation): readonly Diagnostic[] {
  if (recordsVm(state)) return [];
  const isNew = state.serial === 0;
  const marked = Object.values(inventory.vms)
    .sort((a, b) => a.vmid - b.vmid)
    .flatMap((vm) => {
      const card = ownerByMarks(inventory.configs[String(vm.vmid)]?.values ?? {}, declaration);
      const isLost = card !== undefined && (isNew || card.lineage !== state.lineage);
      return isLost ? [`vm ${vm.vmid} on ${vm.node}: ${card.worker}`] : [];
    });
  if (marked.length === 0) return [];
  return [
    problem(
      'state-lost',
      `the state ${isNew ? 'is empty' : 'records no VM'}, but ${marked.length === 1 ? '1 VM bears' : `${marked.length} VMs bear`} the marks of ${label(declaration.project, declaration.environment)}`,
      'Restore the state, or rebuild it from the marks: muster state recover',
      marked.slice(0, 20),
    ),
  ];
}

/** True as soon as one VM is recorded, or was about to be made. */
export function recordsVm({ workers }: Pick<State, 'workers'>): boolean {
  return Object.values(workers).some(({ vm, doing }) => vm !== undefined || doing !== undefined);
}

/** Whose a VM is when all its marks agree on this project and environment. */
export function ownerByMarks(
  values: Readonly<Record<string, string>>,
  { project, environment }: Situation['declaration'],
): Owner | undefined {
  const marks = readMarks(values);
  const { card } = marks;
  const isHere = card?.project === project && card.environment === environment;
  return isHere && marksAgree(marks) ? card : undefined;
}

function unfitCluster({ inventory, options }: Situation): readonly Diagnostic[] {
  const { version, quorate } = inventory.cluster;
  const onlyShutdown = options.only?.every((action) => action === 'shutdown') === true;
  return [
    ...(isSupported(version)
      ? []
      : [
          problem(
            'pve-too-old',
            `Proxmox VE ${version} is not supported`,
            'Muster needs Proxmox VE 8.4 or 9.x: upgrade the cluster.',
          ),
        ]),
    ...(quorate === false && !onlyShutdown
      ? [
          problem(
            'no-quorum',
            'the cluster has no quorum: nothing can be created or changed',
            'Bring nodes back until it has quorum. Powering off still works: muster shutdown',
          ),
        ]
      : []),
  ];
}

function isSupported(version: string): boolean {
  const match = /^(\d+)\.(\d+)/.exec(version);
  if (match === null) return true;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > 8 || (major === 8 && minor >= 4);
}

function label(project: string, environment: string): string {
  return environment === ''
    ? `project ${project}`
    : `project ${project}, environment ${environment}`;
}
