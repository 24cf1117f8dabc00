import { DiagnosticsError, problem } from '../../model/diagnostic.ts';
import type { SessionRecord } from '../../model/session.ts';
import type { ItemOutcome, SessionResult } from '../../model/session-result.ts';
import { didYouMean } from '../../model/suggest.ts';
import { jsonDocument } from '../../report/escape/json.ts';
import { itemLogText } from '../../report/session/item-log-text.ts';
import { sessionListText } from '../../report/session/session-list-text.ts';
import { sessionResultText } from '../../report/session/session-result-text.ts';
import { timelineLines } from '../../report/session/session-timeline.ts';
import { deadSessions } from '../../session/dead-sessions.ts';
import { poweredOn, resultOf } from '../../session/session-result.ts';
import { withoutDeadRuns } from '../../state/dead-runs.ts';
import { openStateOf, requireRecorded } from '../edit-state.ts';
import { findSession } from '../find-session.ts';
import type { Invocation } from '../invocation.ts';
import { logPath, readRecord, recordFolder, sessionDocument } from '../session-record.ts';

/** How a session goes or went, or the output of one of its items. */
export async function runSessionsShow(invocation: Invocation): Promise<number> {
  const { context, globals, args } = invocation;
  const [id = '', item] = args;
  const { state } = await requireRecorded(await openStateOf(invocation, 'sessions show'));
  const session = findSession(state, id);
  const seen = await withoutDeadRuns(state, context.processes);
  const now = context.clock.now();
  const isLed =
    session.kind === 'live' && !deadSessions(seen, now).some((dead) => dead.id === session.id);
  const result = await resultOfSession(invocation, session, now);
  if (item !== undefined) return showItem(invocation, id, result, item);
  if (result === undefined) return showLine(invocation, session);
  const { program, paint } = globals;
  context.stdout.write(
    globals.json
      ? jsonDocument(sessionDocument(result))
      : `${timelineLines(result)
          .map((line) => `${line}\n`)
          .join('')}\n${sessionResultText(result, { program, paint, verbose: true, isLed })}`,
  );
  return 0;
}

/** A live one as it stands; an ended one as it was kept on this machine. */
async function resultOfSession(
  invocation: Invocation,
  session: SessionRecord,
  now: number,
): Promise<SessionResult | undefined> {
  if (session.kind === 'ended') return readRecord(invocation, session.id);
  return resultOf(session, now, {
    interrupted: false,
    leftRunning: poweredOn(session),
    isLive: true,
  });
}

/** Its run was on another machine: there is no more than what the state keeps. */
function showLine({ context, globals }: Invocation, session: SessionRecord): number {
  if (session.kind === 'live') return 0;
  const { kind: _, outcome, ...rest } = session;
  context.stdout.write(
    globals.json
      ? jsonDocument(session)
      : `${sessionListText([{ ...rest, status: outcome, running: 0 }], globals.program)}Its details and the output of its items are where it was run, in .muster/sessions.\n`,
  );
  return 0;
}

async function showItem(
  invocation: Invocation,
  id: string,
  result: SessionResult | undefined,
  name: string,
): Promise<number> {
  const { context, globals } = invocation;
  const outcome = result?.items.find(({ item }) => item === name);
  if (result !== undefined && outcome === undefined) throw unknownItem(id, name, result);
  const logs = await logsOf(invocation, id, name, outcome);
  if (logs.every((log) => log === undefined)) throw noLog(invocation, id, name);
  context.stdout.write(
    globals.json
      ? jsonDocument({ session: id, item: name, outcome: outcome ?? null, logs })
      : itemLogText(name, outcome, logs),
  );
  return 0;
}

/** Output by attempt, the first one first; undefined where none is kept here. */
async function logsOf(
  { context, globals, flags }: Invocation,
  id: string,
  item: string,
  outcome: ItemOutcome | undefined,
): Promise<readonly (string | undefined)[]> {
  const files = context.files(globals.root);
  const attempts = Math.max(1, outcome?.attempts.length ?? 1);
  const numbers = Array.from({ length: attempts }, (_, index) => index + 1);
  const folder = recordFolder({ flags });
  const contents = numbers.map((number) => files.read(logPath(folder, id, item, number)));
  return (await Promise.all(contents)).map((bytes) =>
    bytes === undefined ? undefined : new TextDecoder().decode(bytes),
  );
}

function unknownItem(id: string, name: string, { items }: SessionResult): DiagnosticsError {
  const known = items.map(({ item }) => item);
  const remedy = didYouMean(name, known) ?? `muster sessions show ${id} lists its items.`;
  return new DiagnosticsError([
    problem('unknown-item', `session ${id} has no item ${name}`, remedy),
  ]);
}

function noLog(invocation: Invocation, id: string, name: string): DiagnosticsError {
  return new DiagnosticsError([
    problem(
      'no-output',
      `no output of item ${name} of session ${id} is kept here`,
      `It said nothing, did not run, or its session was run on another machine; looked in ${recordFolder(invocation)}.`,
    ),
  ]);
}
