import { assertNever } from '../../model/assert-never.ts';
import { byCodeUnit } from '../../model/json.ts';
import type { ActionKind, Plan, WorkerPlan } from '../../model/plan.ts';
import { BY_STRENGTH, strongest } from '../../model/plan-counts.ts';
import { codeSpan, markdownTable } from '../escape/markdown.ts';
import { whyCell } from './why.ts';

const HEAD = ['', 'Worker', 'Action', 'Node', 'VM', 'Why'];

/** Those that do something, by danger; then those that are held. Each group by name. */
export function listedWorkers(plan: Plan): readonly WorkerPlan[] {
  const active = plan.workers.filter((each) => each.held === undefined && each.actions.length > 0);
  const held = plan.workers.filter((each) => each.held !== undefined);
  return [...active.sort(byDanger), ...held.sort(byDanger)];
}

/** True for what deletes a VM or powers one off. */
export function isDangerous(worker: WorkerPlan): boolean {
  const kind = strongest(worker.actions);
  const isDanger = kind === 'destroy' || kind === 'replace' || kind === 'shutdown';
  return worker.held === undefined && isDanger;
}

export function workerTable(workers: readonly WorkerPlan[]): string {
  return markdownTable(HEAD, workers.map(cells));
}

/** "**destroy** `a`, `b`": names alone, for plans whose dangerous rows don't fit. */
export function namesByAction(workers: readonly WorkerPlan[]): string {
  const kinds = BY_STRENGTH.filter((kind) =>
    workers.some(({ actions }) => strongest(actions) === kind),
  );
  return kinds
    .map((kind) => {
      const those = workers.filter(({ actions }) => strongest(actions) === kind);
      const names = those.map(({ worker }) => codeSpan(worker, 60)).join(', ');
      return `- ${signOf(kind)} **${actionWord(kind)}** (${those.length}): ${names}`;
    })
    .join('\n');
}

function cells(worker: WorkerPlan): readonly string[] {
  const { held, actions, node, vmid } = worker;
  const kind = strongest(actions);
  const isMade = kind !== 'deploy' && kind !== 'configure';
  return [
    held === undefined ? signOf(kind ?? 'forget') : heldSign(worker),
    codeSpan(worker.worker, 60),
    actionCell(worker),
    plainNode(node),
    vmid === undefined || !isMade ? '' : String(vmid),
    whyCell(worker),
  ];
}

function actionCell(worker: WorkerPlan): string {
  const words = worker.actions.map(actionWord).join(', ');
  if (words === '') return 'none';
  if (worker.held !== undefined) return `${words}, held`;
  return isDangerous(worker) ? `**${words}**` : words;
}

/** Node names of PVE are host names; anything else is put into code. */
function plainNode(node: string): string {
  return /^[A-Za-z0-9-]{1,63}$/.test(node) ? node : codeSpan(node, 60);
}

function byDanger(a: WorkerPlan, b: WorkerPlan): number {
  const rank = ({ actions }: WorkerPlan) => {
    const kind = strongest(actions);
    return kind === undefined ? BY_STRENGTH.length : BY_STRENGTH.indexOf(kind);
  };
  return rank(a) - rank(b) || byCodeUnit(a.worker, b.worker);
}

function heldSign({ held }: WorkerPlan): string {
  const isUnknown = held?.why === 'unreachable' || held?.why === 'invisible';
  return isUnknown ? ':grey_question:' : ':hourglass:';
}

function actionWord(kind: ActionKind): string {
  return kind === 'shutdown' ? 'power off' : kind;
}

function signOf(kind: ActionKind): string {
  switch (kind) {
    case 'destroy':
    case 'replace':
      return ':red_circle:';
    case 'shutdown':
      return ':orange_circle:';
    case 'update':
    case 'rename':
    case 'adopt':
      return ':yellow_circle:';
    case 'configure':
    case 'deploy':
      return ':green_circle:';
    case 'test':
    case 'session':
      return ':large_blue_circle:';
    case 'forget':
      return ':white_circle:';
    default:
      return assertNever(kind);
  }
}
