import type { EndedSession, LiveSession } from '../model/session.ts';
import { attemptsOf, itemState } from './session-items.ts';

/** The one line about a session as it stands. */
export function lineOf(session: LiveSession, at: number, interrupted: boolean): EndedSession {
  const states = session.items.map((item) => itemState(session, item));
  const ok = states.filter((each) => each === 'ok').length;
  const notRun = session.items.filter(({ name }) => attemptsOf(session, name).length === 0).length;
  const workers = Object.values(session.workers);
  return {
    kind: 'ended',
    id: session.id,
    ...(session.name === undefined ? {} : { name: session.name }),
    work: session.spec.kind,
    ...(session.plan === undefined ? {} : { plan: session.plan }),
    startedAt: session.startedAt,
    endedAt: Math.max(at, lastRecorded(session)),
    outcome: interrupted ? 'interrupted' : ok === states.length ? 'ok' : 'failed',
    ok,
    failed: states.length - ok - notRun,
    notRun,
    workers: workers.length,
    leftOut: workers.filter(({ leftOut }) => leftOut !== undefined).length,
  };
}

/** Cluster time, ms, of the last that is recorded; the clock of a machine that only looks may be behind it. */
function lastRecorded({ startedAt, workers, attempts }: LiveSession): number {
  const launches = Object.values(workers).flatMap(({ timeline }) => timeline.map(({ at }) => at));
  const items = Object.values(attempts).flatMap((each) =>
    each.flatMap((attempt) => [attempt.startedAt, attempt.endedAt ?? attempt.startedAt]),
  );
  return [...launches, ...items].reduce((latest, at) => Math.max(latest, at), startedAt);
}
