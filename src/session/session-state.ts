import { byCodeUnit } from '../model/json.ts';
import { having, lookup } from '../model/lookup.ts';
import type {
  AttemptResult,
  ItemAttempt,
  LaunchPhase,
  LiveSession,
  Place,
  SessionItem,
  SessionRecord,
  SessionWorkerRecord,
} from '../model/session.ts';
import type { State } from '../model/state.ts';
import { runElsewhere } from './run-elsewhere.ts';
import { rememberItems } from './session-history.ts';
import { attemptsOf, itemState } from './session-items.ts';
import { limitsOf, usesOwnRoom } from './session-limits.ts';
import { lineOf } from './session-line.ts';

/**
 * Pure changes of a session's record, for the ledger. All times are cluster time in ms. They throw when the
 * session is not live: whoever leads it then lost it, or there is a bug.
 */

/** Ended sessions that are kept, one line each. */
const MOST_ENDED = 50;

/** "nightly-20261122-0200", in UTC; a number follows when that is taken. */
export function newSessionId(name: string, at: number, state: Pick<State, 'sessions'>): string {
  const time = new Date(at).toISOString();
  const id = `${name}-${time.slice(0, 10).replaceAll('-', '')}-${time.slice(11, 16).replace(':', '')}`;
  const isTaken = (candidate: string): boolean => lookup(state.sessions, candidate) !== undefined;
  if (!isTaken(id)) return id;
  let number = 2;
  while (isTaken(`${id}-${number}`)) number += 1;
  return `${id}-${number}`;
}

/** Adds a session before its first effect. Throws when the id is taken. */
export function addSession(state: State, session: LiveSession): State {
  if (lookup(state.sessions, session.id) !== undefined)
    throw new Error(`session ${session.id} exists already`);
  return put(state, session);
}

/** The session, which must not have ended. */
export function requireLive(state: Pick<State, 'sessions'>, id: string): LiveSession {
  const session = lookup(state.sessions, id);
  if (session === undefined) throw new Error(`there is no session ${id}`);
  if (session.kind === 'ended') throw new Error(`session ${id} has ended: ${session.outcome}`);
  return session;
}

/** Another run goes on with it. */
export function leadSession(state: State, id: string, run: string): State {
  return change(state, id, (session) => ({ ...session, run }));
}

/** A worker takes part: at the beginning, or later when it became free. */
export function joinWorker(
  state: State,
  id: string,
  worker: string,
  record: Omit<SessionWorkerRecord, 'timeline'>,
): State {
  return putWorker(state, id, worker, () => ({ ...record, timeline: [] }));
}

/** A worker enters a phase; with `work` it is ready. Entering the same one again changes nothing. */
export function enterPhase(
  state: State,
  id: string,
  worker: string,
  phase: LaunchPhase,
  at: number,
  vmid?: number,
): State {
  return putWorker(state, id, worker, (before) => {
    const record = requireMember(before, worker, id);
    const known = vmid === undefined ? {} : { vmid };
    if (record.timeline.at(-1)?.phase === phase) return { ...record, ...known };
    return { ...record, ...known, timeline: [...record.timeline, { phase, at }] };
  });
}

/** It takes no more items; what runs in it is ended or collected by whoever leads. */
export function leaveWorkerOut(state: State, id: string, worker: string, why: string): State {
  return putWorker(state, id, worker, (before) => ({
    ...requireMember(before, worker, id),
    leftOut: why,
  }));
}

/** It is powered off. */
export function endWorker(state: State, id: string, worker: string, at: number): State {
  return putWorker(state, id, worker, (before) => ({
    ...requireMember(before, worker, id),
    endedAt: at,
  }));
}

export interface AttemptBegun {
  readonly item: string;
  readonly worker: string;
  readonly vmid: number;
  readonly place: Place;
  readonly at: number;
}

/**
 * Records an attempt, before it is launched. When its repository has no room any more (another session took it),
 * or another session of the name began the item meanwhile, the state stays as it is: look whether the attempt is
 * there. Throws when the former attempt has not ended, or none is left: an item never runs twice at once, and
 * never again after it succeeded.
 */
export function beginAttempt(state: State, id: string, begun: AttemptBegun): State {
  const session = requireLive(state, id);
  const item = requireItem(session, begun.item);
  const now = itemState(session, item);
  if (now !== 'waiting') throw new Error(`item ${begun.item} of ${id} is ${now}, not waiting`);
  if (!repositoryHasRoom(state, session, item, begun.at)) return state;
  if (runElsewhere(session, state).some((each) => each.item === item.name)) return state;
  const { worker, vmid, place, at } = begun;
  const attempt: ItemAttempt = { worker, vmid, place, startedAt: at, result: 'running' };
  const attempts = [...attemptsOf(session, begun.item), attempt];
  return put(state, { ...session, attempts: having(session.attempts, begun.item, attempts) });
}

export interface AttemptEnded {
  readonly item: string;
  /** From 1. */
  readonly attempt: number;
  readonly at: number;
  readonly result: Exclude<AttemptResult, 'running'>;
  readonly exitCode?: number;
  readonly lastLine?: string;
}

const LONGEST_LINE = 500;

/** Records how an attempt ended. One that has ended keeps its first result: an answer may come twice. */
export function endAttempt(state: State, id: string, ended: AttemptEnded): State {
  const session = requireLive(state, id);
  const attempts = attemptsOf(session, ended.item);
  const attempt = attempts[ended.attempt - 1];
  if (attempt === undefined)
    throw new Error(`item ${ended.item} of ${id} has no attempt ${ended.attempt}`);
  if (attempt.result !== 'running') return state;
  const { at, result, exitCode, lastLine } = ended;
  const next: ItemAttempt = {
    ...attempt,
    endedAt: Math.max(at, attempt.startedAt),
    result,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(lastLine === undefined ? {} : { lastLine: lastLine.slice(0, LONGEST_LINE) }),
  };
  const changed = attempts.map((each) => (each === attempt ? next : each));
  return put(state, { ...session, attempts: having(session.attempts, ended.item, changed) });
}

/**
 * Ends a session: one line stays, what its items took is remembered. `interrupted` is final; otherwise it is
 * `ok` only if every item succeeded.
 */
export function finishSession(
  state: State,
  id: string,
  at: number,
  interrupted: boolean = false,
): State {
  const session = requireLive(state, id);
  const ended = lineOf(session, at, interrupted);
  return pruned(rememberItems(put(state, ended), session));
}

function repositoryHasRoom(
  state: State,
  session: LiveSession,
  item: SessionItem,
  now: number,
): boolean {
  if (item.repository === undefined) return true;
  const room = lookup(limitsOf(session, state, now).repositories, item.repository);
  const own = session.items.filter(
    (each) => each.repository === item.repository && usesOwnRoom(session, each, now),
  );
  return room === undefined || own.length < room;
}

function requireItem(session: LiveSession, name: string): SessionItem {
  const item = session.items.find((each) => each.name === name);
  if (item === undefined) throw new Error(`session ${session.id} has no item ${name}`);
  return item;
}

function requireMember(
  record: SessionWorkerRecord | undefined,
  worker: string,
  id: string,
): SessionWorkerRecord {
  if (record === undefined) throw new Error(`worker ${worker} takes no part in session ${id}`);
  return record;
}

function change(state: State, id: string, update: (session: LiveSession) => LiveSession): State {
  return put(state, update(requireLive(state, id)));
}

function putWorker(
  state: State,
  id: string,
  worker: string,
  update: (record: SessionWorkerRecord | undefined) => SessionWorkerRecord,
): State {
  return change(state, id, (session) => ({
    ...session,
    workers: having(session.workers, worker, update(lookup(session.workers, worker))),
  }));
}

function put(state: State, session: SessionRecord): State {
  return { ...state, sessions: having(state.sessions, session.id, session) };
}

/** Live ones are always kept. */
function pruned(state: State): State {
  const ended = Object.values(state.sessions).flatMap((each) =>
    each.kind === 'ended' ? [each] : [],
  );
  if (ended.length <= MOST_ENDED) return state;
  const latest = [...ended].sort((a, b) => b.endedAt - a.endedAt || byCodeUnit(a.id, b.id));
  const gone = new Set(latest.slice(MOST_ENDED).map(({ id }) => id));
  const kept = Object.entries(state.sessions).filter(([id]) => !gone.has(id));
  return { ...state, sessions: Object.fromEntries(kept) };
}
