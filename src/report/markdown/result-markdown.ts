import { formatDuration } from '../../model/quantity.ts';
import type { ApplyResult, WorkerOutcome } from '../../model/result.ts';
import { byteLength, codeSpan, fenced, markdownTable } from '../escape/markdown.ts';
import { PLAIN } from '../paint.ts';
import { patchWord } from '../patch-word.ts';
import { resultText, testFailed } from '../result-text.ts';
import { count } from '../words.ts';
import { DEFAULT_MAX_BYTES, type Job, jobLink } from './plan-markdown.ts';
import { heading, marker, type Subject } from './plan-title.ts';

export interface ResultMarkdownView extends Subject {
  readonly program: string;
  readonly maxBytes?: number;
  readonly job?: Job;
}

/** How an apply ended, as a comment: failures first, then one row per worker. */
export function resultMarkdown(result: ApplyResult, view: ResultMarkdownView): string {
  const outcomes = [...result.outcomes].sort((a, b) => rankOutcome(a) - rankOutcome(b));
  const bad = outcomes.filter((each) => rankOutcome(each) < 3);
  const render = (shown: number) => {
    const rest = outcomes.length - shown;
    const head = ['', 'Worker', 'Actions', 'Result', 'VM', 'Test', 'Patched', 'Took'];
    const blocks = [
      `${marker('apply', view)}\n${heading('apply', view, verdictOf(result))}`,
      ...(result.leftRunning.length === 0
        ? []
        : [
            `:warning: **Left running:** ${result.leftRunning
              .slice(0, 50)
              .map((name) => codeSpan(name, 60))
              .join(', ')}`,
          ]),
      ...(shown === 0 ? [] : [markdownTable(head, outcomes.slice(0, shown).map(cells))]),
      ...(rest === 0 ? [] : [`${count(rest, 'more worker')} in the log.`]),
      ...(bad.length === 0 ? [] : [fenced('text', closing(result, bad.slice(0, 20), view))]),
      ...(view.job === undefined ? [] : [`<sub>${jobLink(view.job)}</sub>`]),
    ];
    return `${blocks.join('\n\n')}\n`;
  };
  let shown = outcomes.length;
  while (shown > 0 && byteLength(render(shown)) > (view.maxBytes ?? DEFAULT_MAX_BYTES))
    shown = Math.floor(shown / 2);
  return render(shown);
}

/** What went wrong and the next command, as the terminal shows it. */
function closing(
  result: ApplyResult,
  outcomes: readonly WorkerOutcome[],
  { program }: ResultMarkdownView,
): readonly string[] {
  return resultText({ ...result, outcomes }, { program, paint: PLAIN })
    .trimEnd()
    .split('\n');
}

function verdictOf(result: ApplyResult): string {
  const isBad = result.outcomes.some((each) => rankOutcome(each) < 3);
  const word = result.interrupted ? ':warning: interrupted' : isBad ? ':x:' : ':white_check_mark:';
  return `${word} ${resultVerdict(result)}`;
}

/** "2 done, 1 not, 0 workers left running" */
export function resultVerdict({ outcomes, leftRunning }: ApplyResult): string {
  if (outcomes.length === 0) return 'nothing to do';
  const bad = outcomes.filter((each) => rankOutcome(each) < 3).length;
  const parts = [`${outcomes.length - bad} done`, ...(bad > 0 ? [`${bad} not`] : [])];
  return `${parts.join(', ')}, ${count(leftRunning.length, 'worker')} left running`;
}

/** What went wrong comes first: failed, then tests and patches that failed, then what was not done. */
export function rankOutcome(outcome: WorkerOutcome): number {
  if (outcome.result === 'failed' || outcome.result === 'interrupted') return 0;
  if (testFailed(outcome) || outcome.patch?.result === 'failed') return 1;
  return outcome.result === 'done' ? 3 : 2;
}

function cells(outcome: WorkerOutcome): readonly string[] {
  const { worker, actions, result, vmid, test, tookMs } = outcome;
  const signs = [':red_circle:', ':orange_circle:', ':hourglass:', ':green_circle:'];
  return [
    signs[rankOutcome(outcome)] ?? '',
    codeSpan(worker, 60),
    actions.join(', '),
    result === 'done' ? 'done' : `**${result}**`,
    vmid === undefined ? '' : String(vmid),
    test === undefined ? '' : testFailed(outcome) ? '**failed**' : 'passed',
    patchCell(outcome),
    formatDuration(tookMs),
  ];
}

function patchCell({ patch }: WorkerOutcome): string {
  return patch === undefined ? '' : codeSpan(patchWord(patch), 60);
}
