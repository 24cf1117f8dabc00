import { Fenced } from './errors.ts';
import { having, lookup, without } from './lookup.ts';
import type { Lease, RunRecord, State, WorkerRecord } from './state.ts';

/** Runs, their beats and their leases (design section 4). Pure; all times are cluster time in ms. */

/** Without a beat for so long, a run has lost its right to act. */
export const RUN_TTL_MS: Readonly<Record<RunRecord['kind'], number>> = {
  apply: 2 * 60_000,
  session: 10 * 60_000,
};

export const BEAT_EVERY_MS = 30_000;

/** How long a taker must itself have seen an expired beat stand still: longer than a beat takes to come. */
export const UNCHANGED_MS = 40_000;

/** Adds a run. Throws when the id is taken: ids are drawn at random, so that is a bug. */
export function registerRun(state: State, run: RunRecord): State {
  if (lookup(state.runs, run.id) !== undefined)
    throw new Error(`run ${run.id} is registered already`);
  return { ...state, runs: having(state.runs, run.id, run) };
}

/**
 * Refreshes a run's beat. It always changes, so that a watcher sees life even when the cluster's clock stands
 * or is set back. Throws Fenced when the run is gone or was taken over.
 */
export function beat(state: State, runId: string, clusterNow: number): State {
  const run = requireRun(state, runId);
  const wasSetBack = run.beat - clusterNow > RUN_TTL_MS[run.kind];
  const next = clusterNow > run.beat || wasSetBack ? clusterNow : run.beat + 1;
  return { ...state, runs: having(state.runs, runId, { ...run, beat: next }) };
}

/** The run, which must still have its right to act; throws Fenced otherwise. */
export function requireRun(state: State, runId: string): RunRecord {
  const run = lookup(state.runs, runId);
  if (run === undefined) throw new Fenced(`run ${runId} has ended, or another run ended it`);
  if (run.lostTo !== undefined)
    throw new Fenced(`run ${runId} was taken over by run ${run.lostTo}: it gave no beat in time`);
  return run;
}

/**
 * Removes a run and its leases. What it was doing stays recorded, and from now on counts as interrupted. Of runs
 * that were taken over, the leases of workers with which nothing was begun go too.
 */
export function endRun(state: State, runId: string): State {
  const released = releaseLeases(state, runId);
  const runs = without(released.runs, runId);
  if (runs === released.runs) return released;
  return dropEmptyRuns(releaseIdle({ ...released, runs }, ({ lostTo }) => lostTo !== undefined));
}

/** Drops runs that have expired, and with them their leases of workers with which they had begun nothing. */
export function dropExpiredRuns(before: State, clusterNow: number): State {
  const state = releaseIdle(before, (run) => isExpired(run, clusterNow));
  const holders = new Set(Object.values(state.workers).map(({ lease }) => lease?.run));
  const kept = Object.entries(state.runs).filter(
    ([id, run]) => holders.has(id) || !isExpired(run, clusterNow),
  );
  if (kept.length === Object.keys(state.runs).length) return state;
  return { ...state, runs: Object.fromEntries(kept) };
}

function releaseIdle(state: State, isDead: (run: RunRecord) => boolean): State {
  const dead = Object.values(state.runs).filter(isDead);
  return dead.reduce((next, { id }) => {
    const idle = Object.entries(next.workers).filter(([, { doing }]) => doing === undefined);
    return releaseLeases(
      next,
      id,
      idle.map(([name]) => name),
    );
  }, state);
}

export interface LeasesTaken {
  readonly state: State;
  /** Leased by a run that lives. */
  readonly refused: readonly { readonly worker: string; readonly holder: RunRecord }[];
  /** Not in the state: nothing to lease. Record the worker first, in the same write. */
  readonly unknown: readonly string[];
}

/**
 * Leases those workers to a run, as far as no living run holds them. `isDead` judges other holders: `nobody`
 * while planning, a watch of their beats when taking over. A dead holder loses its right to act at once, for
 * all its workers; those that are not asked for keep its lease, so that it can be seen what it left.
 */
export function takeLeases(
  state: State,
  runId: string,
  workers: readonly string[],
  isDead: (run: RunRecord) => boolean,
): LeasesTaken {
  requireRun(state, runId);
  const refused: { worker: string; holder: RunRecord }[] = [];
  const unknown: string[] = [];
  let next = state;
  for (const worker of workers) {
    const record = lookup(next.workers, worker);
    const holder = record?.lease === undefined ? undefined : lookup(next.runs, record.lease.run);
    if (record === undefined) unknown.push(worker);
    else if (holder?.id === runId) continue;
    else if (holder !== undefined && holder.lostTo === undefined && !isDead(holder))
      refused.push({ worker, holder });
    else next = lease(loseTo(next, holder, runId), worker, record, runId);
  }
  return { state: dropEmptyRuns(next), refused, unknown };
}

/** Gives back this run's leases: of those workers, or of all. */
export function releaseLeases(state: State, runId: string, workers?: readonly string[]): State {
  const released: [string, WorkerRecord][] = [];
  for (const name of workers ?? Object.keys(state.workers)) {
    const record = lookup(state.workers, name);
    if (record?.lease?.run !== runId) continue;
    const { lease: _, ...rest } = record;
    released.push([name, rest]);
  }
  if (released.length === 0) return state;
  return { ...state, workers: { ...state.workers, ...Object.fromEntries(released) } };
}

/** True when a run may no longer act, judged by its beat alone. For planning and for what people see. */
export function isExpired(run: RunRecord, clusterNow: number): boolean {
  return run.lostTo !== undefined || clusterNow - run.beat > RUN_TTL_MS[run.kind];
}

/** The living run that holds this worker, if one does. */
export function holderOf(
  record: WorkerRecord,
  state: State,
  clusterNow: number,
): RunRecord | undefined {
  const run = record.lease === undefined ? undefined : lookup(state.runs, record.lease.run);
  return run === undefined || isExpired(run, clusterNow) ? undefined : run;
}

/** When the session that a run leads should be over, by its estimates; undefined: nobody knows, or that is past. */
export function expectedEnd(
  holder: RunRecord,
  state: Pick<State, 'sessions'>,
  clusterNow: number,
): number | undefined {
  const session = holder.session === undefined ? undefined : lookup(state.sessions, holder.session);
  const end = session?.kind === 'live' ? session.expectedEnd : undefined;
  return end === undefined || end <= clusterNow ? undefined : end;
}

/** True when the worker is leased, but the run that holds it is gone, expired or taken over. */
export function runLost(record: WorkerRecord, state: State, clusterNow: number): boolean {
  return record.lease !== undefined && holderOf(record, state, clusterNow) === undefined;
}

/** True when something was begun with this worker and no living run goes on with it. */
export function interrupted(record: WorkerRecord, state: State, clusterNow: number): boolean {
  if (record.doing === undefined) return false;
  const run = lookup(state.runs, record.doing.run);
  return run === undefined || isExpired(run, clusterNow);
}

/** The worker's lease, which must be this run's; throws Fenced otherwise. */
export function requireLease(state: State, runId: string, worker: string): Lease {
  requireRun(state, runId);
  const lease = lookup(state.workers, worker)?.lease;
  if (lease?.run !== runId)
    throw new Fenced(
      `run ${runId} does not hold worker ${worker}${lease === undefined ? '' : `: run ${lease.run} does`}`,
    );
  return lease;
}

/** What this machine can say about process ids. `startTime`: of a living process, undefined when there is none. */
export interface PidKnowledge {
  readonly host: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly startTime: string | undefined;
}

/**
 * What a run's process id proves. Only on the same host, boot and pid namespace is it the same process table;
 * there, no process with that id, or one started at another time, is proof of death.
 */
export function deadByPid(
  run: Pick<RunRecord, 'host' | 'pidProof'>,
  seen: PidKnowledge | undefined,
): 'dead' | 'alive' | 'unknown' {
  const proof = run.pidProof;
  if (proof === undefined || seen === undefined) return 'unknown';
  const comparable =
    run.host === seen.host &&
    proof.bootId === seen.bootId &&
    proof.pidNamespace === seen.pidNamespace;
  if (!comparable) return 'unknown';
  return proof.startTime === seen.startTime ? 'alive' : 'dead';
}

/** For messages: `apply 4f2c… of ci@runner-3 (pid 812 on runner-3), https://…`. */
export function describeRun(run: RunRecord): string {
  return `${run.kind} ${run.session ?? run.id} of ${whereabouts(run)}`;
}

/** Who leads a run, and where: `ci@runner-3 (pid 812 on runner-3), https://…`. */
export function whereabouts({ who, pid, host, jobUrl }: RunRecord): string {
  return `${who} (pid ${pid} on ${host})${jobUrl === undefined ? '' : `, ${jobUrl}`}`;
}

/** What holds a worker, as one line has room for: `session nightly-…`, which has a name, or as `describeRun`. */
export function holderName(run: RunRecord): string {
  return run.session === undefined ? describeRun(run) : `session ${run.session}`;
}

/**
 * A fence is above every earlier one of this worker, also when its record was forgotten in between: each lease
 * takes a write, so no fence ever was above the serial.
 */
function lease(state: State, worker: string, record: WorkerRecord, runId: string): State {
  const fence = (record.fence ?? state.serial) + 1;
  const leased: WorkerRecord = { ...record, fence, lease: { run: runId, fence } };
  return { ...state, workers: having(state.workers, worker, leased) };
}

function loseTo(state: State, holder: RunRecord | undefined, taker: string): State {
  if (holder === undefined || holder.lostTo !== undefined) return state;
  return { ...state, runs: having(state.runs, holder.id, { ...holder, lostTo: taker }) };
}

/** A run that was taken over is kept as long as a lease names it. */
function dropEmptyRuns(state: State): State {
  if (Object.values(state.runs).every((run) => run.lostTo === undefined)) return state;
  const named = new Set(Object.values(state.workers).map((record) => record.lease?.run));
  const kept = Object.entries(state.runs).filter(
    ([id, run]) => run.lostTo === undefined || named.has(id),
  );
  if (kept.length === Object.keys(state.runs).length) return state;
  return { ...state, runs: Object.fromEntries(kept) };
}
