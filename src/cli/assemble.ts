import { DiagnosticsError } from '../model/diagnostic.ts';
import type { Inventory } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import type { Plan, PlanOptions } from '../model/plan.ts';
import type { StateStore } from '../model/ports.ts';
import type { Pve } from '../model/pve-port.ts';
import { emptyState, type State } from '../model/state.ts';
import { buildPlan } from '../plan/build-plan.ts';
import { expand } from '../plan/expand.ts';
import { expandFactsOf } from '../plan/expand-facts.ts';
import { planNeeds } from '../plan/plan-needs.ts';
import { recordsVm } from '../plan/stops.ts';
import { readDetails } from '../pve/details.ts';
import { type InventoryNeed, readInventory } from '../pve/inventory.ts';
import type { StateView } from '../report/plan/headline.ts';
import { withoutDeadRuns } from '../state/dead-runs.ts';
import type { Invocation } from './invocation.ts';
import { loadProject, openCluster, openState, type Project } from './load-project.ts';
import { keepingOlder } from './older-state.ts';
import { stateView } from './state-view.ts';

/** Everything that a plan and its apply are made of. */
export interface Assembled extends OpenProject {
  readonly inventory: Inventory;
  readonly plan: Plan;
}

/** A project with its state read and its cluster at hand. */
export interface OpenProject {
  readonly project: Project;
  readonly store: StateStore;
  /** What is recorded; an empty state with a new lineage where there is none. */
  readonly state: State;
  readonly stateView: StateView;
  readonly pve: Pve;
}

/** Opens the project, hands it over, and closes the connections whatever happens. */
export async function withProject<T>(
  invocation: Invocation,
  work: (open: OpenProject) => Promise<T>,
): Promise<T> {
  const { context, globals } = invocation;
  const project = await loadProject(invocation);
  const { project: name, environment } = project.declaration;
  const command = `muster ${context.argv[0] ?? ''}`.trim();
  const store = keepingOlder(await openState(invocation, project, command), invocation);
  const { state: recorded, older } = await store.read();
  const found =
    recorded === undefined ? undefined : await withoutDeadRuns(recorded, context.processes);
  const state = found ?? emptyState(context.random.uuid(), name, environment);
  const pve = await openCluster(invocation, project);
  try {
    const view = stateView(store.where, globals.root, found, older?.format);
    return await work({ project, store, state, stateView: view, pve });
  } finally {
    await pve.close();
    if (globals.debug) context.stderr.write(requestLines(pve));
  }
}

/** For --log-level=debug: what the cluster was asked, and how often. */
function requestLines(pve: Pve): string {
  const counts = Object.entries(pve.requests()).sort(([a], [b]) => byCodeUnit(a, b));
  return counts.map(([request, count]) => `debug: ${count} x ${request}\n`).join('');
}

/**
 * Reads the cluster twice, first cheaply and in bulk, then what the draft of the plan needs to be checked against,
 * and plans. Mistakes that only the cluster shows are a DiagnosticsError.
 */
export async function assemble(
  invocation: Invocation,
  open: OpenProject,
  options: PlanOptions,
): Promise<Assembled> {
  const { pve, state, project } = open;
  const bulk = await readInventory(pve, needOf(open, options), invocation.context.clock);
  const draft = planFor(project, bulk, state, options, false);
  const inventory = await readDetails(pve, bulk, planNeeds(draft, bulk));
  const plan = planFor(project, inventory, state, options, true);
  return { ...open, inventory, plan };
}

/** As far as one bulk read of the cluster goes: no preflight. For commands that only look. */
export async function assembleQuickly(
  invocation: Invocation,
  open: OpenProject,
  options: PlanOptions,
): Promise<{ readonly inventory: Inventory; readonly plan: Plan }> {
  const { pve, state, project } = open;
  const inventory = await readInventory(pve, needOf(open, options), invocation.context.clock);
  return { inventory, plan: planFor(project, inventory, state, options, false) };
}

/** A state without a VM may be a lost one, and only the VMs' marks tell: then the cluster is asked whatever was said. */
function needOf({ state, project }: OpenProject, options: PlanOptions): InventoryNeed {
  const refresh = options.refresh || !recordsVm(state);
  return { recorded: recordedVms(state), vmids: project.declaration.cluster.vmids, refresh };
}

function planFor(
  project: Project,
  inventory: Inventory,
  state: State,
  options: PlanOptions,
  preflight: boolean,
): Plan {
  const { declaration } = project;
  const { desired, diagnostics } = expand(declaration, expandFactsOf(inventory, state));
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new DiagnosticsError(diagnostics);
  const warnings = [...project.warnings, ...diagnostics];
  return buildPlan({ declaration, desired, state, inventory, options, preflight, warnings });
}

/** VMs that workers have, and ids that an interrupted run may have used. */
export function recordedVms(
  state: State,
): readonly { readonly vmid: number; readonly node: string }[] {
  return Object.values(state.workers).flatMap(({ vm, doing }) => [
    ...(vm === undefined ? [] : [{ vmid: vm.vmid, node: vm.node }]),
    ...(doing?.vmid === undefined || doing.node === undefined || doing.vmid === vm?.vmid
      ? []
      : [{ vmid: doing.vmid, node: doing.node }]),
  ]);
}
