import type { ApplyPorts, Interrupts, Run, SessionCare, TakeWorkers } from '../apply/context.ts';
import type { Lanes } from '../apply/lanes.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Plan } from '../model/plan.ts';
import type { LiveSession, SessionEvent, SessionKind } from '../model/session.ts';
import type { SessionPlan, SessionWorker } from '../model/session-plan.ts';
import type { State } from '../model/state.ts';
import type { Bell } from './bell.ts';
import { requireLive } from './session-state.ts';

/** Where the output of items goes; `attempt` counts from 1. Bounded by what the guest keeps. */
export interface ItemOutput {
  append(session: string, item: string, attempt: number, bytes: Uint8Array): Promise<void>;
  /** Bytes that are there already: whoever goes on with a session on the same machine adds to them. */
  size(session: string, item: string, attempt: number): Promise<number>;
}

/** What a run works with that leads a session, a new one or one that it goes on with. */
export interface SessionBase {
  /** All workers with their launch as an action. */
  readonly plan: Plan;
  readonly inventory: Inventory;
  readonly ports: ApplyPorts;
  readonly run: Run;
  readonly take: TakeWorkers;
  /** For items of other sessions, whose runs are dead, in workers that this one would take. */
  readonly care: SessionCare;
  /** Values of `${secret.X}` by X; all that the items use. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly output: ItemOutput;
  readonly tell: (event: SessionEvent) => void;
  readonly interrupts: Interrupts;
  /** After the first interrupt, how long running items may go on, ms. */
  readonly graceMs: number;
}

/** A new session. */
export interface SessionInput extends SessionBase {
  readonly session: SessionPlan;
  /** From the command line: it has no name under `sessions:`. */
  readonly isAdHoc: boolean;
  /** File digest of the saved plan that this carries out. */
  readonly savedPlan?: string;
  /** Plans the session again, against what is true now: for workers that become free while it runs. */
  readonly replan?: () => Promise<Planned>;
}

export interface Planned {
  readonly session: SessionPlan;
  readonly plan: Plan;
  readonly inventory: Inventory;
}

/** What everything in a running session shares. */
export interface SessionContext extends SessionBase {
  readonly id: string;
  readonly kind: SessionKind;
  /** What workers remember having been used by. */
  readonly label: string;
  readonly lanes: Lanes;
  /** Workers that this run powered on and did not yet power off. */
  readonly running: Set<string>;
  /** Rung whenever something ended or got ready. */
  readonly bell: Bell;
  /** Monotonic ms. */
  readonly startedAt: number;
  readonly members: ReadonlyMap<string, Member>;
  /** Workers that are launched to tell how attempts ended that ran before they were powered off. */
  readonly collecting: Set<string>;
  /** Leased by others when this began: workers that may still join. */
  readonly hopedFor: Set<string>;
}

/** One worker's part in what a run leads. */
export interface Part {
  readonly subject: Pick<SessionWorker, 'worker' | 'node' | 'actions'>;
  /** `go-on`: it runs and was tested; `end`: it is only to be powered off. */
  readonly how: 'launch' | 'go-on' | 'end';
  /** It was found off, and its disk may tell how attempts in it ended. */
  readonly collects?: boolean;
  /** Where the worker's desired entry and changes come from. */
  readonly plan: Plan;
  readonly inventory: Inventory;
}

/** One worker of a running session, besides what is recorded of it. */
export interface Member {
  readonly worker: string;
  /** Aborted when it takes no more items: the session is done with it, or it failed. */
  readonly leave: AbortController;
  /** Resolves when it is powered off (true), or when that could not be done (false). */
  readonly off: Promise<boolean>;
}

export function liveSession(ctx: Pick<SessionContext, 'ports' | 'id'>): LiveSession {
  return requireLive(ctx.ports.ledger.current(), ctx.id);
}

/** Changes this session's record, durably. */
export function changeSession(
  ctx: Pick<SessionContext, 'ports' | 'id'>,
  change: (state: State, id: string) => State,
): Promise<State> {
  return ctx.ports.ledger.commit((state) => change(state, ctx.id));
}

/** Cluster time in whole ms. */
export function sessionTime({ ports }: Pick<SessionContext, 'ports'>): number {
  return Math.round(ports.pve.clusterTime() ?? ports.clock.now());
}

export function sinceSessionStart({ ports, startedAt }: SessionContext): number {
  return ports.clock.monotonic() - startedAt;
}
