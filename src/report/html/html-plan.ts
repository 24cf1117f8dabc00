import { createHash } from 'node:crypto';
import type { Plan, SavedPlan, WorkerPlan } from '../../model/plan.ts';
import { anythingToDo } from '../../model/plan-counts.ts';
import { escapeLines } from '../escape/terminal.ts';
import { escapeXml } from '../escape/xml.ts';
import { listedWorkers } from '../markdown/plan-table.ts';
import { isBlocked } from '../markdown/plan-title.ts';
import { PLAIN } from '../paint.ts';
import { checksLines } from '../plan/checks-lines.ts';
import { contextLines, type StateView, summaryLines } from '../plan/headline.ts';
import type { NextView } from '../plan/next-lines.ts';
import { count, utcMinute } from '../words.ts';
import { nodeMap } from './node-map.ts';
import { SCRIPT, STYLE } from './page-parts.ts';
import { kindOf, slug, text, workerSection } from './worker-sections.ts';

export interface HtmlView {
  readonly state: StateView;
  readonly next?: NextView;
}

/**
 * A plan as one page that loads nothing: everything readable without its script, which only filters. The policy
 * allows this one style and this one script, so that nothing that comes from outside could run.
 */
export function htmlPlan(saved: SavedPlan, view: HtmlView): string {
  const { plan } = saved;
  const title = `Muster plan ${text(plan.environment === '' ? plan.project : plan.environment)}`;
  const workers = listedWorkers(plan);
  return `${[
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy()}">`,
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${title}</title><style>${STYLE}</style></head><body>`,
    `<header><h1>${title}</h1>${block(contextLines(plan.cluster, view.state))}</header><main>`,
    summary(plan),
    workers.length === 0 ? '' : `<h2>Workers</h2>${tools(workers)}${list(workers)}`,
    workers.length === 0 ? '' : `<h2>Nodes</h2>${nodeMap(workers)}`,
    checks(plan),
    applyPart(plan, view.next),
    `</main><footer class="dim">${footer(saved)}</footer>`,
    `<script>${SCRIPT}</script></body></html>`,
  ]
    .filter((part) => part !== '')
    .join('\n')}\n`;
}

function policy(): string {
  const digest = (content: string) =>
    `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
  return [
    "default-src 'none'",
    `style-src ${digest(STYLE)}`,
    `script-src ${digest(SCRIPT)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
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

function tools(workers: readonly WorkerPlan[]): string {
  const kinds = [...new Set(workers.map(kindOf))];
  const buttons = kinds.map((kind) => {
    const number = workers.filter((worker) => kindOf(worker) === kind).length;
    return `<button type="button" data-kind="${slug(kind)}" aria-pressed="false">${number} ${kind}</button>`;
  });
  const field =
    '<input id="filter" type="search" aria-label="Filter workers" placeholder="Filter: name, node, vmid, reason ( / )">';
  const shown = '<p id="shown" class="dim" role="status"></p>';
  return `<div id="tools" hidden><div class="tools">${field}${buttons.join('')}</div>${shown}</div>`;
}

function list(workers: readonly WorkerPlan[]): string {
  const names = ['Worker', 'Action', 'Node', 'VM', 'Why'];
  const head = names.map((name) => `<th scope="col">${name}</th>`).join('');
  const bodies = workers.map(workerSection).join('\n');
  return `<table class="list"><thead><tr>${head}</tr></thead>\n${bodies}</table>`;
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
  return `<h2>Apply exactly this</h2><p>Refused if it would do anything else.</p>${block([command])}`;
}

function footer({ plan, commit, createdAt, lineage, serial, toolVersion }: SavedPlan): string {
  return [
    `review digest ${plan.reviewDigest.slice(0, 16)}`,
    ...(commit === undefined ? [] : [`commit ${commit.slice(0, 12)}`]),
    `planned ${utcMinute(createdAt)}`,
    `state ${lineage.slice(0, 8)} serial ${serial}`,
    `${plan.unchanged} unchanged`,
    `Muster ${toolVersion}`,
  ]
    .map(text)
    .join(' | ');
}

function block(lines: readonly string[]): string {
  return `<pre>${lines.flatMap(escapeLines).map(escapeXml).join('\n')}</pre>`;
}
