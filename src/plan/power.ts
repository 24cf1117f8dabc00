import type { Change, Reason } from '../model/plan.ts';
import { holderOf, interrupted, runLost } from '../model/runs.ts';
import type { Located } from './identity.ts';
import type { WorkerCase, WorkerContext } from './plan-input.ts';

/** Why a worker that should be off is to be powered off; undefined when it is off or in use. */
export function shutdownReason(
  { record }: WorkerCase,
  located: Located,
  { state, inventory }: WorkerContext,
): Reason | undefined {
  if (located.kind !== 'ours' || located.vm.status !== 'running') return undefined;
  const now = inventory.cluster.time;
  if (record === undefined) return 'left-running';
  if (holderOf(record, state, now) !== undefined) return undefined;
  const lost = runLost(record, state, now) || interrupted(record, state, now);
  return lost ? 'run-lost' : 'left-running';
}

/** At rest a worker is off: running is drift like any other. */
export const POWER_OFF: Change = {
  path: 'power',
  before: 'running',
  after: 'off',
  causes: ['drift'],
  cost: 'power-off',
};
