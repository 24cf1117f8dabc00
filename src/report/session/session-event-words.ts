import { assertNever } from '../../model/assert-never.ts';
import { formatDuration } from '../../model/quantity.ts';
import type { SessionEvent } from '../../model/session.ts';
import { codeWords, placeWords } from './session-words.ts';

/** What happened to an item, in words that are not escaped yet; the worker and the item stand in columns of their own. */
export function sessionEventWords(event: SessionEvent): string {
  switch (event.kind) {
    case 'item-start': {
      const remarks = [placeWords(event.place), attemptWords(event)].filter((text) => text !== '');
      const vm = event.vm === undefined ? '' : `: ${event.vm}`;
      return `started${vm}${remarks.length === 0 ? '' : ` (${remarks.join(', ')})`}`;
    }
    case 'item-done':
      return `done: exit 0 in ${formatDuration(event.tookMs)}`;
    case 'item-failed': {
      if (event.result === 'stopped') return `stopped after ${formatDuration(event.tookMs)}`;
      const code = codeWords(event.result, event.exitCode);
      const isLast = event.attempt >= event.attempts;
      const rest = isLast ? (event.attempts > 1 ? 'no attempt left' : '') : attemptWords(event);
      return `FAILED: ${code} in ${formatDuration(event.tookMs)}${rest === '' ? '' : `, ${rest}`}`;
    }
    default:
      return assertNever(event);
  }
}

function attemptWords({
  attempt,
  attempts,
}: {
  readonly attempt: number;
  readonly attempts: number;
}): string {
  return attempts > 1 ? `attempt ${attempt} of ${attempts}` : '';
}
