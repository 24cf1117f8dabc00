import { lookup } from '../model/lookup.ts';
import type { LiveSession, SessionWorkerRecord } from '../model/session.ts';
import type { State } from '../model/state.ts';

/** An item that another session of the same name has begun, and not ended as far as anybody knows. */
export interface ElsewhereItem {
  readonly item: string;
  readonly session: string;
  readonly worker: string;
  /** This session is about to take that worker over, and then knows how it ended. */
  readonly willEnd: boolean;
}

/** What must not be started now: the same item would run twice at once, once for each session. */
export function runElsewhere(
  session: LiveSession,
  { sessions }: Pick<State, 'sessions'>,
): readonly ElsewhereItem[] {
  if (session.name === undefined) return [];
  return Object.values(sessions).flatMap((other) =>
    other.kind === 'live' && other.name === session.name && other.id !== session.id
      ? itemsOf(other, session)
      : [],
  );
}

function itemsOf(other: LiveSession, session: LiveSession): readonly ElsewhereItem[] {
  return session.items.flatMap(({ name: item }) => {
    const last = lookup(other.attempts, item)?.at(-1);
    if (last?.result !== 'running') return [];
    const own = lookup(session.workers, last.worker);
    if (own !== undefined && wasTakenOver(own, last.startedAt)) return [];
    const willEnd = own !== undefined && own.leftOut === undefined && own.endedAt === undefined;
    return [{ item, session: other.id, worker: last.worker, willEnd }];
  });
}

/**
 * It was launched anew since then, or powered off: whatever ran in it is over. One that was left alone was neither,
 * and one that this session let go before may be the other's by now.
 */
function wasTakenOver(
  { timeline, endedAt, leftOut }: SessionWorkerRecord,
  startedAt: number,
): boolean {
  const isOff = leftOut === undefined && endedAt !== undefined && endedAt >= startedAt;
  return isOff || timeline.some(({ phase, at }) => phase === 'start' && at >= startedAt);
}
