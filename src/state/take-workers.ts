import { lookup } from '../model/lookup.ts';
import type { Clock, Ledger } from '../model/ports.ts';
import { type LeasesTaken, takeLeases } from '../model/runs.ts';
import type { RunRecord, State } from '../model/state.ts';
import type { RunWatch } from './watch-runs.ts';

export interface TakeOptions {
  /** The run's own ledger (LiveRun.ledger), so that taking is a beat. */
  readonly ledger: Ledger;
  readonly runId: string;
  readonly workers: readonly string[];
  readonly watch: RunWatch;
  readonly clock: Clock;
  /** The longest that one request of a run may take, ms: what a killed run has sent may still be carried out. */
  readonly requestDeadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told before each wait: which runs look dead, and for how many ms they are watched. */
  readonly onWait?: (suspects: readonly RunRecord[], ms: number) => void;
}

export interface WorkersTaken extends LeasesTaken {
  /** Dead runs that held some of them; what they began is still recorded in `doing`. */
  readonly takenFrom: readonly RunRecord[];
}

/**
 * Leases workers for a run, also from dead runs. A run that only looks dead is watched first; that takes less
 * than a minute. When this resolves, nothing that a dead run has sent can still arrive at PVE; tasks that PVE
 * itself runs for it may go on (their UPIDs are in `doing`). Rejects with the signal's reason when aborted.
 */
export async function takeWorkers(options: TakeOptions): Promise<WorkersTaken> {
  const { ledger, watch, clock, signal } = options;
  const takenFrom = new Map<string, RunRecord>();
  await watch.observe(await ledger.refresh());
  for (let tries = 1; ; tries += 1) {
    const { before, taken } = await tryTake(options);
    for (const run of losers(before, taken.state, options.workers)) takenFrom.set(run.id, run);
    const suspects = taken.refused.map(({ holder }) => holder);
    const ms = watchTime(watch, suspects);
    if (ms === undefined || tries === MAX_TRIES)
      return waitOut(options, { ...taken, takenFrom: [...takenFrom.values()] });
    options.onWait?.(suspects, ms);
    await clock.sleep(ms, signal);
    await watch.observe(await ledger.refresh());
  }
}

/** A run that beats with a clock far behind looks expired again and again; it is not dead. */
const MAX_TRIES = 3;

/** One write. The change may be applied more than once; only its last outcome counts. */
async function tryTake(
  options: TakeOptions,
): Promise<{ readonly before: State; readonly taken: LeasesTaken }> {
  const { ledger, runId, workers, watch } = options;
  let last: { readonly before: State; readonly taken: LeasesTaken } | undefined;
  const state = await ledger.commit((before) => {
    const isDead = (run: RunRecord) => watch.verdict(run).kind === 'dead';
    const taken = takeLeases(before, runId, workers, isDead);
    last = { before, taken };
    return taken.state;
  });
  if (last === undefined) throw new Error('the change was not applied');
  return { before: last.before, taken: { ...last.taken, state } };
}

/** How long to watch those that look dead, ms; undefined when none does. */
function watchTime(watch: RunWatch, runs: readonly RunRecord[]): number | undefined {
  const waits = runs.map((run) => watch.verdict(run)).filter(({ kind }) => kind === 'expired');
  if (waits.length === 0) return undefined;
  return Math.max(...waits.map((verdict) => (verdict.kind === 'expired' ? verdict.waitMs : 0)));
}

/** A run that expired by its beat has sent nothing for long; one that was killed may have, just before. */
async function waitOut(options: TakeOptions, taken: WorkersTaken): Promise<WorkersTaken> {
  const sudden = taken.takenFrom.filter((run) => {
    const verdict = options.watch.verdict(run);
    const isSudden = verdict.kind === 'dead' && verdict.by === 'pid';
    return isSudden && hasUnanswered(taken.state, run, options.workers);
  });
  if (sudden.length === 0) return taken;
  options.onWait?.(sudden, options.requestDeadlineMs);
  await options.clock.sleep(options.requestDeadlineMs, options.signal);
  return { ...taken, state: await options.ledger.refresh() };
}

/** An intent without a UPID: its request may not have been answered. With one, PVE's task can be asked. */
function hasUnanswered(state: State, run: RunRecord, workers: readonly string[]): boolean {
  return workers.some((name) => {
    const doing = lookup(state.workers, name)?.doing;
    return doing !== undefined && doing.run === run.id && doing.upid === undefined;
  });
}

function losers(before: State, after: State, workers: readonly string[]): readonly RunRecord[] {
  const lost = workers.flatMap((name) => {
    const from = lookup(before.workers, name)?.lease?.run;
    return from === undefined || from === lookup(after.workers, name)?.lease?.run ? [] : [from];
  });
  return [...new Set(lost)].flatMap((id) => lookup(before.runs, id) ?? []);
}
