import { formatDuration } from '../../model/quantity.ts';
import type { EndedSession } from '../../model/session.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { clip, MAX_COLUMNS, table } from '../layout.ts';
import { shellWord, utcMinute } from '../words.ts';

/** What the list says of one session. */
export type SessionLine = Omit<EndedSession, 'kind' | 'outcome'> & {
  readonly status: EndedSession['outcome'] | 'running' | 'lost';
  /** Items that run; of a live one. */
  readonly running: number;
};

/** Sessions, one line each; then how to look at one, or to go on with one that nobody leads. */
export function sessionListText(sessions: readonly SessionLine[], program: string): string {
  if (sessions.length === 0) return 'No session was run yet.\n';
  const head = ['Session', 'Result', 'Kind', 'Started, UTC', 'Took', 'Workers', 'Items'];
  const rows = table([head, ...sessions.map(cells)], { right: [4] });
  const lost = sessions.find(({ status }) => status === 'lost');
  const [newest] = sessions;
  const named = (id: string): string => shellWord(escapeTerminal(id));
  const next =
    lost === undefined
      ? `${program} sessions show ${named(newest?.id ?? '')}`
      : `${program} sessions resume ${named(lost.id)}`;
  return `${[...rows.map((row) => clip(row, MAX_COLUMNS)), '', `Next     ${next}`].join('\n')}\n`;
}

function cells(line: SessionLine): readonly string[] {
  const { status, ok, failed, notRun, leftOut, running } = line;
  const items = [
    `${ok} ok`,
    ...(running > 0 ? [`${running} running`] : []),
    ...(failed > 0 ? [`${failed} FAILED`] : []),
    ...(notRun > 0 ? [`${notRun} not run`] : []),
  ].join(', ');
  const result = {
    ok: 'ok',
    failed: 'FAILED',
    interrupted: 'interrupted',
    running: 'running',
    lost: 'LOST',
  };
  return [
    escapeTerminal(line.id),
    result[status],
    line.work,
    utcMinute(line.startedAt).replace(/ UTC$/, ''),
    formatDuration(line.endedAt - line.startedAt),
    leftOut === 0 ? String(line.workers) : `${line.workers - leftOut} of ${line.workers}`,
    items,
  ];
}
