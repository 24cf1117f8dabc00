import type { ActionKind, WorkerPlan } from '../../model/plan.ts';
import { strongest } from '../../model/plan-counts.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { escapeXml } from '../escape/xml.ts';
import { formatLocation } from '../place.ts';
import { untilWords } from '../words.ts';
import { filterRow, mark } from './page.ts';
import { changeRow } from './side-by-side.ts';

/** What a worker is filed under: the word in the filter and the colour of its mark. */
export type Kind =
  | 'destroy'
  | 'replace'
  | 'power off'
  | 'change'
  | 'add'
  | 'test'
  | 'forget'
  | 'held';

const KINDS: Readonly<Record<ActionKind, Kind>> = {
  destroy: 'destroy',
  replace: 'replace',
  shutdown: 'power off',
  update: 'change',
  adopt: 'change',
  rename: 'change',
  deploy: 'add',
  configure: 'add',
  session: 'test',
  test: 'test',
  forget: 'forget',
};

export function kindOf({ held, actions }: WorkerPlan): Kind {
  return held === undefined ? KINDS[strongest(actions) ?? 'forget'] : 'held';
}

/** One worker as a table body of its own, so that a filter hides it as a whole. */
export function workerSection(worker: WorkerPlan, role?: 'planned'): string {
  const kind = kindOf(worker);
  const { node, vmid, actions } = worker;
  const words = actions.length === 0 ? 'none' : actions.map(actionWord).join(', ');
  const name = text(worker.worker);
  const search = [worker.worker, node, vmid ?? '', words, kind, ...worker.reasons].join(' ');
  const cells = [
    `<th scope="row" data-label="Worker">${mark(kind)}${name}</th>`,
    `<td data-label="Action">${text(words)}${worker.held === undefined ? '' : ', <b>held</b>'}</td>`,
    `<td data-label="Node">${text(node)}</td>`,
    `<td data-label="VM">${vmid === undefined ? '' : vmid}</td>`,
    `<td data-label="Why">${whyHtml(worker)}</td>`,
  ];
  return filterRow(kind, search, `<tr>${cells.join('')}</tr>${detailRow(worker)}`, role);
}

function whyHtml(worker: WorkerPlan): string {
  const { held, reasons, frees, from, lastUsed, summary, set, declaredAt } = worker;
  const until = held === undefined ? '' : untilWords(held);
  const kind = kindOf(worker);
  const isLoss = kind === 'destroy' || kind === 'replace';
  const place = declaredAt === undefined ? '' : formatLocation(declaredAt);
  const parts = [
    ...(held === undefined ? [reasons.join(', ')] : [`${held.why}: ${held.by}${until}`]),
    ...(held?.remedy === undefined ? [] : [held.remedy]),
    ...(from === undefined ? [] : [`was called ${from}; its VM stays`]),
    ...(isLoss && frees.length > 0 ? [`deletes ${frees.join(', ')}`] : []),
    ...(lastUsed === undefined ? [] : [`last used by ${lastUsed}`]),
    ...(summary === undefined ? [] : [summary]),
    [set === undefined ? '' : `workerSets.${set}`, place].filter((part) => part !== '').join(', '),
  ];
  return parts
    .filter((part) => part !== '')
    .map((part) => `<span class="why">${text(part)}</span>`)
    .join('');
}

function detailRow({ worker, changes }: WorkerPlan): string {
  if (changes.length === 0) return '';
  const label = `${changes.length} ${changes.length === 1 ? 'attribute' : 'attributes'}`;
  const head =
    '<thead><tr><th scope="col">Attribute</th><th scope="col">Before</th><th scope="col">After</th></tr></thead>';
  const rows = changes.map(changeRow).join('');
  const table = `<table class="diff" aria-label="Attributes of ${text(worker)}">${head}<tbody>${rows}</tbody></table>`;
  return `<tr class="more"><td colspan="5"><details><summary>${label}</summary>${table}</details></td></tr>`;
}

function actionWord(kind: ActionKind): string {
  return kind === 'shutdown' ? 'power off' : kind;
}

/** One line of text from outside. */
export function text(value: string): string {
  return escapeXml(escapeTerminal(value));
}
