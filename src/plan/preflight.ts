import { type Diagnostic, DiagnosticsError } from '../model/diagnostic.ts';
import { byCodeUnit } from '../model/json.ts';
import type { PreflightLine, WorkerPlan } from '../model/plan.ts';
import type { WorkerSpec } from '../model/worker.ts';
import type { PlanInput } from './plan-input.ts';
import { type DeclaredPlan, isMaking, makesVm } from './plan-needs.ts';
import { clusterWarnings } from './preflight-cluster.ts';
import { privilegeChecks, sizeChecks } from './preflight-privileges.ts';
import { spaceChecks } from './preflight-space.ts';
import { type WorkerLine, workerProblems } from './preflight-worker.ts';

export interface Preflight {
  /** Without the set members that were left out. */
  readonly workers: readonly WorkerPlan[];
  readonly lines: readonly PreflightLine[];
  readonly warnings: readonly Diagnostic[];
}

/**
 * Checks the workers with actions against what their nodes really have. What an explicit worker fails, the
 * plan fails; a set's member that fails is left out with a warning, and the others go on (`--strict`: throws).
 */
export function preflight(workers: readonly WorkerPlan[], input: PlanInput): Preflight {
  const checked = workers.filter(isChecked);
  const problems = checked.flatMap((worker) => workerProblems(worker, input, workers));
  if (input.options.strict) requireNone(problems);
  const failed = new Set(
    problems.filter(({ result }) => result === 'fail').map(({ worker }) => worker),
  );
  const members = checked.filter(
    ({ worker, desired }) => failed.has(worker) && desired.set !== undefined,
  );
  const left = new Set(members.map(({ worker }) => worker));
  const kept = workers.filter(({ worker }) => !left.has(worker));
  const lines = problems.map((line) => soften(line, left));
  return {
    workers: kept,
    lines: [
      ...lines,
      ...spaceChecks(kept, input),
      ...privilegeChecks(kept, input),
      ...sizeChecks(kept.filter(isChecked), input),
      ...summaryLines(kept.filter(isChecked), problems, input),
    ],
    warnings: [...members.map((member) => leftOut(member, problems)), ...clusterWarnings(input)],
  };
}

/** Held workers are checked too: what is wrong with them can be mended while they wait. */
function isChecked(worker: WorkerPlan): worker is DeclaredPlan {
  return isMaking(worker) || (worker.desired !== undefined && worker.actions.includes('test'));
}

function soften(line: WorkerLine, left: ReadonlySet<string>): PreflightLine {
  return left.has(line.worker) && line.result === 'fail' ? { ...line, result: 'warn' } : line;
}

function leftOut(
  { worker, node, desired: { set, declaredAt } }: DeclaredPlan,
  problems: readonly WorkerLine[],
): Diagnostic {
  return {
    severity: 'warning',
    code: 'left-out',
    message: `${worker} of workerSets.${set} on ${node} is left out of this plan`,
    labels: [declaredAt],
    detail: problems.filter((line) => line.worker === worker).map(({ message }) => message),
    remedy: 'Mend it, or leave the node out with "nodes: { except: [...] }".',
  };
}

function requireNone(problems: readonly WorkerLine[]): void {
  const failed = problems.filter(({ result }) => result === 'fail');
  if (failed.length === 0) return;
  throw new DiagnosticsError(
    failed.map(({ code, message, worker, remedy }) => ({
      severity: 'error',
      code,
      message: `${worker}: ${message}`,
      labels: [],
      ...(remedy === undefined ? {} : { remedy }),
    })),
  );
}

/** What was looked at and found good, in one line; nodes that don't answer are counted as not looked at. */
function summaryLines(
  workers: readonly DeclaredPlan[],
  problems: readonly PreflightLine[],
  { inventory }: PlanInput,
): readonly PreflightLine[] {
  const isGood = (codes: RegExp) => !problems.some(({ code }) => codes.test(code));
  const part = (what: string, chosen: readonly DeclaredPlan[], names: readonly string[]) => {
    const nodes = new Set(chosen.map(({ desired }) => desired.spec.node));
    const seen = [...nodes].filter((node) =>
      Object.keys(inventory.bridges).some((key) => key.startsWith(`${node}/`)),
    );
    if (seen.length === 0) return [];
    const of = `${seen.length} of ${nodes.size} ${nodes.size === 1 ? 'node' : 'nodes'}`;
    return [`${what} ${listed(names)} on ${of}`];
  };
  const making = workers.filter(makesVm);
  const images = specsOf(making).map(({ image }) => image);
  const bridges = specsOf(workers).flatMap(({ networks }) => networks.map(({ bridge }) => bridge));
  const parts = [
    ...(isGood(/^(image|template)/) ? part('image', making, images) : []),
    ...(isGood(/^(bridge|vlan)/) ? part('bridge', workers, bridges) : []),
  ];
  return parts.length === 0 ? [] : [{ result: 'ok', code: 'reachable', message: parts.join('; ') }];
}

function specsOf(workers: readonly DeclaredPlan[]): readonly WorkerSpec[] {
  return workers.map(({ desired }) => desired.spec);
}

function listed(names: readonly string[]): string {
  return [...new Set(names)].sort(byCodeUnit).join(', ');
}
