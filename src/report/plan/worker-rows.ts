import type { ActionKind, Plan, WorkerPlan } from '../../model/plan.ts';
import { BY_STRENGTH, strongest, symbolOf } from '../../model/plan-counts.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { indented, MAX_COLUMNS, table, widthOf } from '../layout.ts';
import type { Paint } from '../paint.ts';
import { formatLocation } from '../place.ts';
import { utcMinute } from '../words.ts';
import { changeLines, changeWords } from './change-lines.ts';

export interface RowOptions {
  readonly verbose: boolean;
  readonly paint: Paint;
}

interface Row {
  readonly worker: WorkerPlan;
  readonly cells: readonly string[];
}

/** One line per worker, danger first, held ones last, each followed by what is worth knowing about it. */
export function workerRows(plan: Plan, options: RowOptions): readonly string[] {
  const active = plan.workers.filter((each) => each.held === undefined && each.actions.length > 0);
  const held = plan.workers.filter((each) => each.held !== undefined);
  const rows = [...active.sort(byDanger), ...held].map((worker) => ({
    worker,
    cells: worker.held === undefined ? activeCells(worker) : heldCells(worker),
  }));
  const names = rows.map((row) => widthOf(row.cells[1] ?? ''));
  const indent = Math.min(6 + symbolWidth(rows) + Math.max(0, ...names), 24);
  const lines = alignedRows(rows, indent);
  return rows.flatMap((row, index) => [
    ...(row.worker.held !== undefined && index > 0 && rows[index - 1]?.worker.held === undefined
      ? ['']
      : []),
    ...coloured(row.worker, lines[index] ?? '', options.paint),
    ...detailLines(row.worker, indent, options.verbose),
    ...setLine(row, rows[index + 1], symbolWidth(rows)),
  ]);
}

function byDanger(a: WorkerPlan, b: WorkerPlan): number {
  const rank = (worker: WorkerPlan) => BY_STRENGTH.indexOf(strongest(worker.actions) ?? 'forget');
  return rank(a) - rank(b) || (a.worker < b.worker ? -1 : a.worker > b.worker ? 1 : 0);
}

function symbolWidth(rows: readonly Row[]): number {
  return Math.max(1, ...rows.map((row) => row.cells[0]?.length ?? 0));
}

/** Columns: symbol, worker, actions, node, vm, then the reasons with a summary or the place. */
function activeCells(worker: WorkerPlan): readonly string[] {
  const action = strongest(worker.actions) ?? 'forget';
  return [
    symbolOf(action),
    escapeTerminal(worker.worker),
    worker.actions.map(actionWord).join(', '),
    `on ${escapeTerminal(worker.node)}`,
    hasVm(worker) && worker.vmid !== undefined ? `vm ${worker.vmid}` : '',
    worker.reasons.join(', '),
    tailOf(worker),
  ];
}

function heldCells(worker: WorkerPlan): readonly string[] {
  const actions = worker.actions.length === 0 ? 'none' : worker.actions.map(actionWord).join(', ');
  const by = worker.held === undefined ? '' : heldWords(worker.held.why, worker.held.by);
  return [
    '?',
    escapeTerminal(worker.worker),
    actions,
    `on ${escapeTerminal(worker.node)}`,
    worker.vmid === undefined ? '' : `vm ${worker.vmid}`,
    `held: ${by}`,
    '',
  ];
}

function heldWords(why: string, by: string): string {
  const who = escapeTerminal(by);
  if (who === '') return why;
  return why === 'leased' || why === 'quarantined' ? `${why} by ${who}` : `${why} (${who})`;
}

function actionWord(action: ActionKind): string {
  return action;
}

/** A deploy or configure names a vmid that nothing has yet: it belongs to what will be made. */
function hasVm(worker: WorkerPlan): boolean {
  const kind = strongest(worker.actions);
  return kind !== 'deploy' && kind !== 'configure';
}

function tailOf(worker: WorkerPlan): string {
  const kind = strongest(worker.actions);
  if (kind === 'deploy') return deployWords(worker);
  if (kind === 'configure' && worker.reasons.some((reason) => reason.startsWith('new')))
    return escapeTerminal(worker.summary ?? '');
  if (worker.set === undefined && worker.declaredAt !== undefined && kind !== 'destroy')
    return formatLocation(worker.declaredAt);
  return '';
}

function deployWords(worker: WorkerPlan): string {
  const source = worker.desired?.spec.imageSource;
  const vm = worker.vmid === undefined ? 'a new vm' : `vm ${worker.vmid}`;
  if (source === undefined) return vm;
  switch (source.kind) {
    case 'template':
      return `${vm} from template ${source.vmid}`;
    case 'import':
      return `${vm} from ${escapeTerminal(source.volume)}`;
    case 'url':
      return `${vm} from image ${escapeTerminal(worker.desired?.spec.image ?? '')}`;
  }
}

/** Aligned where all fits; a tail that doesn't is put on a line of its own. */
function alignedRows(rows: readonly Row[], indent: number): readonly string[] {
  const lines = table(
    rows.map((row) => row.cells.slice(0, 5)),
    { indent: 2 },
  );
  const width = Math.max(0, ...lines.map(widthOf));
  const reasons = Math.max(
    0,
    ...rows.filter((row) => row.cells[6] !== '').map((row) => widthOf(row.cells[5] ?? '')),
  );
  return rows.map((row, index) => {
    const [reason = '', tail = ''] = row.cells.slice(5);
    const line = lines[index] ?? '';
    const start = line.padEnd(width);
    const candidates = [
      [`${start}  ${reason.padEnd(tail === '' ? 0 : reasons)}  ${tail}`],
      [`${line}  ${reason}  ${tail}`],
      [`${start}  ${reason}`, tail],
      [line, reason, tail],
      [`  ${row.cells.slice(0, 2).join('  ')}`, row.cells.slice(2, 5).join('  '), reason, tail],
    ];
    const [head = '', ...below] =
      candidates.find(([first = '']) => widthOf(first.trimEnd()) <= MAX_COLUMNS) ?? [];
    const more = below.filter((part) => part !== '').flatMap((part) => indented(part, indent));
    return [head.trimEnd(), ...more].join('\n');
  });
}

function coloured(worker: WorkerPlan, line: string, paint: Paint): readonly string[] {
  const kind = strongest(worker.actions);
  const lines = line.split('\n');
  if (worker.held !== undefined) return lines.map(paint.dim);
  if (kind === 'destroy' || kind === 'replace') return lines.map(paint.red);
  if (kind === 'update' || kind === 'shutdown') return lines.map(paint.yellow);
  return lines;
}

function detailLines(worker: WorkerPlan, indent: number, verbose: boolean): readonly string[] {
  const { actions, held } = worker;
  const rebuilt = actions.includes('destroy') || actions.includes('replace');
  const isNew = worker.reasons.some((reason) => reason.startsWith('new'));
  const lines = [
    ...(actions.includes('rename') && worker.from !== undefined
      ? [`was called ${escapeTerminal(worker.from)}; its VM stays`]
      : []),
    ...(rebuilt ? worker.frees.map((volume) => `deletes disk ${escapeTerminal(volume)}`) : []),
    ...(actions.includes('destroy') ? pastLines(worker) : []),
    ...(worker.reasons.includes('new-node')
      ? [`${escapeTerminal(worker.node)} joined the cluster; no change of the YAML caused this`]
      : []),
  ].flatMap((line) => indented(line, indent));
  if (held !== undefined) return [...lines, ...heldLines(worker, indent, verbose)];
  const changes = isNew && !verbose ? [] : changeLines(worker.changes, { verbose, indent });
  return [...lines, ...changes];
}

function pastLines(worker: WorkerPlan): readonly string[] {
  const past = [
    ...(worker.declaredAt === undefined || worker.desired !== undefined
      ? []
      : [`was declared in ${escapeTerminal(worker.declaredAt.file)}`]),
    ...(worker.lastUsed === undefined ? [] : [`last used by ${escapeTerminal(worker.lastUsed)}`]),
  ];
  return past.length === 0 ? [] : [past.join('; ')];
}

function heldLines(worker: WorkerPlan, indent: number, verbose: boolean): readonly string[] {
  const { held, changes } = worker;
  const words = changes.slice(0, 3).map(changeWords);
  const more = changes.length > 3 ? `, and ${changes.length - 3} more` : '';
  const waiting = words.length === 0 ? [] : [`waiting: ${words.join(', ')}${more}`];
  const until = held?.until === undefined ? [] : [`expected to end at ${utcMinute(held.until)}`];
  const text = [...waiting, ...until].join('; ');
  const nothing =
    worker.actions.length === 0 ? 'nothing is planned for it, its record is kept' : '';
  return [
    ...[text === '' ? nothing : text, escapeTerminal(held?.remedy ?? '')]
      .filter((line) => line !== '')
      .flatMap((line) => indented(line, indent)),
    ...(verbose ? changeLines(changes, { verbose, indent }) : []),
  ];
}

/** Below the last of several rows in succession that come from one set. */
function setLine(row: Row, next: Row | undefined, symbols: number): readonly string[] {
  const { set, declaredAt } = row.worker;
  if (set === undefined || declaredAt === undefined) return [];
  if (next?.worker.set === set && next.worker.held === undefined) return [];
  const text = `declared by workerSets.${escapeTerminal(set)}, ${formatLocation(declaredAt)}`;
  return indented(text, 4 + symbols);
}
