import { type Diagnostic, DiagnosticsError } from '../model/diagnostic.ts';
import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import type { Finding, Plan, PlanCluster, WorkerPlan } from '../model/plan.ts';
import { allocateVmids, takenVmids } from './allocate.ts';
import { planWorker } from './decide.ts';
import { applyGuards } from './guards.ts';
import { identify } from './identity.ts';
import { fieldOf, locateField } from './locate-field.ts';
import { lostSessions } from './lost-sessions.ts';
import type { Decision, PlanInput, WorkerCase, WorkerContext } from './plan-input.ts';
import { type Preflight, preflight } from './preflight.ts';
import { renameHints } from './rename-hints.ts';
import { renamesOf } from './renames.ts';
import { inScope, requireKnown, restrict } from './restrict.ts';
import { reviewDigest } from './review-digest.ts';
import { stopWhenHopeless } from './stops.ts';
import { decideStrangers } from './strangers.ts';

/**
 * declaration × state × inventory → what would be done. Pure: equal input gives equal bytes. Throws
 * DiagnosticsError when nothing can be planned (see stops.ts) or the declaration can't be carried out.
 */
export function buildPlan(input: PlanInput): Plan {
  stopWhenHopeless(input);
  const context = contextOf(input);
  const cases = casesOf(input);
  const scoped = cases.filter(({ name }) => inScope(name, input.options));
  const decisions = decideAll(scoped, context);
  const strangers = strangersOf(decisions, cases, input, context);
  requireKnown(
    input.options,
    new Set(cases.map(({ name }) => name)),
    new Set(strangers.decisions.map(({ plan }) => plan.worker)),
  );
  const restricted = [...decisions, ...strangers.decisions].map((decision) =>
    restrictDecision(decision, input),
  );
  const problems = restricted.flatMap((decision) => decision.problems).filter(isError);
  const allocated = allocateVmids(
    restricted.map(({ plan }) => plan),
    input.desired,
    input.state,
    input.inventory,
    input.declaration.cluster.vmids,
  );
  const taken = takenVmids(allocated.workers, input.state, input.inventory);
  const fatal = [...problems, ...taken, ...allocated.problems];
  if (fatal.length > 0) throw new DiagnosticsError(fatal);
  const checked =
    input.preflight === true ? preflight(allocated.workers, input) : unchecked(allocated.workers);
  return assemble(input, checked, restricted, strangers.findings);
}

/** What is not asked for can't be refused, and its mistakes can wait. */
function restrictDecision(decision: Decision, { options }: PlanInput): Decision {
  const plan = restrict(decision.plan, options);
  const removes = plan.actions.some((action) => action === 'destroy' || action === 'replace');
  const isPart = options.only !== undefined || options.destroy || options.refreshOnly;
  return {
    ...decision,
    plan,
    refusals: removes ? decision.refusals : [],
    problems: isPart ? [] : decision.problems,
  };
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}

function unchecked(workers: readonly WorkerPlan[]): Preflight {
  return { workers, lines: [], warnings: [] };
}

function contextOf({ declaration, state, inventory, options }: PlanInput): WorkerContext {
  return {
    state,
    inventory,
    options,
    identities: identify(state, inventory),
    locate: (worker, attribute) => locateField(declaration, worker, fieldOf(attribute)),
  };
}

/** Every worker that is declared or recorded, once, sorted by name. */
function casesOf({ declaration, desired, state }: PlanInput): readonly WorkerCase[] {
  const renames = renamesOf(declaration, desired, state);
  const declared: readonly WorkerCase[] = desired.workers.map((worker) => {
    const from = renames.get(worker.name);
    const record = lookup(state.workers, from ?? worker.name);
    return {
      name: worker.name,
      desired: worker,
      ...(record === undefined ? {} : { record }),
      ...(from === undefined ? {} : { from }),
    };
  });
  const known = new Set([...desired.workers.map(({ name }) => name), ...renames.values()]);
  const removed = new Set(declaration.removed);
  const undeclared = Object.entries(state.workers)
    .filter(([name]) => !known.has(name))
    .map(([name, record]): WorkerCase => ({ name, record, removed: removed.has(name) }));
  return [...declared, ...undeclared].sort((a, b) => byCodeUnit(a.name, b.name));
}

/** At most one worker per node is replaced for its image in one plan: the others keep the node served. */
function decideAll(cases: readonly WorkerCase[], context: WorkerContext): readonly Decision[] {
  const replacing = new Set<string>();
  return cases.map((worker) => {
    const decision = planWorker(worker, context);
    const { actions, changes, node, held } = decision.plan;
    const forImage =
      actions.includes('replace') &&
      changes.some(({ path, cost }) => path === 'image' && cost === 'rebuild') &&
      !context.options.replace.includes(worker.name);
    if (!forImage || held !== undefined) return decision;
    if (replacing.has(node)) return planWorker({ ...worker, imageMustWait: true }, context);
    replacing.add(node);
    return decision;
  });
}

function strangersOf(
  decisions: readonly Decision[],
  cases: readonly WorkerCase[],
  input: PlanInput,
  context: WorkerContext,
) {
  const adopted = decisions.flatMap(({ plan }) =>
    plan.actions.includes('adopt') && plan.uuid !== undefined ? [plan.uuid] : [],
  );
  const taken = new Set(cases.map(({ name }) => name));
  const isWhole = input.options.target.length === 0;
  const all = decideStrangers(context.identities.strangers, new Set(adopted), taken, input);
  return isWhole ? all : { findings: [], decisions: [] };
}

function assemble(
  input: PlanInput,
  checked: Preflight,
  decisions: readonly Decision[],
  strangers: readonly Finding[],
): Plan {
  const { declaration, desired, options } = input;
  const guarded = applyGuards([...checked.workers], declaration.guards);
  const workers = guarded.workers
    .filter(
      ({ actions, held, changes }) =>
        actions.length > 0 || held !== undefined || changes.length > 0,
    )
    .map((plan) => placed(plan, input))
    .sort((a, b) => byCodeUnit(a.worker, b.worker));
  const plan: Omit<Plan, 'reviewDigest'> = {
    format: 1,
    project: declaration.project,
    environment: declaration.environment,
    cluster: clusterOf(input),
    options,
    workers,
    unchanged: guarded.workers.length - workers.length,
    findings: sortFindings([
      ...decisions.flatMap(({ findings }) => findings),
      ...strangers,
      ...renameHints(workers, input.state),
      ...nodeFindings(input),
      ...lostSessions(input),
    ]),
    preflight: checked.lines,
    guards: declaration.guards,
    refusals: [...decisions.flatMap(({ refusals }) => refusals), ...guarded.refusals],
    warnings: [
      ...(input.warnings ?? []),
      ...decisions.flatMap(({ problems }) => problems).filter((each) => !isError(each)),
      ...checked.warnings,
    ],
    contents: contentsOf(workers, desired.contents),
    repositories: desired.repositories,
    limits: declaration.cluster.limits,
    vmids: declaration.cluster.vmids,
  };
  return { ...plan, reviewDigest: reviewDigest(plan) };
}

/** Only the files of workers that are in the plan. */
function contentsOf(
  workers: readonly WorkerPlan[],
  contents: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const digests = new Set(
    workers.flatMap(({ desired }) => desired?.spec.files ?? []).map(({ digest }) => digest),
  );
  return Object.fromEntries(
    Object.entries(contents)
      .filter(([digest]) => digests.has(digest))
      .sort(([a], [b]) => byCodeUnit(a, b)),
  );
}

/** Each change gets the place where its value is declared. */
function placed(plan: WorkerPlan, { declaration }: PlanInput): WorkerPlan {
  const { desired, changes } = plan;
  if (desired === undefined || changes.length === 0) return plan;
  return {
    ...plan,
    changes: changes.map((change) =>
      change.causes.includes('declaration')
        ? { ...change, at: locateField(declaration, desired, fieldOf(change.path)) }
        : change,
    ),
  };
}

function clusterOf({ declaration, inventory }: PlanInput): PlanCluster {
  const { time: _, ...facts } = inventory.cluster;
  const nodes = Object.values(inventory.nodes);
  const name = declaration.cluster.name ?? facts.name;
  return {
    ...facts,
    ...(name === undefined ? {} : { name }),
    nodes: nodes.length,
    unreachable: nodes.filter((node) => !node.online || node.unreachable !== undefined).length,
  };
}

function nodeFindings({ inventory }: PlanInput): readonly Finding[] {
  return Object.entries(inventory.nodes)
    .filter(([, node]) => !node.online || node.unreachable !== undefined)
    .map(([name, { unreachable }]) => ({
      code: 'node-unreachable',
      node: name,
      message: `node ${name} does not answer${unreachable === undefined ? '' : ` (${unreachable})`}; its workers wait`,
    }));
}

function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const key = ({ code, worker, vmid, node, message }: Finding) =>
    [worker ?? '', code, node ?? '', String(vmid ?? ''), message].join('\u0000');
  return [...findings].sort((a, b) => byCodeUnit(key(a), key(b)));
}
