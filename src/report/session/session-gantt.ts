import { byCodeUnit } from '../../model/json.ts';
import { formatDuration } from '../../model/quantity.ts';
import type { SessionPlan } from '../../model/session-plan.ts';
import type { SessionResult } from '../../model/session-result.ts';
import { escapeMermaid } from '../escape/mermaid.ts';

/** Mermaid refuses texts over 50,000 characters. */
const MOST_TASKS = 300;

/** A day that has no summer time anywhere: predicted times count from its midnight. */
const MIDNIGHT = Date.UTC(2000, 0, 1);

export interface SessionTask {
  readonly section: string;
  readonly text: string;
  readonly tag?: 'active' | 'done' | 'crit';
  readonly start: number;
  readonly end: number;
}

/**
 * A Gantt diagram of a session as it is predicted, or as it was: the text of a Mermaid block, without its
 * fence. One section per worker: its launch, then its items.
 */
export function sessionGantt(session: SessionPlan | SessionResult): string {
  const isPlan = 'forecast' in session;
  const tasks = sessionTasks(session);
  const name = isPlan ? session.session : session.id;
  const total = formatDuration(isPlan ? session.forecast.totalMs : session.tookMs);
  const zero = isPlan ? MIDNIGHT : session.startedAt;
  const shown = tasks.slice(0, MOST_TASKS);
  const rest = tasks.length - shown.length;
  const more = rest > 0 ? `, ${rest} more not shown` : '';
  return [
    'gantt',
    `    title ${escapeMermaid(`${name} ${isPlan ? 'as predicted' : 'as it was'}, ${total}${more}`)}`,
    '    dateFormat YYYY-MM-DD HH:mm:ss',
    '    axisFormat %H:%M',
    '    todayMarker off',
    ...sections(shown, zero),
    '',
  ].join('\n');
}

/** What each worker does when: its launch and its items. `section` is the worker. */
export function sessionTasks(session: SessionPlan | SessionResult): readonly SessionTask[] {
  return 'forecast' in session ? plannedTasks(session) : pastTasks(session);
}

function sections(tasks: readonly SessionTask[], zero: number): readonly string[] {
  const names = [...new Set(tasks.map(({ section }) => section))].sort(byCodeUnit);
  return names.flatMap((name) => [
    `    section ${escapeMermaid(name)}`,
    ...tasks.filter(({ section }) => section === name).map((task) => taskLine(task, zero)),
  ]);
}

function taskLine({ text, tag, start, end }: SessionTask, zero: number): string {
  const times = `${timeOf(zero + start)}, ${timeOf(zero + Math.max(end, start + 1000))}`;
  return `    ${escapeMermaid(text)} :${tag === undefined ? '' : `${tag}, `}${times}`;
}

function timeOf(ms: number): string {
  const isTime = Number.isFinite(ms) && Math.abs(ms) <= 8.64e15;
  return new Date(isTime ? ms : 0).toISOString().slice(0, 19).replace('T', ' ');
}

function plannedTasks({ workers, items }: SessionPlan): readonly SessionTask[] {
  const launches = workers.map(({ worker, readyAt }): SessionTask => {
    return { section: worker, text: 'launch', tag: 'active', start: 0, end: readyAt };
  });
  const work = items.flatMap(({ item, run }): readonly SessionTask[] => {
    if (run === undefined) return [];
    const text = `${item.name}${item.vm === undefined ? '' : ` ${item.vm.name}`}`;
    return [{ section: run.worker, text, start: run.start, end: run.end }];
  });
  return [...launches, ...work];
}

function pastTasks({ workers, items }: SessionResult): readonly SessionTask[] {
  const launches = workers.flatMap(({ worker, phases }) =>
    phases
      .filter(({ phase }) => phase !== 'work')
      .map(({ phase, start, end }): SessionTask => {
        return { section: worker, text: phase, tag: 'active', start, end };
      }),
  );
  const work = items.flatMap((item) =>
    item.attempts.map((attempt, index): SessionTask => {
      const isLast = index === item.attempts.length - 1;
      const runs = isLast && item.result === 'running';
      const vm = item.vm === undefined ? '' : ` ${item.vm.name}`;
      return {
        section: attempt.worker,
        text: `${item.item}${vm}${index > 0 ? `, attempt ${index + 1}` : ''}`,
        tag: runs ? 'active' : isLast && item.result === 'ok' ? 'done' : 'crit',
        start: attempt.start,
        end: attempt.end,
      };
    }),
  );
  return [...launches, ...work].sort((a, b) => a.start - b.start || byCodeUnit(a.text, b.text));
}
