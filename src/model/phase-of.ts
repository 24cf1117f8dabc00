import type { Phase } from './lifecycle.ts';
import type { RunRecord, WorkerRecord } from './state.ts';

/** Where what a run last began with a worker leaves it in its life. */
const PHASES: Readonly<Record<string, Phase>> = {
  deploy: 'deploying',
  replace: 'deploying',
  destroy: 'removing',
  forget: 'removing',
  shutdown: 'stopping',
  test: 'testing',
  session: 'working',
};

/** Where a worker is in its life, by its record and the live run that holds it. */
export function phaseOf(record: WorkerRecord | undefined, holder: RunRecord | undefined): Phase {
  const doing = record?.doing?.run === holder?.id ? record?.doing : undefined;
  if (holder !== undefined && doing !== undefined) return PHASES[doing.action] ?? 'shut-down';
  if (record?.vm === undefined) return 'configured';
  return holder?.kind === 'session' ? 'working' : 'shut-down';
}
