import type { SessionRefusal } from '../model/session-plan.ts';
import type { SessionResult } from '../model/session-result.ts';
import { exitCodeOf } from './exit-code.ts';

/** Of a session that was only planned, or refused: the code that comes first. */
export function sessionExitCode(refusals: readonly SessionRefusal[]): number {
  return refusals[0]?.exitCode ?? 0;
}

/** 0 only if every item succeeded and nobody was left running. */
export function sessionResultExitCode(result: SessionResult): number {
  const failed = result.items.some((item) => item.result !== 'ok');
  return exitCodeOf({
    interrupted: result.outcome === 'interrupted',
    refused: result.broken !== undefined,
    incomplete: result.leftRunning.length > 0 || result.isLive === true,
    itemsFailed: failed,
  });
}
