import type { Diagnostic } from '../../model/diagnostic.ts';
import { formatDuration } from '../../model/quantity.ts';
import type {
  LeftOutWorker,
  PlannedItem,
  SessionPlan,
  SessionWorker,
  WaitPeriod,
} from '../../model/session-plan.ts';
import { diagnosticText } from '../diagnostic-text.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { clip, indented, labelled, MAX_COLUMNS, padEnd, table } from '../layout.ts';
import type { Paint } from '../paint.ts';
import type { NextView } from '../plan/next-lines.ts';
import { count, elapsed, shellWord, utcMinute } from '../words.ts';
import { commandLines } from './command-lines.ts';
import { boundWords, placeWords, savingWords, waitWords } from './session-words.ts';

export interface SessionPlanView {
  readonly verbose: boolean;
  readonly paint: Paint;
  /** Undefined where the run follows at once. */
  readonly next?: NextView & { readonly reviewDigest: string };
}

const LABEL = 9;
const MOST_ITEMS = 20;
const MOST_WAITS = 4;
const WIDEST_NAME = 26;
/** Shorter waits are not worth a line, ms. */
const SHORT_WAIT = 1000;

/** A session before it runs: its workers, who is left out, each item's predicted place and time, what binds. */
export function sessionPlanText(plan: SessionPlan, view: SessionPlanView): string {
  const blocks = [
    sessionHeading(plan),
    sessionWorkerRows(plan, view.paint),
    itemRows(plan, view),
    [...forecastLines(plan), ...warningLines(plan.warnings)],
    refusalLines(plan, view.paint),
    nextLines(plan, view),
  ].filter((block) => block.length > 0);
  const lines = blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
  return `${lines.join('\n')}\n`;
}

/** "Session  nightly: backup, 6 items, 3 workers, 12 slots (pbs-main: 8)". */
export function sessionHeading(plan: SessionPlan): readonly string[] {
  const slots = plan.workers.reduce((sum, worker) => sum + worker.slots, 0);
  const limits = Object.entries(plan.repositories).flatMap(([name, { maxConcurrent }]) =>
    maxConcurrent === undefined ? [] : [`${escapeTerminal(name)}: ${maxConcurrent}`],
  );
  const facts = [
    plan.kind,
    count(plan.items.length, 'item'),
    count(plan.workers.length, 'worker'),
    count(slots, 'slot'),
  ].join(', ');
  const room = limits.length === 0 ? '' : ` (${limits.join(', ')})`;
  return labelled('Session', `${escapeTerminal(plan.session)}: ${facts}${room}`, LABEL);
}

/** One line per worker: what is done with it, then those that are left out and why. */
export function sessionWorkerRows(plan: SessionPlan, paint: Paint): readonly string[] {
  const sorted = [...plan.workers].sort((a, b) => rankOf(a) - rankOf(b));
  const rows = table(sorted.map(workerCells), { indent: 2 }).map((line) => clip(line, MAX_COLUMNS));
  const left = table(plan.leftOut.map(leftOutCells), { indent: 2 }).map((line) =>
    paint.dim(clip(line, MAX_COLUMNS)),
  );
  const rest = plan.leftForApply.map(({ action, workers }) => `${workers} to ${action}`).join(', ');
  return [
    ...rows,
    ...left,
    ...(rest === '' ? [] : indented(`Not part of a session, left for "muster apply": ${rest}`, 2)),
  ];
}

/** What takes longest stands first. */
function rankOf({ actions }: SessionWorker): number {
  if (actions.includes('deploy')) return 0;
  return actions.includes('update') ? 1 : 2;
}

function workerCells(worker: SessionWorker): readonly string[] {
  const symbol = ['+', '~', '>'][rankOf(worker)] ?? '>';
  const vm = worker.vmid === undefined ? '' : `, vm ${worker.vmid}`;
  return [
    symbol,
    escapeTerminal(worker.worker),
    worker.actions.filter((action) => action !== 'configure').join(', '),
    `on ${escapeTerminal(worker.node)}${vm}`,
    count(worker.slots, 'slot'),
    `ready after ${formatDuration(worker.readyAt)}`,
  ];
}

function leftOutCells({ worker, node, why, by, until }: LeftOutWorker): readonly string[] {
  const end = until === undefined ? '' : `, until ${utcMinute(until)}`;
  return [
    '?',
    escapeTerminal(worker),
    'left out',
    `on ${escapeTerminal(node)}`,
    `${why}: ${escapeTerminal(by)}${end}`,
  ];
}

function itemRows(plan: SessionPlan, { verbose, paint }: SessionPlanView): readonly string[] {
  const { items } = plan;
  if (items.length === 0 || isHopeless(plan)) return [];
  const shown = verbose ? items : items.slice(0, MOST_ITEMS);
  const head = ['Start', 'Worker', 'Item', 'VM', 'Takes', '', ''];
  const [header = '', ...rows] = table([head, ...shown.map(itemCells)], { right: [0, 4] });
  const rest = items.length - shown.length;
  return [
    paint.bold(clip(header, MAX_COLUMNS)),
    ...rows.map((line) => clip(line, MAX_COLUMNS)),
    ...(rest > 0 ? [`and ${rest} more: --verbose shows all`] : []),
  ];
}

function itemCells({ item, run }: PlannedItem): readonly string[] {
  const guess = { item: '', session: 'a guess by the others', default: 'a guess' };
  const waited =
    run?.waitedFor === undefined || run.waitedFor.kind === 'launch'
      ? ''
      : `waits for ${waitWords(run.waitedFor)}`;
  const remarks = [guess[item.estimate.from], waited].filter((text) => text !== '');
  return [
    run === undefined ? '-' : elapsed(run.start),
    run === undefined ? 'no worker' : escapeTerminal(run.worker),
    clip(escapeTerminal(item.name), WIDEST_NAME),
    clip(escapeTerminal(item.vm?.name ?? ''), WIDEST_NAME),
    formatDuration(item.estimate.ms),
    run === undefined ? '' : placeWords(run.place),
    remarks.join('; '),
  ];
}

/** Refused, and nobody is there to predict anything of. */
function isHopeless({ refusals, workers }: SessionPlan): boolean {
  return refusals.length > 0 && workers.length === 0;
}

function forecastLines(plan: SessionPlan): readonly string[] {
  const { totalMs, bound, waits, savings, overNetwork } = plan.forecast;
  if (plan.items.length === 0 || isHopeless(plan)) return [];
  const total = `${formatDuration(totalMs)}, power-off included; no order is faster than ${formatDuration(bound.ms)}, by ${boundWords(bound)}`;
  const network =
    overNetwork === 0 ? [] : [`${count(overNetwork, 'item')} read from another node than the VM's`];
  return [
    ...labelled('Total', total, LABEL),
    ...many('Network', network),
    ...many('Waits', longestWaits(waits).map(periodWords)),
    ...many('Faster', savings.filter(({ ms }) => ms >= SHORT_WAIT).map(savingWords)),
  ];
}

/** The longest periods, in their order. Launching is what everybody waits for. */
function longestWaits(waits: readonly WaitPeriod[]): readonly WaitPeriod[] {
  const worth = waits.filter(
    ({ reason, from, to }) => reason.kind !== 'launch' && to - from >= SHORT_WAIT,
  );
  const longest = [...worth].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, MOST_WAITS);
  return worth.filter((period) => longest.includes(period));
}

function periodWords({ from, to, items, reason }: WaitPeriod): string {
  return `${elapsed(from)} to ${elapsed(to)}: up to ${count(items, 'item')} for ${waitWords(reason)}`;
}

function many(label: string, texts: readonly string[]): readonly string[] {
  return texts.flatMap((text, index) => labelled(index === 0 ? label : '', text, LABEL));
}

export function warningLines(warnings: readonly Diagnostic[]): readonly string[] {
  const texts = warnings.map(({ message, remedy }) => {
    const mend = remedy === undefined ? '' : `. ${escapeTerminal(remedy)}`;
    return `${escapeTerminal(message)}${mend}`;
  });
  return many('Warning', texts);
}

function refusalLines({ refusals }: SessionPlan, paint: Paint): readonly string[] {
  if (refusals.length === 0) return [];
  return [
    ...refusals.flatMap(({ diagnostic }) => diagnosticText(diagnostic, paint)),
    'Refused: nothing would be powered on.',
  ];
}

function nextLines(plan: SessionPlan, { next }: SessionPlanView): readonly string[] {
  if (next === undefined || plan.refusals.length > 0) return [];
  const { program, savedAs, reviewDigest } = next;
  const name = shellWord(escapeTerminal(plan.session));
  const commands: readonly (readonly [string, string])[] =
    savedAs === undefined
      ? [
          [`${program} apply --with-session ${name}`, 'plan again, run it'],
          [`${program} plan --with-session ${name} --out muster.plan`, 'save it, to run just this'],
        ]
      : [[`${program} apply ${shellWord(savedAs)}`, 'run it, once, as it was reviewed']];
  const saved = `${escapeTerminal(savedAs ?? '')}   review digest ${reviewDigest.slice(0, 16)}`;
  return [
    ...(savedAs === undefined ? [] : [`${padEnd('Saved', LABEL)}${saved}`]),
    ...commandLines(commands),
  ];
}
