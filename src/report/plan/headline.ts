import type { HeldWhy, Plan, PlanCluster } from '../../model/plan.ts';
import { anythingToDo, countPlan, type PlanCounts } from '../../model/plan-counts.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { labelled, MAX_COLUMNS, wrap } from '../layout.ts';
import type { Paint } from '../paint.ts';
import { count } from '../words.ts';

const LABEL = 9;

export interface StateView {
  /** Path or address. */
  readonly where: string;
  /** undefined: there is no state yet. */
  readonly serial: number | undefined;
  /** Set when it is stored in an older format. */
  readonly olderFormat?: number | undefined;
}

/** "Cluster …" and "State …": what everything below is about. */
export function contextLines(cluster: PlanCluster, state: StateView): readonly string[] {
  const facts = [
    count(cluster.nodes, 'node'),
    ...(cluster.unreachable > 0 ? [`${cluster.unreachable} unreachable`] : []),
    `PVE ${escapeTerminal(cluster.version)}`,
    `${escapeTerminal(cluster.endpoint)} as ${escapeTerminal(cluster.token)}`,
  ].join(', ');
  const known = state.serial === undefined ? 'new, nothing recorded yet' : `serial ${state.serial}`;
  return [
    ...labelled('Cluster', `${escapeTerminal(cluster.name ?? '(no name)')}: ${facts}`, LABEL),
    ...labelled('State', `${escapeTerminal(state.where)}: ${known}`, LABEL),
    ...formatLines(state),
  ];
}

/** Below the line "State": that an apply will write it in a newer format. */
export function formatLines({ olderFormat }: StateView): readonly string[] {
  return olderFormat === undefined ? [] : labelled('', olderFormatText(olderFormat), LABEL);
}

/** Of a state that is stored in an older format: what will become of it. */
export function olderFormatText(format: number): string {
  return `older format ${format}: the next apply with something to do writes the newest, and keeps a backup`;
}

/** "Plan: 1 to destroy, …" and, below it, what is held, drifted and unchanged. */
export function summaryLines(plan: Plan, paint: Paint): readonly string[] {
  const counts = countPlan(plan);
  const rest = restOf(plan, counts);
  if (!anythingToDo(plan)) {
    const nothing = rest === '' ? '' : `  ${rest}`;
    return emphasised(`Plan: nothing to do.${nothing}`, paint);
  }
  const actions = `Plan: ${actionCounts(counts).join(', ')}.`;
  const remark = remarkOf(counts);
  const first = remark === '' ? actions : `${actions}  ${remark}`;
  const below = rest === '' ? [] : wrapSpaced(rest).map((line) => `      ${line}`);
  return [...emphasised(first, paint), ...below];
}

/** "1 to destroy", "0 to replace", … Destroy and replace are always named. */
function actionCounts(counts: PlanCounts): readonly string[] {
  const { destroy, replace, shutdown, update, adopt, rename, deploy, configure, forget } =
    counts.strongest;
  const optional: readonly (readonly [number, string])[] = [
    [shutdown, 'to power off'],
    [update + adopt + rename, 'to change'],
    [deploy, 'to deploy'],
    [configure, 'to configure'],
    [counts.tests, 'to test'],
    [forget, 'to forget'],
  ];
  return [
    `${destroy} to destroy`,
    `${replace} to replace`,
    ...optional.filter(([number]) => number > 0).map(([number, words]) => `${number} ${words}`),
  ];
}

function remarkOf(counts: PlanCounts): string {
  const { configure, forget, ...others } = counts.strongest;
  const touched = Object.values(others).reduce((sum, number) => sum + number, 0);
  if (touched === 0 && configure + forget > 0) return 'No VM is made, changed or powered.';
  return counts.tests > 0 ? 'All are powered off at the end.' : '';
}

function restOf(plan: Plan, counts: PlanCounts): string {
  const held = Object.entries(counts.held) as [HeldWhy, number][];
  return [
    ...(held.length === 0 ? [] : [`Held: ${held.map(([why, n]) => `${n} ${why}`).join(', ')}.`]),
    ...(counts.drifted === 0 ? [] : [`Drift on ${count(counts.drifted, 'worker')}.`]),
    ...(plan.unchanged === 0 ? [] : [`${plan.unchanged} unchanged.`]),
  ].join('  ');
}

function emphasised(text: string, paint: Paint): readonly string[] {
  const [first = '', ...more] = wrapSpaced(text);
  return [paint.bold(first), ...more.map((line) => `      ${line}`)];
}

/** Keeps the two spaces between sentences where a line has room for them. */
function wrapSpaced(text: string): readonly string[] {
  return text.length <= MAX_COLUMNS ? [text] : wrap(text, MAX_COLUMNS - 6);
}
