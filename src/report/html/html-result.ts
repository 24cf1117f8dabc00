import type { RunEvent } from '../../model/event.ts';
import type { Plan } from '../../model/plan.ts';
import { formatDuration } from '../../model/quantity.ts';
import type { ApplyResult, WorkerOutcome } from '../../model/result.ts';
import { listedWorkers } from '../markdown/plan-table.ts';
import { rankOutcome, resultVerdict } from '../markdown/result-markdown.ts';
import { PLAIN } from '../paint.ts';
import { patchWord } from '../patch-word.ts';
import { contextLines, type StateView } from '../plan/headline.ts';
import { resultText, testFailed } from '../result-text.ts';
import { titleOf, workerList } from './html-plan.ts';
import { nodeMap } from './node-map.ts';
import { block, filterRow, filterTools, listTable, mark, page } from './page.ts';
import { runLanes } from './run-lanes.ts';
import { timeline } from './timeline.ts';
import { text } from './worker-sections.ts';

export interface ResultHtmlView {
  readonly state: StateView;
  readonly program: string;
}

type Kind = 'failed' | 'not done' | 'done';

/** How an apply ended, as one page: failures first, then when what was done, then what was planned. */
export function htmlResult(
  result: ApplyResult,
  plan: Plan,
  events: readonly RunEvent[],
  view: ResultHtmlView,
): string {
  const outcomes = [...result.outcomes].sort((a, b) => rankOutcome(a) - rankOutcome(b));
  const lanes = runLanes(events);
  const planned = listedWorkers(plan);
  const names = ['Worker', 'Result', 'Node', 'VM', 'Test', 'Patched', 'Took'];
  return page({
    title: titleOf('apply', plan),
    header: block(contextLines(plan.cluster, view.state)),
    parts: [
      `<p><strong>${text(resultVerdict(result))}</strong></p>`,
      leftRunning(result),
      block(closing(result, view.program)),
      outcomes.length === 0
        ? ''
        : `<h2>Workers</h2>${filterTools(outcomes.map(kindOf), 'workers')}${listTable(names, outcomes.map(outcomeRow))}`,
      lanes.length === 0 ? '' : `<h2>Timeline</h2>${timeline(lanes, result.tookMs)}`,
      planned.length === 0
        ? ''
        : `<h2>What was planned</h2>${workerList(planned, 'planned')}<h2>Nodes</h2>${nodeMap(planned)}`,
    ],
    footer: text(`run ${result.run} | review digest ${plan.reviewDigest.slice(0, 16)}`),
  });
}

function leftRunning({ leftRunning: names }: ApplyResult): string {
  if (names.length === 0) return '';
  return `<p class="danger">Left running: ${names.slice(0, 50).map(text).join(', ')}</p>`;
}

function closing(result: ApplyResult, program: string): readonly string[] {
  return resultText(result, { program, paint: PLAIN }).trimEnd().split('\n');
}

function kindOf(outcome: WorkerOutcome): Kind {
  const rank = rankOutcome(outcome);
  return rank < 2 ? 'failed' : rank === 2 ? 'not done' : 'done';
}

function outcomeRow(outcome: WorkerOutcome): string {
  const { worker, actions, result, node, vmid, test, patch, tookMs, error, detail = [] } = outcome;
  const kind = kindOf(outcome);
  const why = [...(error === undefined ? [] : [error]), ...detail]
    .map((line) => `<span class="why">${text(line)}</span>`)
    .join('');
  const cells = [
    `<th scope="row" data-label="Worker">${mark(kind)}${text(worker)}</th>`,
    `<td data-label="Result">${text(`${actions.join(', ')}: ${result}`)}${why}</td>`,
    `<td data-label="Node">${text(node)}</td>`,
    `<td data-label="VM">${vmid ?? ''}</td>`,
    `<td data-label="Test">${test === undefined ? '' : testFailed(outcome) ? '<b>failed</b>' : 'passed'}</td>`,
    `<td data-label="Patched">${patch === undefined ? '' : text(patchWord(patch))}</td>`,
    `<td data-label="Took">${formatDuration(tookMs)}</td>`,
  ];
  const search = [worker, node, vmid ?? '', result, kind, ...actions, error ?? ''].join(' ');
  return filterRow(kind, search, `<tr>${cells.join('')}</tr>`);
}
