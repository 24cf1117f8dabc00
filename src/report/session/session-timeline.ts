import { byCodeUnit } from '../../model/json.ts';
import type { SessionResult } from '../../model/session-result.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { clip, MAX_COLUMNS, table } from '../layout.ts';
import { elapsed, utcMinute } from '../words.ts';

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

function workerMoments({ workers }: SessionResult): readonly Moment[] {
  return workers.flatMap(({ worker, phases, leftOut }) => {
    const last = phases.at(-1);
    const begun = phases.map(({ phase, start }): Moment => ({ at: start, worker, what: phase }));
    const out =
      leftOut === undefined ? [] : [{ at: last?.start ?? 0, worker, what: `left out: ${leftOut}` }];
    return last?.phase === 'stop'
      ? [...begun, ...out, { at: last.end, worker, what: 'powered off' }]
      : [...begun, ...out];
  });
}

function itemMoments({ items }: SessionResult): readonly Moment[] {
  return items.flatMap(({ item, result, attempts }) =>
    attempts.flatMap(({ worker, start, end, exitCode }, index): readonly Moment[] => {
      const number = attempts.length > 1 ? `, attempt ${index + 1}` : '';
      const isLast = index === attempts.length - 1;
      const code = exitCode === undefined ? (isLast ? result : 'ended') : `exit ${exitCode}`;
      return [
        { at: start, worker, what: `${item} started${number}` },
        { at: end, worker, what: `${item} ended: ${code}${number}` },
      ];
    }),
  );
}
