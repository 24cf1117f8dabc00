import { formatDuration } from '../../model/quantity.ts';
import {
  hasFailed,
  type ItemOutcome,
  isUnderWay,
  type SessionResult,
} from '../../model/session-result.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { clip, indented, MAX_COLUMNS, table } from '../layout.ts';
import type { Paint } from '../paint.ts';
import { count, listing, shellWord } from '../words.ts';
import { commandLines } from './command-lines.ts';
import { launchTable } from './launch-table.ts';

export interface SessionResultView {
  /** "muster -e production". */
  readonly program: string;
  readonly paint: Paint;
  /** Every item, and the workers' launches. */
  readonly verbose: boolean;
  /** A live run leads it at this moment. */
  readonly isLed?: boolean;
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
    [...closing(result, view), ...nextCommands(result, view)],
  ].filter((block) => block.length > 0);
  const lines = blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
  return `${lines.join('\n')}\n`;
}

function itemTable(
  items: readonly ItemOutcome[],
  { verbose, paint }: SessionResultView,
): readonly string[] {
  if (items.length === 0) return [];
  const bad = items.filter(hasFailed);
  const open = items.filter(isUnderWay);
  const good = items.filter((item) => item.result === 'ok');
  const shown = [...bad, ...open, ...(verbose ? good : good.slice(0, MOST_OK))];
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
      return `STOPPED${tries}`;
    case 'lost':
      return `FAILED lost${tries}`;
    case 'not-run':
      return 'NOT RUN';
    case 'running':
      return `running${tries}${network}`;
    case 'waiting':
      return `waiting${tries}`;
  }
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

function closing(result: SessionResult, { paint, isLed }: SessionResultView): readonly string[] {
  const out = result.workers.filter(({ leftOut }) => leftOut !== undefined).length;
  const running = result.leftRunning;
  const left = running.length === 0 ? '' : ` (${escapeTerminal(listing(running))})`;
  const on = isLed === true ? 'on' : `left running${left}`;
  const parts = [
    countsOf(result.items),
    ...(out > 0 ? [`${count(out, 'worker')} left out`] : []),
    `${count(running.length, 'worker')} ${on}`,
    formatDuration(result.tookMs),
  ].join('; ');
  const name = escapeTerminal(result.name ?? result.id);
  const isOpen = isLed === true ? ' goes on' : result.isLive === true ? ', not over' : '';
  const word = `${result.outcome === 'interrupted' ? ' interrupted' : ''}${isOpen}`;
  return [
    ...(result.broken === undefined ? [] : indented(`Stopped early: ${result.broken}.`, 0)),
    ...(result.elsewhere ?? []).flatMap((id) =>
      indented(
        `Not run twice at once: session ${escapeTerminal(id)} still runs some of these items.`,
        0,
      ),
    ),
    ...indented(`Session ${name}${word}: ${parts}.`, 0).map(paint.bold),
  ];
}

/** "2 items ok, 1 FAILED, 3 running". */
function countsOf(items: readonly ItemOutcome[]): string {
  const number = (...results: readonly ItemOutcome['result'][]): number =>
    items.filter(({ result }) => results.includes(result)).length;
  const others = [
    [number('failed', 'timeout', 'lost'), 'FAILED'],
    [number('stopped'), 'STOPPED'],
    [number('not-run'), 'NOT RUN'],
    [number('running'), 'running'],
    [number('waiting'), 'waiting'],
  ] as const;
  return [
    `${count(number('ok'), 'item')} ok`,
    ...others.flatMap(([some, word]) => (some > 0 ? [`${some} ${word}`] : [])),
  ].join(', ');
}

function nextCommands(
  result: SessionResult,
  { program, isLed }: SessionResultView,
): readonly string[] {
  if (isLed === true) {
    const item = result.items.find((each) => each.result === 'running');
    const show = `${program} sessions show ${words([result.id, ...(item === undefined ? [] : [item.item])])}`;
    return commandLines([[show, item === undefined ? 'look again' : 'its output so far']]);
  }
  if (result.isLive === true)
    return commandLines([
      [`${program} sessions resume ${words([result.id])}`, 'go on with it'],
      [`${program} sessions stop ${words([result.id])}`, 'end it'],
    ]);
  if (result.leftRunning.length > 0)
    return commandLines([[`${program} shutdown ${words(result.leftRunning)}`, '']]);
  const { elsewhere = [] } = result;
  if (elsewhere.length > 0)
    return commandLines(
      elsewhere.flatMap((id) => [
        [`${program} sessions resume ${words([id])}`, 'go on with that'] as const,
        [`${program} sessions stop ${words([id])}`, 'or end it'] as const,
      ]),
    );
  const bad = result.items.filter((item) => item.result !== 'ok');
  const first = bad.find(({ attempts }) => attempts.length > 0);
  const shown =
    first === undefined
      ? []
      : [
          [
            `${program} sessions show ${words([result.id, first.item])}`,
            first.result === 'stopped' ? 'output of the stopped item' : 'output of the failed item',
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
