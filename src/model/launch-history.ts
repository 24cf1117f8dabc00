import { sameJson } from './json.ts';
import { having, lookup } from './lookup.ts';
import type { LaunchPhase, LaunchTimes } from './session.ts';
import type { State } from './state.ts';

/** A worker enters a phase; cluster time, ms. */
export interface LaunchMark {
  readonly phase: LaunchPhase;
  readonly at: number;
}

/**
 * What a worker's launch took, phase by phase, for later predictions. A phase that it was powered off in says
 * nothing about how long it takes, nor does a patch that was skipped.
 */
export function rememberLaunch(
  state: State,
  worker: string,
  marks: readonly LaunchMark[],
  offAt: number,
): State {
  const record = lookup(state.workers, worker);
  if (record === undefined) return state;
  const before = record.last.launch ?? {};
  const took = timesOf(marks, offAt, record.last.patch?.at ?? 0);
  const phases = ['deploy', 'update', 'start', 'agent', 'test', 'patch', 'stop'] as const;
  const entries = phases.flatMap((phase) => {
    const last = took[phase];
    const ms = last === undefined ? before[phase] : smoothed(before[phase], last);
    return ms === undefined ? [] : [[phase, ms] as const];
  });
  const launch: LaunchTimes = Object.fromEntries(entries);
  if (sameJson(launch, before)) return state;
  const next = { ...record, last: { ...record.last, launch } };
  return { ...state, workers: having(state.workers, worker, next) };
}

/** Half the last one, half what was known: follows growth, and forgets one odd night. */
export function smoothed(before: number | undefined, took: number): number {
  return Math.round(before === undefined ? took : (before + took) / 2);
}

function timesOf(
  marks: readonly LaunchMark[],
  offAt: number,
  patchedAt: number,
): Partial<Record<LaunchPhase, number>> {
  const times: Partial<Record<LaunchPhase, number>> = {};
  marks.forEach(({ phase, at }, index) => {
    const next = marks[index + 1];
    const isOver =
      phase === 'stop' ? next === undefined : next !== undefined && next.phase !== 'stop';
    if (!isOver || (phase === 'patch' && patchedAt < at)) return;
    // Tested again after a reboot: both turns count.
    times[phase] = (times[phase] ?? 0) + Math.max(0, (next?.at ?? offAt) - at);
  });
  return times;
}
