import { Fenced, PveError, StepFailed, TaskFailed, TaskTimeout } from '../model/errors.ts';
import type { Doing, State } from '../model/state.ts';
import { setDoing, setUpid } from '../model/transitions.ts';
import {
  changeRecord,
  Interrupted,
  recordOf,
  tellProgress,
  tellWarning,
  type VmHandle,
  type WorkerContext,
} from './context.ts';
import type { LaneKey } from './lanes.ts';

/**
 * One thing that Muster does to a VM. The algorithm of `runStep`, for every step of every action:
 *
 * | | does | when it fails |
 * |---|---|---|
 * | 1 | `isDone` reads whether the work is done already | the step fails; nothing was sent |
 * | 2 | saves the intent (write-ahead) | the step fails; nothing was sent |
 * | 3 | checks that this run may still act, then `send` | 5 |
 * | 4 | saves the UPID, waits for the task | 5 |
 * | 5 | outcome unknown: waits for tasks of this VM that still run | goes on with 6 |
 * | 6 | `isDone` again: done is done, whatever the answer was | a lock time-out is tried again with jitter until the deadline; anything else fails the step |
 */
export interface Step {
  readonly name: string;
  readonly message: string;
  /** Named reason shown while waiting, such as `waiting-for-clone`. */
  readonly waitingFor: string;
  /** Milliseconds for the whole step, tries included. */
  readonly timeout: number;
  readonly vm: VmHandle;
  readonly lanes?: readonly LaneKey[];
  /** Another worker may do the same work while this one waits for its lane: looked at again then. */
  readonly isShared?: boolean;
  /** How to find its task again when the answer was lost; default: any task of this VM. */
  readonly task?: { readonly node: string; readonly type: string; readonly id: number };
  /** Reads, never assumes. Throws when the VM is not ours. */
  isDone(): Promise<boolean>;
  /** Sends the write; a UPID when PVE goes on in a task. */
  send(): Promise<string | undefined>;
}

/** Longest time that one request may take: what fencing has to leave room for. */
const REQUEST_DEADLINE_MS = 30_000;
const MAX_TRIES = 12;
const LOOK_EVERY_MS = 5_000;

/** What the outside answered to a write, or made of its task. */
type Failure = PveError | TaskFailed;

interface Missed {
  readonly failure: Failure;
  /** PVE took the write and went on in a task: whatever failed later, it was not refused. */
  readonly isTaken: boolean;
}

export async function runStep(ctx: WorkerContext, step: Step): Promise<void> {
  if (await step.isDone()) return;
  stopWhenInterrupted(ctx);
  await ctx.lanes.within(step.lanes ?? [], async () => {
    if (step.isShared === true && (await step.isDone())) return;
    await tryUntilDone(ctx, step);
  });
}

/** Throws when Ctrl-C was pressed and this step would begin something new. */
export function stopWhenInterrupted(ctx: WorkerContext): void {
  const { first, second } = ctx.interrupts;
  if (second.aborted || (first.aborted && ctx.closing !== true)) throw new Interrupted();
}

async function tryUntilDone(ctx: WorkerContext, step: Step): Promise<void> {
  const { clock, random } = ctx.ports;
  const deadline = clock.monotonic() + step.timeout;
  for (let tries = 1; ; tries += 1) {
    stopWhenInterrupted(ctx);
    await saveIntent(ctx, step);
    const missed = await attempt(ctx, step, deadline);
    if (ctx.interrupts.second.aborted) throw new Interrupted();
    if (missed !== undefined) {
      if (wasRefused(missed)) throw missed.failure;
      await waitForStragglers(ctx, step, deadline);
    }
    if (await step.isDone()) return;
    if (missed === undefined)
      throw new StepFailed(`${step.name} ended without an error, but its result is not there`);
    const { failure } = missed;
    if (!isWorthAnotherTry(failure) || tries >= MAX_TRIES) throw failure;
    const pause = Math.min(15_000, 1000 * 2 ** (tries - 1)) * (0.5 + random.fraction());
    if (clock.monotonic() + pause >= deadline) throw failure;
    tellProgress(ctx, step.name, `${reasonOf(failure)}; trying again`, {
      waitingFor: waitNameOf(failure),
    });
    await clock.sleep(pause, ctx.interrupts.second);
  }
}

/** Sends once and waits for the task. Returns what went wrong instead of throwing it: the truth is read afterwards. */
async function attempt(
  ctx: WorkerContext,
  step: Step,
  deadline: number,
): Promise<Missed | undefined> {
  const { pve, clock } = ctx.ports;
  ctx.run.mayStart(REQUEST_DEADLINE_MS);
  const begun = clock.monotonic();
  tellProgress(ctx, step.name, step.message);
  let upid: string | undefined;
  try {
    upid = await step.send();
    if (upid === undefined) return undefined;
    const taken = upid;
    const saved = noteDoing(ctx, (state, worker) => setUpid(state, worker, taken));
    const waited = pve.tasks.wait(taken, {
      timeout: Math.max(1000, deadline - clock.monotonic()),
      signal: ctx.interrupts.second,
      onProgress: (line) =>
        tellProgress(ctx, step.name, line, {
          waitingFor: step.waitingFor,
          waitedMs: clock.monotonic() - begun,
          deadlineMs: step.timeout,
        }),
    });
    await Promise.all([saved, waited]);
    return undefined;
  } catch (error) {
    if (isFailure(error)) return { failure: error, isTaken: upid !== undefined };
    throw error;
  }
}

async function saveIntent(ctx: WorkerContext, step: Step): Promise<void> {
  const { vmid, node, uuid } = step.vm;
  const doing: Doing = {
    run: ctx.run.id,
    action: ctx.action,
    step: step.name,
    vmid,
    node,
    uuid,
    plan: ctx.planDigest,
  };
  await noteDoing(ctx, (state, worker) => setDoing(state, worker, doing));
}

/**
 * A VM that no record names (an orphan that is destroyed) has nothing to be written ahead: its marks tell whose
 * it is. Powering off goes on without it too: a full disk must leave no worker running.
 */
async function noteDoing(
  ctx: WorkerContext,
  change: (state: State, worker: string) => State,
): Promise<void> {
  try {
    await changeRecord(ctx, change);
  } catch (error) {
    if (ctx.closing !== true || error instanceof Fenced) throw error;
    tellWarning(
      ctx,
      `the state could not be written: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

/** Refused before anything could happen: not an unknown outcome. */
function wasRefused({ failure, isTaken }: Missed): boolean {
  if (isTaken || !(failure instanceof PveError)) return false;
  const { failure: kind } = failure.facts;
  return (
    kind === 'refused' || kind === 'forbidden' || kind === 'unauthenticated' || kind === 'untrusted'
  );
}

/**
 * The answer was lost or says failure: whatever PVE still does with this VM has to end before anything is read. A
 * task that can't be asked about is looked for in the list until it has ended.
 */
async function waitForStragglers(ctx: WorkerContext, step: Step, deadline: number): Promise<void> {
  const { clock } = ctx.ports;
  const begun = clock.monotonic();
  for (;;) {
    let unknown: string | undefined;
    for (const upid of await stragglers(ctx, step))
      if ((await endOf(ctx, upid, deadline)) === 'unknown') unknown = upid;
    if (unknown === undefined) return;
    const left = deadline - clock.monotonic();
    if (left <= 0) throw new TaskTimeout(unknown, clock.monotonic() - begun);
    await clock.sleep(Math.min(LOOK_EVERY_MS, left), ctx.interrupts.second);
  }
}

/** Running tasks that may be this step's; none where the list can't be read: the step looks for itself. */
async function stragglers(ctx: WorkerContext, step: Step): Promise<readonly string[]> {
  const wanted = step.task ?? { node: step.vm.node, type: '', id: step.vm.vmid };
  const saved = recordOf(ctx)?.doing?.upid;
  try {
    const tasks = await ctx.ports.pve.tasks.list(wanted.node);
    const isIts = ({ id, type }: { readonly id: string; readonly type: string }) =>
      id === String(wanted.id) && (wanted.type === '' || type === wanted.type);
    return tasks
      .filter((task) => task.running && (task.upid === saved || isIts(task)))
      .map(({ upid }) => upid);
  } catch (error) {
    if (isFailure(error)) return [];
    throw error;
  }
}

async function endOf(
  ctx: WorkerContext,
  upid: string,
  deadline: number,
): Promise<'ended' | 'unknown'> {
  const { pve, clock } = ctx.ports;
  const timeout = Math.max(1000, deadline - clock.monotonic());
  try {
    await pve.tasks.wait(upid, { timeout, signal: ctx.interrupts.second });
    return 'ended';
  } catch (error) {
    if (error instanceof TaskFailed) return 'ended';
    if (error instanceof PveError) return 'unknown';
    throw error;
  }
}

function isFailure(error: unknown): error is Failure {
  return error instanceof PveError || error instanceof TaskFailed;
}

function isWorthAnotherTry(failure: Failure): boolean {
  if (failure instanceof TaskFailed)
    return failure.failure === 'lock-timeout' || failure.failure === 'locked';
  const { failure: kind, reason } = failure.facts;
  if (kind === 'unanswered' || kind === 'node-unreachable' || kind === 'unreachable') return true;
  return (
    kind === 'failed' &&
    /got timeout|is locked|got no worker upid|checksum mismatch|file changed/i.test(reason)
  );
}

function reasonOf(failure: Failure): string {
  return failure instanceof TaskFailed ? failure.exitText : failure.facts.reason;
}

function waitNameOf(failure: Failure): string {
  const lock = /VM is locked \(([\w-]+)\)/.exec(reasonOf(failure))?.[1];
  return lock === undefined ? 'waiting-for-retry' : `waiting-for-lock(${lock})`;
}
