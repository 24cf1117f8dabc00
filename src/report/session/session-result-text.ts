import { formatDuration } from '../../model/quantity.ts';
import type { ItemOutcome, SessionResult, WorkerLaunch } from '../../model/session-result.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { clip, indented, MAX_COLUMNS, table } from '../layout.ts';
import type { Paint } from '../paint.ts';
import { count, listing, shellWord } from '../words.ts';
import { commandLines } from './command-lines.ts';

export interface SessionResultView {
  /** "muster -e production". */
  readonly program: string;
  readonly paint: Paint;
  /** Every item, and the workers' launches. */
  readonly verbose: boolean;
}

/** Succeeded items that are shown unless all are asked for. */
const MOST_OK = 30;
const MOST_COMMANDS = 3;
/** One long name must not push the results off the page. */
const WIDEST_NAME = 26;

/** How a session ended: one line per item, failures first, the closing line, the next commands. */
export function sessionResultText(result: SessionResult, view: SessionResultView): string {
  const blocks = [
    itemTable(result.items, view),
    view.verbose ? launchTable(result.workers, view.paint) : [],
    view.verbose ? repositoryTable(result.repositories, view.paint) : [],
    [...closing(result, view.paint), ...nextCommands(result, view.program)],
  ].filter((block) => block.length > 0);
  const lines = blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
  return `${lines.join('\n')}\n`;
}

function itemTable(
  items: readonly ItemOutcome[],
  { verbose, paint }: SessionResultView,
): readonly string[] {
  if (items.length === 0) return [];
  const bad = items.filter((item) => item.result !== 'ok');
  const good = items.filter((item) => item.result === 'ok');
  const shown = [...bad, ...(verbose ? good : good.slice(0, MOST_OK))];
  const rest = items.length - shown.length;
  const head = ['Item', 'VM', 'Worker', ...(verbose ? ['Waited'] : []), 'Took', 'Result'];
  const cells = shown.map((item) => itemCells(item, verbose));
  const [header = '', ...rows] = table([head, ...cells], { right: verbose ? [3, 4] : [3] });
  return [
    paint.bold(clip(header, MAX_COLUMNS)),
    ...rows.map((row, index) => {
      const line = clip(row, MAX_COLUMNS);
      return index < bad.length ? paint.red(line) : line;
    }),
    ...(rest > 0 ? [`and ${rest} more, all ok`] : []),
  ];
}

function itemCells(item: ItemOutcome, verbose: boolean): readonly string[] {
  const last = item.attempts.at(-1);
  const waited = item.waitedMs === undefined ? '' : formatDuration(item.waitedMs);
  return [
    clip(escapeTerminal(item.item), WIDEST_NAME),
    clip(escapeTerminal(item.vm?.name ?? ''), WIDEST_NAME),
    escapeTerminal(last?.worker ?? ''),
    ...(verbose ? [waited] : []),
    last === undefined ? '' : formatDuration(last.end - last.start),
    resultWords(item),
  ];
}

function resultWords(item: ItemOutcome): string {
  const last = item.attempts.at(-1);
  const code = last?.exitCode === undefined ? '' : ` exit ${last.exitCode}`;
  const tries = item.attempts.length > 1 ? `, ${item.attempts.length} attempts` : '';
  const network =
    last?.place === 'other-node' && item.vm !== undefined
      ? `   read from ${escapeTerminal(item.vm.node)} over the network`
      : '';
  switch (item.result) {
    case 'ok':
      return `ok${tries}${network}`;
    case 'failed':
      return `FAILED${code}${tries}`;
    case 'timeout':
      return `FAILED timeout${tries}`;
    case 'stopped':
      return `FAILED stopped${tries}`;
    case 'lost':
      return `FAILED lost${tries}`;
    case 'not-run':
      return 'FAILED not run';
  }
}

/** Each worker's launch, phase by phase. */
function launchTable(workers: readonly WorkerLaunch[], paint: Paint): readonly string[] {
  const rows = workers.map((worker) => [
    escapeTerminal(worker.worker),
    worker.vmid === undefined ? '' : String(worker.vmid),
    String(worker.items),
    worker.phases
      .map(({ phase, start, end }) => `${phase} ${formatDuration(end - start)}`)
      .join(', '),
    worker.leftOut === undefined ? '' : `left out: ${escapeTerminal(worker.leftOut)}`,
  ]);
  if (rows.length === 0) return [];
  const [header = '', ...lines] = table([['Worker', 'VM', 'Items', 'Launch', ''], ...rows]);
  return [paint.bold(clip(header, MAX_COLUMNS)), ...lines.map((line) => clip(line, MAX_COLUMNS))];
}

function repositoryTable(
  repositories: SessionResult['repositories'],
  paint: Paint,
): readonly string[] {
  const rows = Object.entries(repositories).map(([name, { items, busyMs, peak }]) => [
    escapeTerminal(name),
    String(items),
    formatDuration(busyMs),
    `at most ${peak}`,
  ]);
  if (rows.length === 0) return [];
  const head = ['Repository', 'Items', 'Busy', 'At once'];
  const [header = '', ...lines] = table([head, ...rows], { right: [2] });
  return [paint.bold(clip(header, MAX_COLUMNS)), ...lines.map((line) => clip(line, MAX_COLUMNS))];
}

function closing(result: SessionResult, paint: Paint): readonly string[] {
  const ok = result.items.filter((item) => item.result === 'ok').length;
  const notRun = result.items.filter((item) => item.result === 'not-run').length;
  const failed = result.items.length - ok - notRun;
  const out = result.workers.filter(({ leftOut }) => leftOut !== undefined).length;
  const running = result.leftRunning;
  const left = running.length === 0 ? '' : ` (${escapeTerminal(listing(running))})`;
  const items = [
    `${count(ok, 'item')} ok`,
    ...(failed > 0 ? [`${failed} FAILED`] : []),
    ...(notRun > 0 ? [`${notRun} NOT RUN`] : []),
  ].join(', ');
  const parts = [
    items,
    ...(out > 0 ? [`${count(out, 'worker')} left out`] : []),
    `${count(running.length, 'worker')} left running${left}`,
    formatDuration(result.tookMs),
  ].join('; ');
  const name = escapeTerminal(result.name ?? result.id);
  const isOpen = result.isLive === true ? ', not over' : '';
  const word = `${result.outcome === 'interrupted' ? ' interrupted' : ''}${isOpen}`;
  return [
    ...(result.broken === undefined ? [] : indented(`Stopped early: ${result.broken}.`, 0)),
    ...indented(`Session ${name}${word}: ${parts}.`, 0).map(paint.bold),
  ];
}

function nextCommands(result: SessionResult, program: string): readonly string[] {
  if (result.isLive === true)
    return commandLines([
      [`${program} sessions resume ${words([result.id])}`, 'go on with it'],
      [`${program} sessions stop ${words([result.id])}`, 'end it'],
    ]);
  if (result.leftRunning.length > 0)
    return commandLines([[`${program} shutdown ${words(result.leftRunning)}`, '']]);
  const bad = result.items.filter((item) => item.result !== 'ok');
  const first = bad.find(({ attempts }) => attempts.length > 0);
  const shown =
    first === undefined
      ? []
      : [
          [
            `${program} sessions show ${words([result.id, first.item])}`,
            'output of the failed item',
          ] as const,
        ];
  const name = result.name;
  if (name === undefined || bad.length === 0) return commandLines(shown);
  const some = bad.length <= MOST_COMMANDS ? bad.map(({ item }) => ` --item ${words([item])}`) : [];
  const again = `${program} apply --with-session ${words([name])}${some.join('')}`;
  const what = bad.length === 1 ? 'run it again' : 'run them again';
  return commandLines([...shown, [again, some.length > 0 ? what : 'run it all again']]);
}

function words(texts: readonly string[]): string {
  return texts.map((text) => shellWord(escapeTerminal(text))).join(' ');
}
