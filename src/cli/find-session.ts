import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { lookup } from '../model/lookup.ts';
import type { LiveSession, SessionRecord } from '../model/session.ts';
import type { State } from '../model/state.ts';
import { didYouMean } from '../model/suggest.ts';

/** The recorded session of that id. Throws a DiagnosticsError when there is none. */
export function findSession(state: State, id: string): SessionRecord {
  const session = lookup(state.sessions, id);
  if (session !== undefined) return session;
  const known = Object.keys(state.sessions);
  throw new DiagnosticsError([
    problem(
      'no-session',
      `no session ${id} is recorded`,
      didYouMean(id, known) ?? 'muster sessions list shows those that are.',
    ),
  ]);
}

/** The same, and it must not be over. */
export function findLiveSession(state: State, id: string): LiveSession {
  const session = findSession(state, id);
  if (session.kind === 'live') return session;
  const again =
    session.name === undefined ? '' : ` Run it again:  muster apply --with-session ${session.name}`;
  throw new DiagnosticsError([
    problem(
      'session-over',
      `session ${id} is over: ${session.outcome}`,
      `Its end is final.${again}`,
    ),
  ]);
}
