import { formatDuration } from '../../model/quantity.ts';
import {
  hasFailed,
  type ItemOutcome,
  isUnderWay,
  type SessionResult,
} from '../../model/session-result.ts';
import { byteLength, codeSpan, fenced, folded, markdownTable } from '../escape/markdown.ts';
import { PLAIN } from '../paint.ts';
import { sessionGantt } from '../session/session-gantt.ts';
import { sessionResultText } from '../session/session-result-text.ts';
import { codeWords } from '../session/session-words.ts';
import { count } from '../words.ts';
import { DEFAULT_MAX_BYTES, type Job, jobLink } from './plan-markdown.ts';
import { heading, marker, type Subject } from './plan-title.ts';

export interface SessionMarkdownView extends Subject {
  readonly program: string;
  readonly maxBytes?: number;
  readonly job?: Job;
}

/** How a session ended, as a comment: failed items first, then the others, the timeline folded below. */
export function sessionMarkdown(result: SessionResult, view: SessionMarkdownView): string {
  const bad = result.items.filter((item) => item.result !== 'ok');
  const render = (shown: number, gantt: boolean): string => {
    const rest = result.items.length - shown;
    const head = ['', 'Item', 'VM', 'Worker', 'Took', 'Result'];
    const blocks = [
      `${marker('session', view)}\n${heading('session', view, verdictOf(result, bad.length))}`,
      ...leftRunning(result),
      ...(shown === 0 ? [] : [markdownTable(head, result.items.slice(0, shown).map(cells))]),
      ...(rest === 0 ? [] : [`${count(rest, 'more item')} in the log.`]),
      ...(bad.length === 0 ? [] : [fenced('text', closing(result, bad, view))]),
      ...repositoryLine(result),
      ...(gantt
        ? [folded('<b>Timeline</b>', `\`\`\`mermaid\n${sessionGantt(result).trimEnd()}\n\`\`\``)]
        : []),
      ...(view.job === undefined ? [] : [`<sub>${jobLink(view.job)}</sub>`]),
    ];
    return `${blocks.join('\n\n')}\n`;
  };
  const limit = view.maxBytes ?? DEFAULT_MAX_BYTES;
  const whole = render(result.items.length, true);
  if (byteLength(whole) <= limit) return whole;
  let shown = result.items.length;
  while (shown > 0 && byteLength(render(shown, false)) > limit) shown = Math.floor(shown / 2);
  return render(shown, false);
}

function repositoryLine({ repositories }: SessionResult): readonly string[] {
  const parts = Object.entries(repositories)
    .slice(0, 20)
    .map(
      ([name, { items, busyMs, peak }]) =>
        `${codeSpan(name, 60)} ${count(items, 'item')}, ${formatDuration(busyMs)}, at most ${peak} at once`,
    );
  return parts.length === 0 ? [] : [`Repositories: ${parts.join('; ')}.`];
}

function leftRunning({ leftRunning: names }: SessionResult): readonly string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, 50).map((name) => codeSpan(name, 60));
  return [`:warning: **Left running:** ${shown.join(', ')}`];
}

/** The closing line and the next commands, as the terminal shows them. */
function closing(
  result: SessionResult,
  bad: readonly ItemOutcome[],
  { program }: SessionMarkdownView,
): readonly string[] {
  const lines = bad.slice(0, 20).flatMap(({ item, attempts }) => {
    const line = attempts.at(-1)?.lastLine;
    return line === undefined ? [] : [`${item}: ${line}`];
  });
  const text = sessionResultText({ ...result, items: bad.slice(0, 20) }, VIEW(program));
  return [...lines, ...(text.trimEnd().split('\n\n').at(-1) ?? '').split('\n')];
}

const VIEW = (program: string) => ({ program, paint: PLAIN, verbose: false });

function verdictOf(result: SessionResult, bad: number): string {
  const word =
    result.outcome === 'ok'
      ? ':white_check_mark:'
      : result.outcome === 'interrupted'
        ? ':warning: interrupted'
        : ':x:';
  const ok = count(result.items.length - bad, 'item');
  const name = codeSpan(result.id, 80);
  return `${name} ${word} ${ok} ok${bad > 0 ? `, ${bad} not` : ''}, ${formatDuration(result.tookMs)}`;
}

function cells(item: ItemOutcome): readonly string[] {
  const last = item.attempts.at(-1);
  return [
    isUnderWay(item) ? ':hourglass:' : hasFailed(item) ? ':red_circle:' : ':green_circle:',
    codeSpan(item.item, 60),
    item.vm === undefined ? '' : codeSpan(item.vm.name, 60),
    last === undefined ? '' : codeSpan(last.worker, 60),
    last === undefined ? '' : formatDuration(last.end - last.start),
    codeWords(item.result, last?.exitCode),
  ];
}
