import { rememberLaunch } from '../model/launch-history.ts';
import { lookup } from '../model/lookup.ts';
import type { State } from '../model/state.ts';

/** What this worker's launch took, phase by phase, for later predictions. */
export function rememberMember(state: State, id: string, worker: string): State {
  const session = lookup(state.sessions, id);
  const record = session?.kind === 'live' ? lookup(session.workers, worker) : undefined;
  if (record?.endedAt === undefined) return state;
  return rememberLaunch(state, worker, record.timeline, record.endedAt);
}
