import { lookup } from '../model/lookup.ts';
import type { LiveSession } from '../model/session.ts';
import type { SessionResult } from '../model/session-result.ts';
import type { State } from '../model/state.ts';
import { closeFormer } from './close-former.ts';
import { conduct } from './conduct.ts';
import { gatherWorkers } from './gather-workers.ts';
import { joinLate } from './join-late.ts';
import { type Part, type SessionInput, sessionTime } from './session-context.ts';
import { addSession, newSessionId } from './session-state.ts';

/**
 * Runs a session (design section 9): leases → launches → items → power-off → record. Ends with its result
 * whatever items and workers do; throws a DiagnosticsError when its workers can't be had, and bugs.
 */
export async function runSession(input: SessionInput): Promise<SessionResult> {
  const { session, plan, inventory } = input;
  const { clock } = input.ports;
  const begun = clock.monotonic();
  const had = await gatherWorkers(input);
  await closeFormer(input, 0);
  const id = await begin(input, had);
  const parts = session.workers
    .filter(({ worker }) => had.includes(worker))
    .map((subject): Part => ({ subject, how: 'launch', plan, inventory }));
  const missed = session.workers.map(({ worker }) => worker).filter((name) => !had.includes(name));
  const leased = session.leftOut.filter(({ why }) => why === 'leased').map(({ worker }) => worker);
  const hopedFor = new Set(input.replan === undefined ? [] : [...missed, ...leased]);
  const { kind, session: label } = session;
  const join = joinLate(input);
  const result = await conduct(input, { id, kind, label, hopedFor, join }, parts);
  // Their workers were on when this began, and are off now.
  if (!input.interrupts.first.aborted) await closeFormer(input, clock.monotonic() - begun);
  return result;
}

/** Names the session in its run's record: what others are told who wait for its workers. */
export function nameRun(state: State, run: string, session: string): State {
  const record = lookup(state.runs, run);
  return record === undefined
    ? state
    : { ...state, runs: { ...state.runs, [run]: { ...record, session } } };
}

/** Saves the session with its items and workers, before its first effect. */
async function begin(input: SessionInput, had: readonly string[]): Promise<string> {
  const { session, ports, run } = input;
  const now = sessionTime(input);
  let id = '';
  await ports.ledger.commit((state) => {
    id = newSessionId(session.session, now, state);
    return addSession(nameRun(state, run.id, id), recordOf(input, id, now, had));
  });
  // So that it can be looked at, gone on with or stopped from elsewhere while it runs.
  ports.log.emit({ kind: 'note', at: 0, message: `this is session ${id}` });
  return id;
}

function recordOf(
  { session, plan, run, isAdHoc, savedPlan }: SessionInput,
  id: string,
  now: number,
  had: readonly string[],
): LiveSession {
  const { kind, placement, reserve, guards, repositories } = session;
  const workers = session.workers.filter(({ worker }) => had.includes(worker));
  const slotsOf = (name: string): number =>
    plan.workers.find(({ worker }) => worker === name)?.desired?.spec.slots ?? 1;
  return {
    kind: 'live',
    id,
    ...(isAdHoc ? {} : { name: session.session }),
    run: run.id,
    ...(savedPlan === undefined ? {} : { plan: savedPlan }),
    startedAt: now,
    expectedEnd: now + Math.round(session.forecast.totalMs),
    spec: { kind, placement, reserve, guards, workers: { names: had }, env: {} },
    repositories,
    items: session.items.map(({ item }) => item),
    attempts: {},
    workers: Object.fromEntries(
      workers.map(({ worker, node, vmid, readyAt }) => [
        worker,
        {
          node,
          ...(vmid === undefined ? {} : { vmid }),
          slots: slotsOf(worker),
          expectedAt: now + Math.round(readyAt),
          timeline: [],
        },
      ]),
    ),
  };
}
