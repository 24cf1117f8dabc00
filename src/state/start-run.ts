import { Fenced } from '../model/errors.ts';
import { sameJson } from '../model/json.ts';
import type { Clock, Ledger } from '../model/ports.ts';
import {
  BEAT_EVERY_MS,
  beat,
  dropExpiredRuns,
  endRun,
  RUN_TTL_MS,
  registerRun,
  requireRun,
} from '../model/runs.ts';
import type { RunRecord, State } from '../model/state.ts';

export interface StartRunOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** The cluster's time in ms (Pve.clusterTime); known after the first answer of the cluster. */
  readonly clusterTime: () => number | undefined;
  readonly run: Omit<RunRecord, 'beat' | 'startedAt' | 'lostTo'>;
  /** Told of each beat that could not be written; the next one is tried soon. */
  readonly onTrouble?: (error: unknown) => void;
}

/** A registered run with its right to act. */
export interface LiveRun {
  readonly id: string;
  /**
   * The run's view of the state. Each write through it is a beat too. A change is rejected with Fenced, and
   * not written, as soon as another run took this one over.
   */
  readonly ledger: Ledger;
  /**
   * Throws Fenced unless an effect that may take `deadlineMs` ends while this run's last acknowledged beat is
   * good. Call it right before each effect.
   */
  mayStart(deadlineMs: number): void;
  /** Aborted with the Fenced error when this run has lost its right to act: nothing may wait on. */
  readonly lost: AbortSignal;
  /** Writes a beat now. */
  renew(): Promise<void>;
  /** Stops the heartbeat, gives back all leases, removes the run. May be called again; never throws Fenced. */
  end(): Promise<void>;
  /** Stops the heartbeat and leaves leases and run as they are: another run takes over when the beat has expired. */
  abandon(): Promise<void>;
}

/** How soon a beat that could not be written is tried again. */
const RETRY_MS = 5_000;

/** Registers a run and keeps its beat going until `end`. Throws what the ledger throws. */
export async function startRun(options: StartRunOptions): Promise<LiveRun> {
  const { ledger, clock, run } = options;
  const acknowledged = acknowledgements(clock);
  const ended = new AbortController();
  const lost = new AbortController();
  await register(options, acknowledged);

  const onFenced = (error: Fenced) => {
    if (!ended.signal.aborted) lost.abort(error);
  };
  const commit = beatingCommit(options, acknowledged, onFenced);
  const renew = async () => {
    await commit((state) => state, true);
  };
  const heartbeat = keepBeating(options, acknowledged, renew, ended.signal);
  return {
    id: run.id,
    ledger: {
      current: ledger.current,
      refresh: ledger.refresh,
      commit: (change) => commit(change),
    },
    mayStart: (deadlineMs) => {
      if (lost.signal.aborted) throw lost.signal.reason;
      requireTime(run, acknowledged.age(), deadlineMs);
    },
    lost: lost.signal,
    renew,
    abandon: async () => {
      ended.abort();
      await heartbeat;
    },
    end: async () => {
      ended.abort();
      await heartbeat;
      await ledger.commit((state) => dropExpiredRuns(endRun(state, run.id), clusterNow(options)));
    },
  };
}

async function register(options: StartRunOptions, acknowledged: Acknowledgements): Promise<void> {
  const sent = acknowledged.mark();
  await options.ledger.commit((state) => {
    const now = clusterNow(options);
    return registerRun(state, { ...options.run, beat: now, startedAt: now });
  });
  acknowledged.confirm(sent);
}

/** Commits as the run: refused when it has lost its right to act, a beat when anything is written. */
function beatingCommit(
  options: StartRunOptions,
  acknowledged: Acknowledgements,
  onFenced: (error: Fenced) => void,
): (change: (state: State) => State, always?: boolean) => Promise<State> {
  const { ledger, run } = options;
  return async (change, always = false) => {
    let sent: Instant | undefined;
    const beatWith = (before: State): State => {
      requireRun(before, run.id);
      const after = change(before);
      const isBeat = always || !sameJson(after, before);
      sent = isBeat ? acknowledged.mark() : undefined;
      return isBeat ? beatIfRegistered(after, run.id, clusterNow(options)) : before;
    };
    const state = await ledger.commit(beatWith).catch((error: unknown) => {
      if (error instanceof Fenced) onFenced(error);
      throw error;
    });
    if (sent !== undefined) acknowledged.confirm(sent);
    return state;
  };
}

interface Acknowledgements {
  /** Now, to be confirmed when the write that is about to be sent is acknowledged. */
  mark(): Instant;
  confirm(sent: Instant): void;
  /** Ms since the last confirmed one was sent. */
  age(): number;
}

interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

/**
 * A suspended machine's monotonic clock stands still while others count on; its wall clock does not. The longer
 * of both is believed.
 */
function acknowledgements(clock: Clock): Acknowledgements {
  const mark = () => ({ monotonic: clock.monotonic(), wall: clock.now() });
  let last = mark();
  return {
    mark,
    confirm: (sent) => {
      if (sent.monotonic >= last.monotonic) last = sent;
    },
    age: () => Math.max(clock.monotonic() - last.monotonic, clock.now() - last.wall),
  };
}

/** Ends when stopped, or when the run is lost. A beat that fails otherwise is tried again soon. */
async function keepBeating(
  options: StartRunOptions,
  acknowledged: Acknowledgements,
  renew: () => Promise<void>,
  stop: AbortSignal,
): Promise<void> {
  const { clock, onTrouble } = options;
  let pause = BEAT_EVERY_MS;
  while (!stop.aborted) {
    await clock.sleep(pause, stop).catch(ignoreAbort(stop));
    if (stop.aborted) return;
    pause = BEAT_EVERY_MS - acknowledged.age();
    if (pause > 0) continue;
    try {
      await renew();
      pause = BEAT_EVERY_MS;
    } catch (error) {
      if (error instanceof Fenced) return;
      onTrouble?.(error);
      pause = RETRY_MS;
    }
  }
}

function ignoreAbort(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}

/** The change may have been this run's own end. */
function beatIfRegistered(state: State, runId: string, now: number): State {
  return Object.hasOwn(state.runs, runId) ? beat(state, runId, now) : state;
}

/** Whole ms, as the state keeps them. */
function clusterNow(options: StartRunOptions): number {
  const time = options.clusterTime();
  if (time === undefined) throw new Error('a run needs the cluster time: ask the cluster first');
  return Math.floor(time);
}

function requireTime(run: Pick<RunRecord, 'id' | 'kind'>, ageMs: number, deadlineMs: number): void {
  const ttl = RUN_TTL_MS[run.kind];
  if (ageMs + deadlineMs < ttl) return;
  throw new Fenced(
    `run ${run.id} may start nothing new: its last saved beat is ${Math.round(ageMs / 1000)} s old, and after ${ttl / 1000} s another run may take over`,
  );
}
