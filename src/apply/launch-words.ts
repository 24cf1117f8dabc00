import type { Patched } from '../guest/patch-guest.ts';
import { assertNever } from '../model/assert-never.ts';
import { GuestError, PveError, TaskFailed, TaskTimeout, WaitTimeout } from '../model/errors.ts';
import type { CheckResult } from '../model/state.ts';
import { tellDone, type WorkerContext } from './context.ts';

/** What a launch tells, and how a failure on the way becomes the result of a check. */

export function patchWords({ record, rebootRequired }: Patched, took: string): string {
  switch (record.result) {
    case 'patched':
      return `done in ${took}: ${record.packages.length} packages, ${rebootRequired ? 'a reboot is needed' : 'no reboot needed'}`;
    case 'nothing':
      return 'nothing to install';
    case 'skipped':
      return `skipped: ${record.message ?? ''}`;
    case 'failed':
      return record.message ?? 'it did not say why';
    default:
      return assertNever(record.result);
  }
}

export function tellChecks(ctx: WorkerContext, results: readonly CheckResult[]): void {
  const bad = results.find(({ result }) => result === 'fail');
  const good = results.filter(passed).length;
  if (bad === undefined) {
    tellDone(ctx, 'test', `${good} passed in ${spent(results)}`);
    return;
  }
  const notRun = results.filter(
    ({ result, seen }) => result === 'skip' && seen === 'not run',
  ).length;
  const count = `${good} passed, 1 failed, ${notRun} not run`;
  const detail = [`seen:  ${bad.seen}`, ...(bad.hint === undefined ? [] : [`hint:  ${bad.hint}`])];
  tellDone(ctx, 'test', `at "${bad.id}" (${count})`, { failed: true, detail });
}

/** What kept the guest from being tested, as the result of a check; undefined: not the guest's fault. */
export function gateFailure(error: unknown): CheckResult | undefined {
  if (error instanceof WaitTimeout)
    return failure(error.waitingFor.replace(/^waiting-for-/, ''), error.message);
  if (error instanceof GuestError)
    return {
      ...failure(error.code, error.message),
      ...(error.remedy === undefined ? {} : { hint: error.remedy }),
    };
  const isStart =
    error instanceof PveError || error instanceof TaskFailed || error instanceof TaskTimeout;
  return isStart ? failure('start', error.message) : undefined;
}

export function failure(id: string, seen: string): CheckResult {
  return { id, result: 'fail', ms: 0, seen };
}

export function hasFailed(results: readonly CheckResult[]): boolean {
  return results.some(({ result }) => result === 'fail');
}

function passed({ result }: CheckResult): boolean {
  return result === 'pass' || result === 'warn';
}

function spent(results: readonly CheckResult[]): string {
  return `${(results.reduce((sum, { ms }) => sum + ms, 0) / 1000).toFixed(1)} s`;
}
