import type { AttemptStatus } from '../guest/supervise-item.ts';
import type { AttemptResult } from '../model/session.ts';

/** How an attempt ended, as it is recorded. */
export interface ItemEnding {
  readonly result: Exclude<AttemptResult, 'running'>;
  readonly exitCode?: number;
  readonly lastLine?: string;
  /** How long it took by the guest's clock, ms: who looks later must not count the time until then. */
  readonly tookMs?: number;
}

/** What the guest kept of an attempt that ended, with the last line of its output. */
export function endingOf(
  { exitCode, how, elapsed }: Pick<AttemptStatus, 'exitCode' | 'how' | 'elapsed'>,
  lastLine: string | undefined,
): ItemEnding {
  const words = {
    ...(elapsed > 0 ? { tookMs: elapsed } : {}),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(lastLine === undefined ? {} : { lastLine }),
  };
  if (how === 'timeout') return { result: 'timeout', ...words };
  if (how === 'stopped') return { result: 'stopped', ...words };
  return { result: exitCode === 0 ? 'ok' : 'failed', ...words };
}

/** When it ended, cluster time in ms: never after `now`. */
export function endTime(startedAt: number, { tookMs }: ItemEnding, now: number): number {
  return tookMs === undefined ? now : Math.min(now, startedAt + Math.round(tookMs));
}
