import { byCodeUnit } from '../../model/json.ts';
import type { SessionRecord } from '../../model/session.ts';
import type { State } from '../../model/state.ts';
import { jsonDocument } from '../../report/escape/json.ts';
import { type SessionLine, sessionListText } from '../../report/session/session-list-text.ts';
import { deadSessions } from '../../session/dead-sessions.ts';
import { itemState } from '../../session/session-items.ts';
import { lineOf } from '../../session/session-line.ts';
import { withoutDeadRuns } from '../../state/dead-runs.ts';
import { openStateOf, requireRecorded } from '../edit-state.ts';
import type { Invocation } from '../invocation.ts';

/** Sessions that run and the last that ended, the newest first. */
export async function runSessionsList(invocation: Invocation): Promise<number> {
  const { context, globals } = invocation;
  const { state } = await requireRecorded(await openStateOf(invocation, 'sessions list'));
  const seen = await withoutDeadRuns(state, context.processes);
  const sessions = listed(seen, context.clock.now());
  context.stdout.write(
    globals.json ? jsonDocument(sessions) : sessionListText(sessions, globals.program),
  );
  return 0;
}

function listed(state: State, now: number): readonly SessionLine[] {
  const dead = new Set(deadSessions(state, now).map(({ id }) => id));
  const lines = Object.values(state.sessions).map((session) => lineFor(session, now, dead));
  return lines.sort((a, b) => b.startedAt - a.startedAt || byCodeUnit(a.id, b.id));
}

function lineFor(session: SessionRecord, now: number, dead: ReadonlySet<string>): SessionLine {
  const line = session.kind === 'ended' ? session : lineOf(session, now, false);
  const { kind: _, outcome, ...rest } = line;
  if (session.kind === 'ended') return { ...rest, status: outcome, running: 0 };
  const running = session.items.filter((item) => itemState(session, item) === 'running').length;
  const status = dead.has(session.id) ? 'lost' : 'running';
  return { ...rest, failed: line.failed - running, status, running };
}
