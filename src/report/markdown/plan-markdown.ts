import type { Plan, SavedPlan, WorkerPlan } from '../../model/plan.ts';
import { anythingToDo } from '../../model/plan-counts.ts';
import { driftOf } from '../drift-text.ts';
import { byteLength, codeSpan, fenced, folded } from '../escape/markdown.ts';
import { PLAIN } from '../paint.ts';
import { checksLines } from '../plan/checks-lines.ts';
import { olderFormatText } from '../plan/headline.ts';
import type { NextView } from '../plan/next-lines.ts';
import { count, shellWord, utcMinute } from '../words.ts';
import { attributeDiff } from './attribute-diff.ts';
import { driftTable } from './drift-table.ts';
import { nodePicture } from './node-picture.ts';
import { isDangerous, listedWorkers, namesByAction, workerTable } from './plan-table.ts';
import { consequences, heading, isBlocked, marker, verdict } from './plan-title.ts';

/** What a comment on GitHub or GitLab may hold, with room for what a bot puts around it. */
export const DEFAULT_MAX_BYTES = 60_000;

/** Of what keeps a plan from being applied. */
const MOST_LINES = 60;

export interface MarkdownView {
  readonly next?: NextView;
  readonly maxBytes?: number;
  /** The CI job that made this; its address comes from the environment. */
  readonly job?: Job;
}

export interface Job {
  readonly name: string;
  readonly url: string;
}

/** How much is shown: everything, down to names alone. */
interface Shown {
  readonly picture: boolean;
  /** Workers whose attributes are listed. */
  readonly details: number;
  readonly drift: boolean;
  readonly checks: boolean;
  /** Rows of the table. */
  readonly rows: number;
  /** Dangerous workers by name instead of rows. */
  readonly names?: number;
}

/** A plan as a comment: danger first, the rest folded, never larger than `maxBytes` and never without its danger. */
export function planMarkdown(saved: SavedPlan, view: MarkdownView = {}): string {
  const { plan } = saved;
  const workers = listedWorkers(plan);
  const detailed = workers.filter((each) => attributeDiff(each).length > 0);
  const danger = workers.filter(isDangerous).length;
  const max = view.maxBytes ?? DEFAULT_MAX_BYTES;
  const render = (shown: Shown) => comment(saved, { workers, detailed }, shown, view);
  const fits = (shown: Shown) => byteLength(render(shown)) <= max;
  const drawn: Shown = {
    picture: true,
    details: detailed.length,
    drift: true,
    checks: true,
    rows: workers.length,
  };
  const all: Shown = { ...drawn, picture: false };
  const bare: Shown = { ...all, details: 0, drift: false, checks: false };
  const none: Shown = { ...bare, rows: 0 };
  if (fits(drawn)) return render(drawn);
  if (fits(all)) return render(all);
  if (fits({ ...all, details: 0 })) return render(most(all, 'details', detailed.length, fits));
  if (fits(bare)) return render(bare);
  if (fits({ ...bare, rows: danger })) return render(most(bare, 'rows', workers.length, fits));
  return render(most(none, 'names', danger, fits));
}

/** The same with as much of one part as fits. */
function most(
  shown: Shown,
  part: 'details' | 'rows' | 'names',
  limit: number,
  fits: (shown: Shown) => boolean,
): Shown {
  let low = 0;
  let high = limit;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits({ ...shown, [part]: middle })) low = middle;
    else high = middle - 1;
  }
  return { ...shown, [part]: low };
}

interface Lists {
  readonly workers: readonly WorkerPlan[];
  readonly detailed: readonly WorkerPlan[];
}

function comment(saved: SavedPlan, lists: Lists, shown: Shown, view: MarkdownView): string {
  const { plan } = saved;
  const blocks = [
    `${marker('plan', plan)}\n${heading('plan', plan, verdict(plan))}`,
    consequences(plan),
    blockedBlock(plan),
    rowsBlock(lists.workers, shown),
    detailsBlock(lists.detailed, shown.details),
    driftBlock(plan, shown.drift),
    shown.picture ? nodePicture(lists.workers) : '',
    shown.checks ? checksBlock(plan) : '',
    applyBlock(plan, view.next),
    footer(saved, view),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

/** What keeps a plan from being applied is never folded. */
function blockedBlock(plan: Plan): string {
  if (!isBlocked(plan)) return '';
  const preflight = plan.preflight.filter(({ result }) => result === 'fail');
  const lines = checksLines({ ...plan, preflight, warnings: [], findings: [] }, false, PLAIN);
  const shown = lines.join('\n').trim().split('\n').slice(0, MOST_LINES);
  return `**Nothing of this plan will be applied.**\n\n${fenced('text', shown)}`;
}

function rowsBlock(workers: readonly WorkerPlan[], { rows, names }: Shown): string {
  if (names !== undefined) {
    const danger = workers.filter(isDangerous);
    const rest = workers.length - names;
    const lost = danger.length - names;
    const more = [
      ...(lost > 0 ? [`**${count(lost, 'more dangerous action')} in the artifact.**`] : []),
      ...(rest - lost > 0 ? [`${count(rest - lost, 'more worker')} in the artifact.`] : []),
    ];
    return [namesByAction(danger.slice(0, names)), ...more].join('\n\n');
  }
  const rest = workers.length - rows;
  const more = rest > 0 ? `\n\n${count(rest, 'more worker')} in the artifact.` : '';
  return rows === 0 ? more.trim() : `${workerTable(workers.slice(0, rows))}${more}`;
}

function detailsBlock(detailed: readonly WorkerPlan[], number: number): string {
  if (detailed.length === 0) return '';
  const rest = detailed.length - number;
  if (number === 0) return `Attributes of ${count(rest, 'worker')} are in the artifact.`;
  const lines = detailed
    .slice(0, number)
    .flatMap((worker, index) => [...(index === 0 ? [] : ['']), ...attributeDiff(worker)]);
  const more = rest > 0 ? `\n\n${count(rest, 'more worker')} in the artifact.` : '';
  const title = `<b>Attributes</b> (${count(detailed.length, 'worker')})`;
  return folded(title, `${fenced('diff', lines)}${more}`);
}

function driftBlock(plan: Plan, isShown: boolean): string {
  const { workers } = driftOf(plan);
  if (workers.length === 0 || !isShown) return '';
  const title = `<b>Drift</b>: changed outside Muster, put back by this plan (${count(workers.length, 'worker')})`;
  return folded(title, driftTable(workers));
}

function checksBlock(plan: Plan): string {
  // What blocks the plan stands above, in full.
  const preflight = plan.preflight.filter(({ result }) => result !== 'fail');
  const guards = plan.refusals.length > 0 ? { forbid: [] } : plan.guards;
  const lines = checksLines({ ...plan, preflight, guards, refusals: [] }, false, PLAIN);
  if (lines.length === 0) return '';
  const warnings =
    plan.warnings.length + plan.preflight.filter(({ result }) => result === 'warn').length;
  const counts = [
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
    ...(plan.findings.length > 0 ? [count(plan.findings.length, 'finding')] : []),
  ];
  const remark = counts.length === 0 ? '' : ` (${counts.join(', ')})`;
  return folded(`<b>Checks</b>${remark}`, fenced('text', lines));
}

function applyBlock(plan: Plan, next: NextView | undefined): string {
  if (isBlocked(plan) || !anythingToDo(plan)) return '';
  const { program = 'muster', flags = '' } = next ?? {};
  const words = [program, 'apply', flags, '--expect-digest', plan.reviewDigest.slice(0, 16)];
  const command = words.filter((word) => word !== '').join(' ');
  return `Apply exactly this (refused if it would do anything else):\n\n${fenced('sh', [command])}`;
}

function footer(saved: SavedPlan, { next, job }: MarkdownView): string {
  const { plan, commit, createdAt, lineage, serial, stateFormat, toolVersion } = saved;
  const artifact =
    next?.savedAs === undefined ? [] : [`artifact ${codeSpan(shellWord(next.savedAs))}`];
  const links = [...(job === undefined ? [] : [jobLink(job)]), ...artifact].join(', ');
  const parts = [
    `review digest ${plan.reviewDigest.slice(0, 16)}`,
    ...(commit === undefined ? [] : [`commit ${codeSpan(commit.slice(0, 12))}`]),
    `planned ${utcMinute(createdAt)}`,
    ...(links === '' ? [] : [links]),
    `state ${codeSpan(lineage.slice(0, 8))} serial ${serial}`,
    ...(stateFormat === undefined ? [] : [olderFormatText(stateFormat)]),
    `${plan.unchanged} unchanged`,
    `Muster ${codeSpan(toolVersion)}`,
  ];
  return `<sub>${parts.join(' | ')}</sub>`;
}

/** A link only where the address is plainly one. */
export function jobLink({ name, url }: Job): string {
  const label = name.replace(/[^A-Za-z0-9 ._-]/g, '').slice(0, 60);
  return /^https?:\/\/[A-Za-z0-9.:_/~%?&=+-]+$/.test(url) && label !== ''
    ? `[${label}](${url})`
    : codeSpan(name);
}
