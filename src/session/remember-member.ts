import { lookup } from '../model/lookup.ts';
import type { LaunchPhase, LaunchTimes } from '../model/session.ts';
import type { State } from '../model/state.ts';
import { rememberLaunch } from './session-history.ts';

/** What this worker's launch took, phase by phase, for later predictions. */
export function rememberMember(state: State, id: string, worker: string): State {
  const session = lookup(state.sessions, id);
  if (session?.kind !== 'live') return state;
  const record = lookup(session.workers, worker);
  const timeline = record?.timeline ?? [];
  const times: Partial<Record<LaunchPhase, number>> = {};
  timeline.forEach(({ phase, at }, index) => {
    const end = timeline[index + 1]?.at ?? record?.endedAt;
    if (end !== undefined && phase !== 'work') times[phase] = Math.max(0, end - at);
  });
  const { work: _, ...launch } = times;
  return rememberLaunch(state, worker, launch satisfies LaunchTimes);
}
