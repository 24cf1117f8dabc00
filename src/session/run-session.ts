import { createLanes } from '../apply/lanes.ts';
import { lookup } from '../model/lookup.ts';
import type { LiveSession } from '../model/session.ts';
import type { SessionResult } from '../model/session-result.ts';
import { createBell } from './bell.ts';
import { dispatch } from './dispatch.ts';
import { gatherWorkers } from './gather-workers.ts';
import { leadMember } from './launch-member.ts';
import {
  changeSession,
  liveSession,
  type Member,
  type SessionContext,
  type SessionInput,
  sessionTime,
} from './session-context.ts';
import { resultOf } from './session-result.ts';
import { addSession, finishSession, newSessionId } from './session-state.ts';

/**
 * Runs a session (design section 9): leases → launches → items → power-off → record. Ends with its result
 * whatever items and workers do; throws a DiagnosticsError when its workers can't be had, and bugs.
 */
export async function runSession(input: SessionInput): Promise<SessionResult> {
  const had = await gatherWorkers(input);
  const id = await begin(input, had);
  const startedAt = input.ports.clock.monotonic();
  const shared = {
    ...input,
    id,
    lanes: createLanes(),
    running: new Set<string>(),
    bell: createBell(input.ports.clock),
    startedAt,
  };
  const members = new Map<string, Member>();
  const ctx: SessionContext = { ...shared, members };
  const led = input.session.workers
    .filter(({ worker }) => had.includes(worker))
    .map((subject) => {
      const leave = new AbortController();
      let turnedOff = (_isOff: boolean): void => {};
      const off = new Promise<boolean>((resolve) => {
        turnedOff = resolve;
      });
      const member: Member = { worker: subject.worker, leave, off };
      members.set(subject.worker, member);
      return { member, subject, turnedOff };
    });
  const leading = led.map(({ member, subject, turnedOff }) =>
    leadMember(ctx, member, subject).then(
      (isOff) => turnedOff(isOff),
      (error: unknown) => {
        member.leave.abort();
        turnedOff(false);
        ctx.bell.ring();
        throw error;
      },
    ),
  );
  const ended = await Promise.allSettled([dispatch(ctx), ...leading]);
  const result = await finish(ctx);
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
  return result;
}

/** Saves the session with its items and workers, before its first effect. */
async function begin(input: SessionInput, had: readonly string[]): Promise<string> {
  const { session, ports, run } = input;
  const now = sessionTime(input);
  let id = '';
  await ports.ledger.commit((state) => {
    id = newSessionId(session.session, now, state);
    const runRecord = lookup(state.runs, run.id);
    const named =
      runRecord === undefined
        ? state
        : { ...state, runs: { ...state.runs, [run.id]: { ...runRecord, session: id } } };
    return addSession(named, recordOf(input, id, now, had));
  });
  return id;
}

function recordOf(
  { session, plan, run }: SessionInput,
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
    name: session.session,
    run: run.id,
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

/** The report, and the one line that stays. When it was stopped at once, the session stays live to be gone on with. */
async function finish(ctx: SessionContext): Promise<SessionResult> {
  const { first, second } = ctx.interrupts;
  const at = sessionTime(ctx);
  const interrupted = first.aborted || second.aborted;
  const leftRunning = [...ctx.running].sort();
  const result = resultOf(liveSession(ctx), at, { interrupted, leftRunning });
  if (!second.aborted)
    await changeSession(ctx, (state, id) => finishSession(state, id, at, interrupted));
  return result;
}
