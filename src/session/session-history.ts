import { byCodeUnit } from '../model/json.ts';
import { smoothed } from '../model/launch-history.ts';
import { having, lookup } from '../model/lookup.ts';
import type { ItemHistory, LiveSession, SessionHistory } from '../model/session.ts';
import type { State } from '../model/state.ts';
import { attemptsOf } from './session-items.ts';

/** How many items of one session, and how many sessions, are remembered; the longest not seen go first. */
const MOST_ITEMS = 2_000;
const MOST_SESSIONS = 50;

/** Remembers what a session's successful items took. An ad hoc session leaves nothing. */
export function rememberItems(state: State, session: LiveSession): State {
  if (session.name === undefined) return state;
  const before = lookup(state.history ?? {}, session.name)?.items ?? {};
  const items = { ...before };
  for (const { name } of session.items) {
    const last = attemptsOf(session, name).at(-1);
    if (last?.result !== 'ok' || last.endedAt === undefined) continue;
    const took = Math.max(0, last.endedAt - last.startedAt);
    const ms = smoothed(lookup(before, name)?.ms, took);
    items[name] = { ms, at: last.endedAt };
  }
  const history = having(state.history ?? {}, session.name, { items: latest(items) });
  return { ...state, history: latestSessions(history) };
}

function latest(items: SessionHistory['items']): SessionHistory['items'] {
  return newest(items, ({ at }: ItemHistory) => at, MOST_ITEMS);
}

function latestSessions(history: NonNullable<State['history']>): NonNullable<State['history']> {
  const lastSeen = ({ items }: SessionHistory): number =>
    Object.values(items).reduce((last, { at }) => Math.max(last, at), 0);
  return newest(history, lastSeen, MOST_SESSIONS);
}

function newest<T>(
  record: Readonly<Record<string, T>>,
  seenAt: (value: T) => number,
  most: number,
): Readonly<Record<string, T>> {
  const entries = Object.entries(record);
  if (entries.length <= most) return record;
  const kept = entries
    .sort(([a, x], [b, y]) => seenAt(y) - seenAt(x) || byCodeUnit(a, b))
    .slice(0, most);
  return Object.fromEntries(kept);
}
