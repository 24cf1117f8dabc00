import type { AttemptStatus } from '../guest/supervise-item.ts';
import type { AttemptResult } from '../model/session.ts';

/** How an attempt ended, as it is recorded. */
export interface ItemEnding {
  readonly result: Exclude<AttemptResult, 'running'>;
  readonly exitCode?: number;
  readonly lastLine?: string;
}

/** What the guest kept of an attempt that ended, with the last line of its output. */
export function endingOf(
  { exitCode, how }: Pick<AttemptStatus, 'exitCode' | 'how'>,
  lastLine: string | undefined,
): ItemEnding {
  const words = {
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(lastLine === undefined ? {} : { lastLine }),
  };
  if (how === 'timeout') return { result: 'timeout', ...words };
  if (how === 'stopped') return { result: 'stopped', ...words };
  return { result: exitCode === 0 ? 'ok' : 'failed', ...words };
}
