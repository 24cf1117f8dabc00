import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { Inventory } from '../model/inventory.ts';
import { sameJson } from '../model/json.ts';
import {
  DEFAULT_PLAN_OPTIONS,
  type Plan,
  type PlanOptions,
  type SavedPlan,
} from '../model/plan.ts';
import { confirm } from '../plan/confirm.ts';
import { withoutPassedHolds } from '../plan/passed-holds.ts';
import { planNeeds } from '../plan/plan-needs.ts';
import { readSavedPlan } from '../plan/saved-plan.ts';
import { stopWhenHopeless } from '../plan/stops.ts';
import { readDetails } from '../pve/details.ts';
import { readInventory } from '../pve/inventory.ts';
import { count, shellWord } from '../report/words.ts';
import { type Assembled, type OpenProject, recordedVms, withProject } from './assemble.ts';
import { refuseSessionFlags } from './check-flags.ts';
import { EXIT_CODES } from './exit-code.ts';
import type { Invocation } from './invocation.ts';
import { otherDigestDetail } from './other-digest.ts';
import { runAndReport } from './run-plan.ts';
import { readUserFile } from './user-file.ts';

export interface SavedOptions {
  readonly file: string;
  readonly options: PlanOptions;
  /** Of --expect-digest. */
  readonly digest: string | undefined;
}

/** The plan of a file. Throws a DiagnosticsError when it is none, or not the one that was reviewed. */
export async function readSaved(invocation: Invocation, saved: SavedOptions): Promise<SavedPlan> {
  requireNoPlanFlags(saved.options);
  const envelope = readSavedPlan(await readUserFile(invocation, saved.file));
  if (saved.digest !== undefined && !envelope.plan.reviewDigest.startsWith(saved.digest))
    throw otherPlan(saved, envelope);
  return envelope;
}

/**
 * Applies exactly what was saved: only endpoint, TLS, state and credentials come from the directory and the
 * environment. Each worker is compared with what is true now before anything is changed.
 */
export async function applySaved(
  invocation: Invocation,
  saved: SavedOptions,
  envelope: SavedPlan,
): Promise<number> {
  refuseSessionFlags(invocation);
  return withProject(invocation, async (opened) => {
    const plan = chosenWorkers(envelope.plan, saved.options);
    const assembled = await requireFresh(invocation, opened, { ...envelope, plan }, saved.file);
    return runAndReport(invocation, assembled, assembled.plan, { kind: 'given' });
  });
}

/**
 * State and cluster as they are now. Throws a DiagnosticsError (exit 3) unless they are those that were planned for,
 * and every worker is as it was.
 */
export async function requireFresh(
  invocation: Invocation,
  opened: OpenProject,
  saved: SavedPlan,
  file: string,
): Promise<Assembled> {
  const open = requireSameState(opened, saved);
  const inventory = await readFor(invocation, open, saved.plan);
  const plan = withoutPassedHolds(saved.plan, open.state, inventory);
  const { declaration } = open.project;
  stopWhenHopeless({ declaration, state: open.state, inventory, options: plan.options });
  requireSameCluster(plan, declaration.cluster.name ?? inventory.cluster.name);
  const stale = staleWorkers(plan, open, inventory);
  if (stale.length > 0) throw staleError(invocation, file, plan, stale);
  return { ...open, plan, inventory };
}

function requireNoPlanFlags(options: PlanOptions): void {
  const { target, exclude, force, ...rest } = options;
  const { target: _t, exclude: _e, force: _f, ...defaults } = DEFAULT_PLAN_OPTIONS;
  if (sameJson(rest, defaults) && force.length === 0) return;
  throw new DiagnosticsError([
    problem(
      'bad-flag',
      'a saved plan carries its own options: only --target and --exclude choose among its workers',
      'Plan again with these flags and save that.',
    ),
  ]);
}

function chosenWorkers(plan: Plan, { target, exclude }: PlanOptions): Plan {
  const names = plan.workers.map(({ worker }) => worker);
  const unknown = [...target, ...exclude].filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    const message = `the saved plan has no worker ${unknown.join(', ')}`;
    throw new DiagnosticsError([problem('unknown-worker', message)]);
  }
  const isChosen = (name: string) =>
    (target.length === 0 || target.includes(name)) && !exclude.includes(name);
  return { ...plan, workers: plan.workers.filter(({ worker }) => isChosen(worker)) };
}

/** The state must be the one that was planned for; where there was none, it is born with the plan's lineage. */
function requireSameState(open: OpenProject, saved: SavedPlan): OpenProject {
  const { project, environment } = open.project.declaration;
  const { plan } = saved;
  if (plan.project !== project || plan.environment !== environment) {
    const is = `project ${plan.project}, environment ${plan.environment || '(none)'}`;
    throw stale(`the plan is for ${is}, which is not this one`);
  }
  const exists = open.stateView.serial !== undefined;
  if (exists && open.state.lineage !== saved.lineage)
    throw stale('the plan was made for another state (its lineage differs)');
  if (!exists && saved.serial > 0)
    throw stale(`the plan was made for serial ${saved.serial} of a state that is not there`);
  return exists ? open : { ...open, state: { ...open.state, lineage: saved.lineage } };
}

function requireSameCluster({ cluster }: Plan, found: string | undefined): void {
  if (cluster.name === undefined || found === undefined || cluster.name === found) return;
  throw stale(`the plan is for cluster ${cluster.name}, and this is ${found}`);
}

async function readFor(
  { context }: Invocation,
  { pve, state }: OpenProject,
  plan: Plan,
): Promise<Inventory> {
  const planned = plan.workers.flatMap(({ vmid, node }) =>
    vmid === undefined ? [] : [{ vmid, node }],
  );
  const recorded = recordedVms(state);
  const known = new Set(recorded.map(({ vmid }) => vmid));
  const all = [...recorded, ...planned.filter(({ vmid }) => !known.has(vmid))];
  const need = { recorded: all, vmids: plan.vmids, refresh: true };
  const bulk = await readInventory(pve, need, context.clock);
  return readDetails(pve, bulk, planNeeds(plan, bulk));
}

interface Stale {
  readonly worker: string;
  readonly differences: readonly string[];
}

function staleWorkers(plan: Plan, { state }: OpenProject, inventory: Inventory): readonly Stale[] {
  return plan.workers.flatMap((worker) => {
    if (worker.held !== undefined || worker.actions.length === 0) return [];
    const verdict = confirm(worker, state, inventory);
    return verdict.kind === 'stale'
      ? [{ worker: worker.worker, differences: verdict.differences }]
      : [];
  });
}

function staleError(
  { globals }: Invocation,
  file: string,
  plan: Plan,
  workers: readonly Stale[],
): DiagnosticsError {
  const all = plan.workers.filter(({ held, actions }) => held === undefined && actions.length > 0);
  const { session } = plan;
  const flags = session === undefined ? '' : `--with-session ${shellWord(session.session)} `;
  // A session is run as a whole.
  const left = session === undefined ? all.length - workers.length : 0;
  const others = left === 0 ? '' : `; the other ${left} can be applied`;
  const excludes = workers.map(({ worker }) => `--exclude ${shellWord(worker)}`).join(' ');
  const { program } = globals;
  const name = shellWord(file);
  return new DiagnosticsError(
    [
      problem(
        'stale',
        `the plan is stale for ${workers.length} of ${count(all.length, 'worker')}${others}`,
        undefined,
        [
          ...workers.flatMap(({ worker, differences }) =>
            differences.length === 0 ? [worker] : differences.map((each) => `${worker}: ${each}`),
          ),
          '',
          'Plan again:',
          `  ${program} plan ${flags}--out ${name}`,
          ...(left === 0
            ? []
            : [
                `Or apply the other ${left} as reviewed:`,
                `  ${program} apply ${name} ${excludes}`,
              ]),
          '',
          'Nothing was changed.',
        ],
      ),
    ],
    EXIT_CODES.stale,
  );
}

function otherPlan({ file, digest }: SavedOptions, { plan }: SavedPlan): DiagnosticsError {
  const message = `${file} is not the plan that was reviewed`;
  return new DiagnosticsError(
    [problem('other-digest', message, undefined, otherDigestDetail(digest ?? '', plan))],
    EXIT_CODES.stale,
  );
}

function stale(message: string): DiagnosticsError {
  const remedy = 'Plan again, and have that reviewed.';
  return new DiagnosticsError(
    [problem('stale', message, remedy, ['Nothing was changed.'])],
    EXIT_CODES.stale,
  );
}
