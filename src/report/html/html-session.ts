import { byCodeUnit } from '../../model/json.ts';
import type { Plan, SavedPlan } from '../../model/plan.ts';
import { formatDuration } from '../../model/quantity.ts';
import type { PlannedItem, SessionPlan } from '../../model/session-plan.ts';
import { type ItemOutcome, isUnderWay, type SessionResult } from '../../model/session-result.ts';
import { PLAIN } from '../paint.ts';
import { exactCommand } from '../session/command-lines.ts';
import { type SessionTask, sessionTasks } from '../session/session-gantt.ts';
import { sessionPlanText } from '../session/session-plan-text.ts';
import { sessionResultText } from '../session/session-result-text.ts';
import { codeWords, placeWords } from '../session/session-words.ts';
import { count, elapsed, utcMinute } from '../words.ts';
import { exactly, footer, titleOf } from './html-plan.ts';
import { block, filterRow, filterTools, listTable, mark, page } from './page.ts';
import { type Lane, type Span, timeline } from './timeline.ts';
import { text } from './worker-sections.ts';

export interface SessionHtmlView extends Pick<Plan, 'project' | 'environment'> {
  readonly program: string;
}

/** A session before it runs, as one page: what it would do, when, and on which worker. */
export function htmlSessionPlan(
  saved: SavedPlan,
  plan: SessionPlan,
  view: SessionHtmlView,
): string {
  const { items, workers, forecast, refusals } = plan;
  const facts = [count(items.length, 'item'), count(workers.length, 'worker')];
  const verdict =
    refusals.length > 0
      ? 'refused'
      : `${facts.join(', ')}, about ${formatDuration(forecast.totalMs)}`;
  const names = ['Item', 'VM', 'Worker', 'Starts', 'Takes'];
  const kinds = items.map((item) => placeOf(item));
  const told = sessionPlanText(plan, { paint: PLAIN, verbose: true });
  return page({
    title: titleOf('session', view),
    header: block([`Session  ${plan.session}: ${plan.kind}, as predicted`]),
    parts: [
      `<p><strong>${text(verdict)}</strong></p>`,
      refusals.length === 0
        ? ''
        : `<p class="danger">${refusals.map(({ diagnostic }) => text(diagnostic.message)).join('<br>')}</p>`,
      timelinePart('Predicted timeline', plan, forecast.totalMs),
      items.length === 0
        ? ''
        : `<h2>Items</h2>${filterTools(kinds, 'items')}${listTable(names, items.map(plannedRow))}`,
      `<h2>In words</h2>${block(told.trimEnd().split('\n'))}`,
      refusals.length > 0
        ? ''
        : exactly('Run', exactCommand(plan.session, view.program, saved.plan.reviewDigest)),
    ],
    footer: `${footer(saved)} | nothing was changed`,
  });
}

/** How a session ended, as one page: what failed first, then what was done when. */
export function htmlSession(result: SessionResult, view: SessionHtmlView): string {
  const { items, startedAt, tookMs, leftRunning } = result;
  const bad = items.filter((item) => item.result !== 'ok').length;
  const verdict = `${count(items.length - bad, 'item')} ok${bad > 0 ? `, ${bad} not` : ''}, ${formatDuration(tookMs)}`;
  const names = ['Item', 'VM', 'Worker', 'Result', 'Took'];
  const kinds = items.map((item) => kindOf(item));
  const told = sessionResultText(result, { program: view.program, paint: PLAIN, verbose: false });
  return page({
    title: titleOf('session', view),
    header: block([`Session  ${result.id}: ${result.kind}, started ${utcMinute(startedAt)}`]),
    parts: [
      `<p><strong>${text(`${result.outcome}: ${verdict}`)}</strong></p>`,
      leftRunning.length === 0
        ? ''
        : `<p class="danger">Left running: ${leftRunning.slice(0, 50).map(text).join(', ')}</p>`,
      items.length === 0
        ? ''
        : `<h2>Items</h2>${filterTools(kinds, 'items')}${listTable(names, items.map(itemRow))}`,
      timelinePart('Timeline', result, tookMs),
      `<h2>In words</h2>${block(told.trimEnd().split('\n'))}`,
    ],
    footer: text(`session ${result.id}`),
  });
}

function timelinePart(title: string, session: SessionPlan | SessionResult, totalMs: number) {
  const tasks = sessionTasks(session);
  if (tasks.length === 0) return '';
  const names = [...new Set(tasks.map(({ section }) => section))].sort(byCodeUnit);
  const lanes = names.map((name): Lane => {
    const own = tasks.filter(({ section }) => section === name);
    return { name, spans: own.map(spanOf).sort((a, b) => a.start - b.start) };
  });
  return `<h2>${title}</h2>${timeline(lanes, totalMs)}`;
}

function spanOf({ text: words, tag, start, end }: SessionTask): Span {
  const kind = tag === 'active' ? 'launch' : tag === 'crit' ? 'failed' : 'done';
  return { text: words, kind, start, end };
}

function placeOf({ run }: PlannedItem): string {
  return run === undefined ? 'not run' : placeWords(run.place) || 'no VM';
}

function plannedRow(planned: PlannedItem): string {
  const { item, run } = planned;
  const place = placeOf(planned);
  return row(place, run === undefined ? 'not done' : 'done', [
    ['Item', item.name],
    ['VM', item.vm?.name ?? ''],
    ['Worker', run === undefined ? 'nobody can run it' : `${run.worker}, ${place}`],
    ['Starts', run === undefined ? '' : elapsed(run.start)],
    ['Takes', run === undefined ? '' : formatDuration(run.end - run.start)],
  ]);
}

function kindOf({ result }: ItemOutcome): string {
  if (isUnderWay({ result })) return 'not done';
  return result === 'ok' ? 'ok' : result === 'not-run' ? 'not done' : 'failed';
}

function itemRow(item: ItemOutcome): string {
  const last = item.attempts.at(-1);
  const kind = kindOf(item);
  const words = [
    codeWords(item.result, last?.exitCode),
    ...(item.attempts.length > 1 ? [`${item.attempts.length} attempts`] : []),
    ...(last?.lastLine === undefined || kind === 'ok' ? [] : [last.lastLine]),
  ];
  return row(kind, kind, [
    ['Item', item.item],
    ['VM', item.vm?.name ?? ''],
    ['Worker', last?.worker ?? ''],
    ['Result', words.join(': ')],
    ['Took', last === undefined ? '' : formatDuration(last.end - last.start)],
  ]);
}

function row(
  kind: string,
  colour: string,
  cells: readonly (readonly [label: string, value: string])[],
): string {
  const html = cells.map(([label, value], index) =>
    index === 0
      ? `<th scope="row" data-label="${label}">${mark(colour)}${text(value)}</th>`
      : `<td data-label="${label}">${text(value)}</td>`,
  );
  const search = [kind, ...cells.map(([, value]) => value)].join(' ');
  return filterRow(kind, search, `<tr>${html.join('')}</tr>`);
}
