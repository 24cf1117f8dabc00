import { byCodeUnit } from '../../model/json.ts';
import { hasFailed, type ItemOutcome, type SessionResult } from '../../model/session-result.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { clip, MAX_COLUMNS, table } from '../layout.ts';
import { elapsed, utcMinute } from '../words.ts';
import { codeWords } from './session-words.ts';

interface Moment {
  readonly at: number;
  readonly worker: string;
  readonly what: string;
}

/** What happened when, by the session's own clock: phases of workers, beginnings and ends of attempts. */
export function timelineLines(result: SessionResult): readonly string[] {
  const moments = [...workerMoments(result), ...itemMoments(result)].sort(
    (a, b) => a.at - b.at || byCodeUnit(a.worker, b.worker) || byCodeUnit(a.what, b.what),
  );
  const rows = moments.map(({ at, worker, what }) => [
    elapsed(at),
    escapeTerminal(worker),
    escapeTerminal(what),
  ]);
  return [
    `Session  ${escapeTerminal(result.id)}: ${result.kind}, started ${utcMinute(result.startedAt)}`,
    '',
    ...table(rows, { indent: 2, right: [0] }).map((line) => clip(line, MAX_COLUMNS)),
  ];
}

function workerMoments({ workers, leftRunning }: SessionResult): readonly Moment[] {
  return workers.flatMap(({ worker, phases, leftOut }) => {
    const last = phases.at(-1);
    const begun = phases.map(({ phase, start }): Moment => ({ at: start, worker, what: phase }));
    const out =
      leftOut === undefined ? [] : [{ at: last?.start ?? 0, worker, what: `left out: ${leftOut}` }];
    return last?.phase === 'stop' && !leftRunning.includes(worker)
      ? [...begun, ...out, { at: last.end, worker, what: 'powered off' }]
      : [...begun, ...out];
  });
}

function itemMoments({ items }: SessionResult): readonly Moment[] {
  return items.flatMap((item) =>
    item.attempts.flatMap(({ worker, start, end }, index): readonly Moment[] => {
      const number = item.attempts.length > 1 ? `, attempt ${index + 1}` : '';
      const begun = { at: start, worker, what: `${item.item} started${number}` };
      const how = endWords(item, index);
      if (how === undefined) return [begun];
      return [begun, { at: end, worker, what: `${item.item} ended: ${how}${number}` }];
    }),
  );
}

/** Undefined: it runs. */
function endWords({ result, attempts }: ItemOutcome, index: number): string | undefined {
  const code = attempts[index]?.exitCode;
  const isLast = index === attempts.length - 1;
  if (isLast && result === 'running') return undefined;
  if (isLast && hasFailed({ result })) return codeWords(result, code);
  return code === undefined ? 'ended' : `exit ${code}`;
}
