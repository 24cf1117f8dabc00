import { lookup } from '../model/lookup.ts';
import { isExpired } from '../model/runs.ts';
import type { LiveSession } from '../model/session.ts';
import type { State } from '../model/state.ts';
import { attemptsOf, itemState } from './session-items.ts';
import { endAttempt, requireLive } from './session-state.ts';

/** Sessions that nobody leads any more, judged by their runs' beats; `now` is cluster time, ms. */
export function deadSessions(state: State, now: number): readonly LiveSession[] {
  return Object.values(state.sessions).flatMap((session) =>
    session.kind === 'live' && !isLed(session, state, now) ? [session] : [],
  );
}

function isLed({ run }: LiveSession, { runs }: State, now: number): boolean {
  const leader = lookup(runs, run);
  return leader !== undefined && !isExpired(leader, now);
}

export interface RunningItem {
  readonly item: string;
  /** From 1. */
  readonly attempt: number;
}

/** Attempts whose end is not recorded and that were started in this worker. */
export function runningIn(session: LiveSession, worker: string): readonly RunningItem[] {
  return session.items.flatMap((item) => {
    const attempts = attemptsOf(session, item.name);
    const isHere = attempts.at(-1)?.worker === worker && itemState(session, item) === 'running';
    return isHere ? [{ item: item.name, attempt: attempts.length }] : [];
  });
}

/** Its VM is off: whatever ran in it is over, and nobody knows how it ended. */
export function loseAttempts(state: State, id: string, worker: string, at: number): State {
  return runningIn(requireLive(state, id), worker).reduce(
    (next, running) => endAttempt(next, id, { ...running, at, result: 'lost' }),
    state,
  );
}
