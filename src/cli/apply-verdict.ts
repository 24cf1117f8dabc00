import type { Plan } from '../model/plan.ts';
import type { ApplyResult } from '../model/result.ts';
import { testFailed } from '../report/result-text.ts';
import { exitCodeOf } from './exit-code.ts';

const UNDONE = ['failed', 'stale', 'skipped', 'held', 'interrupted'];

/** The exit code of a run: what is not done weighs more than tests that failed. */
export function applyExitCode(plan: Plan, result: ApplyResult): number {
  const { outcomes, interrupted, leftRunning } = result;
  const stale = outcomes.filter((outcome) => outcome.result === 'stale').length;
  const held = plan.workers.some(
    (worker) => worker.held !== undefined && worker.actions.length > 0,
  );
  const named = new Set(outcomes.map(({ worker }) => worker));
  const undone =
    outcomes.some((outcome) => UNDONE.includes(outcome.result)) ||
    (held &&
      plan.workers.some(
        (worker) =>
          worker.held !== undefined && !named.has(worker.worker) && worker.actions.length > 0,
      )) ||
    leftRunning.length > 0;
  return exitCodeOf({
    interrupted,
    stale: stale > 0 && stale === outcomes.length,
    incomplete: undone,
    testsFailed: outcomes.some(testFailed),
  });
}
