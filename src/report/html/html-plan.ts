import type { Plan, SavedPlan, WorkerPlan } from '../../model/plan.ts';
import { anythingToDo } from '../../model/plan-counts.ts';
import { listedWorkers } from '../markdown/plan-table.ts';
import { isBlocked } from '../markdown/plan-title.ts';
import { PLAIN } from '../paint.ts';
import { checksLines } from '../plan/checks-lines.ts';
import { contextLines, type StateView, summaryLines } from '../plan/headline.ts';
import type { NextView } from '../plan/next-lines.ts';
import { count, utcMinute } from '../words.ts';
import { nodeMap } from './node-map.ts';
import { block, filterTools, listTable, page } from './page.ts';
import { kindOf, text, workerSection } from './worker-sections.ts';

export interface HtmlView {
  readonly state: StateView;
  readonly next?: NextView;
}

/** A plan as one page. */
export function htmlPlan(saved: SavedPlan, view: HtmlView): string {
  const { plan } = saved;
  const workers = listedWorkers(plan);
  return page({
    title: titleOf('plan', plan),
    header: block(contextLines(plan.cluster, view.state)),
    parts: [
      summary(plan),
      workers.length === 0
        ? ''
        : `<h2>Workers</h2>${filterTools(workers.map(kindOf), 'workers')}${workerList(workers)}`,
      workers.length === 0 ? '' : `<h2>Nodes</h2>${nodeMap(workers)}`,
      checks(plan),
      applyPart(plan, view.next),
    ],
    footer: footer(saved),
  });
}

/** "Muster plan production" */
export function titleOf(
  what: string,
  { project, environment }: Pick<Plan, 'project' | 'environment'>,
): string {
  return `Muster ${what} ${text(environment === '' ? project : environment)}`;
}

/** `planned`: beside rows of another table, which are those that the filter is for. */
export function workerList(workers: readonly WorkerPlan[], role?: 'planned'): string {
  const rows = workers.map((worker) => workerSection(worker, role));
  return listTable(['Worker', 'Action', 'Node', 'VM', 'Why'], rows);
}

function summary(plan: Plan): string {
  const words = summaryLines(plan, PLAIN).map((line) => line.trim());
  const danger = plan.workers.filter((worker) => ['destroy', 'replace'].includes(kindOf(worker)));
  const names = danger.slice(0, 20).map(({ worker }) => text(worker));
  const rest = danger.length > names.length ? ` and ${danger.length - names.length} more` : '';
  const verb = isBlocked(plan) ? 'Would delete' : 'Deletes';
  const loss = `<p class="danger">${verb} ${count(danger.length, 'VM')}: ${names.join(', ')}${rest}</p>`;
  return `<p><strong>${text(words.join(' '))}</strong></p>${danger.length === 0 ? '' : loss}`;
}

function checks(plan: Plan): string {
  const lines = checksLines(plan, true, PLAIN);
  return lines.length === 0 ? '' : `<h2>Checks</h2>${block(lines)}`;
}

function applyPart(plan: Plan, next: NextView | undefined): string {
  if (isBlocked(plan) || !anythingToDo(plan)) return '';
  const { program = 'muster', flags = '' } = next ?? {};
  const words = [program, 'apply', flags, '--expect-digest', plan.reviewDigest.slice(0, 16)];
  const command = words.filter((word) => word !== '').join(' ');
  return exactly('Apply', command);
}

/** The command that does what was reviewed. */
export function exactly(verb: 'Apply' | 'Run', command: string): string {
  return `<h2>${verb} exactly this</h2><p>Refused if it would do anything else.</p>${block([command])}`;
}

/** What was planned, when, and from which state. */
export function footer({
  plan,
  commit,
  createdAt,
  lineage,
  serial,
  toolVersion,
}: SavedPlan): string {
  return [
    `review digest ${plan.reviewDigest.slice(0, 16)}`,
    ...(commit === undefined ? [] : [`commit ${commit.slice(0, 12)}`]),
    `planned ${utcMinute(createdAt)}`,
    `state ${lineage.slice(0, 8)} serial ${serial}`,
    ...(plan.session === undefined ? [`${plan.unchanged} unchanged`] : []),
    `Muster ${toolVersion}`,
  ]
    .map(text)
    .join(' | ');
}
