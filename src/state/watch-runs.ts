import type { Clock } from '../model/ports.ts';
import { deadByPid, isExpired, UNCHANGED_MS } from '../model/runs.ts';
import type { RunRecord, State } from '../model/state.ts';
import { type ProcessPort, pidKnowledge } from './process-facts.ts';

/** Judges whether other runs are dead; only what it has observed itself counts. */
export interface RunWatch {
  /** Looks at all runs of a state that was just read. */
  observe(state: State): Promise<void>;
  /** Proven by its pid, or expired with a beat that this watch has seen stand still for long enough. */
  verdict(run: RunRecord): Verdict;
}

export type Verdict =
  | { readonly kind: 'alive' }
  | { readonly kind: 'dead'; readonly by: 'pid' | 'beat' }
  /** Expired, and dead if its beat still is the same in so many ms. */
  | { readonly kind: 'expired'; readonly waitMs: number };

export interface WatchOptions {
  readonly clock: Clock;
  readonly clusterTime: () => number | undefined;
  /** undefined: pids prove nothing here. */
  readonly processes?: ProcessPort;
}

export function watchRuns(options: WatchOptions): RunWatch {
  const { clock, clusterTime, processes } = options;
  const sightings = new Map<string, { readonly beat: number; readonly since: number }>();
  const deadPids = new Set<string>();

  const observePid = async (run: RunRecord) => {
    const known = processes === undefined ? undefined : await pidKnowledge(processes, run.pid);
    if (deadByPid(run, known) === 'dead') deadPids.add(run.id);
  };

  return {
    observe: async (state) => {
      const now = clock.monotonic();
      for (const run of Object.values(state.runs)) {
        if (sightings.get(run.id)?.beat !== run.beat)
          sightings.set(run.id, { beat: run.beat, since: now });
      }
      await Promise.all(Object.values(state.runs).map(observePid));
    },
    verdict: (run) => {
      if (deadPids.has(run.id)) return { kind: 'dead', by: 'pid' };
      const now = clusterTime();
      if (now === undefined || !isExpired(run, now)) return { kind: 'alive' };
      const seen = sightings.get(run.id);
      const stood = seen?.beat === run.beat ? clock.monotonic() - seen.since : 0;
      return stood >= UNCHANGED_MS
        ? { kind: 'dead', by: 'beat' }
        : { kind: 'expired', waitMs: UNCHANGED_MS - stood };
    },
  };
}
