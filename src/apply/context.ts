import type { RunEvent } from '../model/event.ts';
import type { Inventory } from '../model/inventory.ts';
import { lookup } from '../model/lookup.ts';
import type { ActionKind, Plan, WorkerPlan } from '../model/plan.ts';
import type { Clock, Ledger, Log, Random } from '../model/ports.ts';
import type { Pve } from '../model/pve-port.ts';
import type { RunRecord, State, WorkerRecord } from '../model/state.ts';
import { DEFAULT_TIMEOUTS, type Timeouts } from '../model/worker.ts';
import type { Lanes } from './lanes.ts';

export interface ApplyPorts {
  readonly pve: Pve;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** This invocation, as leases and write-ahead records name it. */
export interface Run {
  readonly id: string;
  /** Throws Fenced unless an effect that may take `deadlineMs` ends while this run's beat is still good. */
  mayStart(deadlineMs: number): void;
}

export interface Interrupts {
  /** First Ctrl-C: start nothing new, end what runs, power off. */
  readonly first: AbortSignal;
  /** Second: stop at once. */
  readonly second: AbortSignal;
}

/** What every step of one worker's actions needs. */
export interface WorkerContext {
  readonly ports: ApplyPorts;
  readonly run: Run;
  readonly plan: Plan;
  readonly inventory: Inventory;
  readonly worker: WorkerPlan;
  /** Of the worker's plan as it was agreed to, whatever is left of it now. */
  readonly planDigest: string;
  readonly action: ActionKind;
  readonly lanes: Lanes;
  /** Workers that this run powered on and did not yet power off. */
  readonly running: Set<string>;
  readonly take: TakeWorkers;
  /** How long to wait for a lease, ms. */
  readonly waitMs: number;
  readonly interrupts: Interrupts;
  /** Monotonic ms at which the run began: the zero of the log's times. */
  readonly startedAt: number;
  /** Told when a launch enters this phase. */
  readonly onPhase?: (phase: 'agent' | 'test' | 'patch') => Promise<void>;
  /** What is owed to sessions whose runs are dead. */
  readonly care: SessionCare;
  /** Set while ending what was begun: then the first interrupt does not stop steps any more. */
  readonly closing?: boolean;
}

/** What an apply owes to a session whose run is dead (session/close-dead.ts). */
export interface SessionCare {
  /**
   * Collects how the attempts ended that ran in this worker. Returns what still runs in it: then it must not be
   * powered off. A guest that can't be asked counts as idle.
   */
  collect(ctx: WorkerContext, vm: VmHandle): Promise<readonly Working[]>;
}

/** A work item that runs though nobody leads its session; without a session it is only known by its key. */
export interface Working {
  readonly item: string;
  readonly session?: string;
}

/** Work items still run in a worker that nobody leads any more: it is left alone until they have ended. */
export class StillWorking extends Error {
  /** The command that ends it, as far as it is known whose work it is. */
  readonly remedy: string;

  constructor(worker: string, items: readonly Working[]) {
    const words = items.map(({ item, session }) =>
      session === undefined ? item : `${item} of session ${session}`,
    );
    super(`${words.join(', ')} still ${items.length === 1 ? 'runs' : 'run'} in ${worker}`);
    this.name = 'StillWorking';
    const session = items.find((each) => each.session !== undefined)?.session;
    this.remedy =
      session === undefined
        ? `Apply again when it has ended; or power the worker off all the same:  muster shutdown ${worker} --force ${worker}`
        : `Apply again when it has ended; or go on with it:  muster sessions resume ${session}; or end it:  muster sessions stop ${session}`;
  }
}

/** Everything of a WorkerContext but what belongs to one action. */
export type WorkerBase = Omit<WorkerContext, 'action'>;

/** For what is told and waited for before the first action begins. */
export function beforeActions(base: WorkerBase): WorkerContext {
  return { ...base, action: base.worker.actions[0] ?? 'configure' };
}

/** Takes leases for this run, also from runs that are proven dead (state/take-workers.ts). */
export type TakeWorkers = (workers: readonly string[]) => Promise<{
  readonly refused: readonly { readonly worker: string; readonly holder: RunRecord }[];
}>;

/** A VM as steps address it. */
export interface VmHandle {
  readonly vmid: number;
  readonly node: string;
  readonly uuid: string;
}

/** Ctrl-C reached this worker before its next step. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted before the next step');
    this.name = 'Interrupted';
  }
}

export function sinceStart(ctx: Pick<WorkerContext, 'ports' | 'startedAt'>): number {
  return ctx.ports.clock.monotonic() - ctx.startedAt;
}

/** Cluster time in whole ms; this machine's before the cluster answered for the first time. */
export function clusterNow({ ports }: Pick<WorkerContext, 'ports'>): number {
  return Math.round(ports.pve.clusterTime() ?? ports.clock.now());
}

type EventOf<K extends RunEvent['kind']> = Extract<RunEvent, { kind: K }>;
type Extra<K extends RunEvent['kind']> = Partial<
  Omit<EventOf<K>, 'kind' | 'at' | 'worker' | 'action' | 'step' | 'message'>
>;

/** Tells that something goes on, or what is being waited for. */
export function tellProgress(
  ctx: WorkerContext,
  step: string,
  message: string,
  extra: Extra<'progress'> = {},
): void {
  const { worker, action } = ctx;
  const at = sinceStart(ctx);
  ctx.ports.log.emit({
    kind: 'progress',
    at,
    worker: worker.worker,
    action,
    step,
    message,
    ...extra,
  });
}

/** Tells that a step ended. */
export function tellDone(
  ctx: WorkerContext,
  step: string,
  message: string,
  extra: Extra<'step-done'> = {},
): void {
  const { worker, action } = ctx;
  const at = sinceStart(ctx);
  ctx.ports.log.emit({
    kind: 'step-done',
    at,
    worker: worker.worker,
    action,
    step,
    message,
    ...extra,
  });
}

export function tellWarning(ctx: WorkerContext, message: string): void {
  ctx.ports.log.emit({ kind: 'warning', at: sinceStart(ctx), worker: ctx.worker.worker, message });
}

export function recordOf(ctx: WorkerContext): WorkerRecord | undefined {
  return lookup(ctx.ports.ledger.current().workers, ctx.worker.worker);
}

/** Changes this worker's record, durably. */
export function changeState(
  ctx: WorkerContext,
  change: (state: State, worker: string) => State,
): Promise<State> {
  return ctx.ports.ledger.commit((state) => change(state, ctx.worker.worker));
}

/** Changes this worker's record, if it has one: an orphan that is destroyed has none. */
export function changeRecord(
  ctx: WorkerContext,
  change: (state: State, worker: string) => State,
): Promise<State> {
  return changeState(ctx, (state, worker) =>
    lookup(state.workers, worker) === undefined ? state : change(state, worker),
  );
}

export function timeoutsOf(ctx: WorkerContext): Timeouts {
  return ctx.worker.desired?.spec.timeouts ?? recordOf(ctx)?.declared.timeouts ?? DEFAULT_TIMEOUTS;
}
