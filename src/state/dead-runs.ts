import { deadByPid } from '../model/runs.ts';
import type { RunRecord, State } from '../model/state.ts';
import { type ProcessPort, pidKnowledge } from './process-facts.ts';

/**
 * The state as planning should see it: a run whose process is proven dead has no beat any more, so what it left
 * shows as interrupted at once, not after its beat has expired. A view only, never written.
 */
export async function withoutDeadRuns(state: State, processes: ProcessPort): Promise<State> {
  const entries = await Promise.all(
    Object.entries(state.runs).map(async ([id, run]): Promise<[string, RunRecord]> => {
      const known = await pidKnowledge(processes, run.pid);
      return [id, deadByPid(run, known) === 'dead' ? { ...run, beat: 0 } : run];
    }),
  );
  return entries.length === 0 ? state : { ...state, runs: Object.fromEntries(entries) };
}
