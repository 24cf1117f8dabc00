import { createLanes } from '../apply/lanes.ts';
import { byCodeUnit } from '../model/json.ts';
import type { SessionKind } from '../model/session.ts';
import type { SessionResult } from '../model/session-result.ts';
import { createBell } from './bell.ts';
import { dispatch } from './dispatch.ts';
import { leadMember } from './launch-member.ts';
import { runElsewhere } from './run-elsewhere.ts';
import {
  changeSession,
  liveSession,
  type Member,
  type Part,
  type SessionBase,
  type SessionContext,
  sessionTime,
} from './session-context.ts';
import { brokenGuard } from './session-guard.ts';
import { itemState } from './session-items.ts';
import { resultOf } from './session-result.ts';
import { finishSession } from './session-state.ts';

export interface Conducted {
  readonly id: string;
  readonly kind: SessionKind;
  readonly label: string;
  /** Workers that may join later; `join` waits for them until `signal` is aborted. */
  readonly hopedFor?: ReadonlySet<string>;
  readonly join?: (
    ctx: SessionContext,
    admit: (part: Part) => void,
    signal: AbortSignal,
  ) => Promise<void>;
}

/**
 * Leads a recorded session to its end: its workers are launched or gone on with, items handed out, everything is
 * powered off, the record is closed. The session stays live when it was stopped at once, and when something of it
 * could not be brought to an end: `sessions resume` goes on with it.
 */
export async function conduct(
  base: SessionBase,
  session: Conducted,
  parts: readonly Part[],
): Promise<SessionResult> {
  const members = new Map<string, Member>();
  const ctx: SessionContext = {
    ...base,
    id: session.id,
    kind: session.kind,
    label: session.label,
    lanes: createLanes(),
    running: new Set<string>(),
    bell: createBell(base.ports.clock),
    startedAt: base.ports.clock.monotonic(),
    members,
    hopedFor: new Set(session.hopedFor),
    collecting: new Set(
      parts.flatMap(({ subject, collects }) => (collects ? [subject.worker] : [])),
    ),
  };
  const leading: Promise<void>[] = [];
  const admit = (part: Part): void => {
    const { member, lead } = admitted(ctx, part);
    members.set(member.worker, member);
    leading.push(lead());
  };
  for (const part of parts) admit(part);
  const over = new AbortController();
  const joining = session.join?.(ctx, admit, over.signal);
  const dispatched = await settled(dispatch(ctx).finally(() => over.abort()));
  const joined = await settled(joining ?? Promise.resolve());
  for (const { leave } of members.values()) leave.abort();
  const ended = await Promise.allSettled(leading);
  const result = await finish(ctx);
  for (const each of [dispatched, joined, ...ended])
    if (each.status === 'rejected') throw each.reason;
  return result;
}

function admitted(
  ctx: SessionContext,
  part: Part,
): { readonly member: Member; readonly lead: () => Promise<void> } {
  const leave = new AbortController();
  let turnedOff = (_isOff: boolean): void => {};
  const off = new Promise<boolean>((resolve) => {
    turnedOff = resolve;
  });
  const member: Member = { worker: part.subject.worker, leave, off };
  const lead = (): Promise<void> =>
    leadMember(ctx, member, part).then(
      (isOff) => turnedOff(isOff),
      (error: unknown) => {
        member.leave.abort();
        ctx.collecting.delete(member.worker);
        turnedOff(false);
        ctx.bell.ring();
        throw error;
      },
    );
  return { member, lead };
}

async function settled(work: Promise<void>): Promise<PromiseSettledResult<void>> {
  const [result] = await Promise.allSettled([work]);
  return result;
}

/** The report, and the one line that stays when everything came to its end. */
async function finish(ctx: SessionContext): Promise<SessionResult> {
  const { first, second } = ctx.interrupts;
  const at = sessionTime(ctx);
  const interrupted = first.aborted || second.aborted;
  const session = liveSession(ctx);
  const leftRunning = [...ctx.running].sort(byCodeUnit);
  const isOpen = session.items.some((item) => itemState(session, item) === 'running');
  const isLive = second.aborted || isOpen || leftRunning.length > 0;
  const broken = interrupted ? undefined : brokenGuard(session);
  const elsewhere = runningElsewhere(ctx);
  const result = resultOf(session, at, {
    interrupted,
    leftRunning,
    isLive,
    ...(broken === undefined ? {} : { broken }),
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
  });
  if (!isLive) await changeSession(ctx, (state, id) => finishSession(state, id, at, interrupted));
  return result;
}

/** Sessions that still run what waits here. */
function runningElsewhere(ctx: SessionContext): readonly string[] {
  const session = liveSession(ctx);
  const waiting = session.items.filter((item) => itemState(session, item) === 'waiting');
  const ids = runElsewhere(session, ctx.ports.ledger.current())
    .filter(({ item }) => waiting.some(({ name }) => name === item))
    .map((each) => each.session);
  return [...new Set(ids)].sort(byCodeUnit);
}
