import type { ApplyResult } from '../model/result.ts';
import { testFailed } from '../report/result-text.ts';
import { exitCodeOf } from './exit-code.ts';

/** The exit code of a run: what is not done weighs more than tests that failed. */
export function applyExitCode({ outcomes, interrupted, leftRunning }: ApplyResult): number {
  const stale = outcomes.filter(({ result }) => result === 'stale').length;
  return exitCodeOf({
    interrupted,
    stale: stale > 0 && stale === outcomes.length,
    incomplete: outcomes.some(({ result }) => result !== 'done') || leftRunning.length > 0,
    testsFailed: outcomes.some(testFailed),
  });
}
