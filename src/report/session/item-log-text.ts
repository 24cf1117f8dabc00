import { formatDuration } from '../../model/quantity.ts';
import type { ItemOutcome } from '../../model/session-result.ts';
import { escapeLines, escapeTerminal } from '../escape/terminal.ts';

/** The output of an item, attempt by attempt. What came from a guest does nothing to the terminal. */
export function itemLogText(
  name: string,
  outcome: ItemOutcome | undefined,
  logs: readonly (string | undefined)[],
): string {
  const blocks = logs.map((log, index) => [
    headOf(name, outcome, index, logs.length),
    ...(log === undefined ? ['(no output is kept here)'] : escapeLines(log.replace(/\n$/, ''))),
  ]);
  return `${blocks.map((lines) => `${lines.join('\n')}\n`).join('\n')}`;
}

function headOf(
  name: string,
  outcome: ItemOutcome | undefined,
  index: number,
  all: number,
): string {
  const attempt = outcome?.attempts[index];
  const isLast = index === all - 1;
  const how =
    attempt === undefined
      ? ''
      : `, in ${escapeTerminal(attempt.worker)}, ${formatDuration(attempt.end - attempt.start)}${
          attempt.exitCode === undefined ? '' : `, exit ${attempt.exitCode}`
        }`;
  const result = isLast && outcome !== undefined ? `: ${outcome.result}` : '';
  return `== ${escapeTerminal(name)}, attempt ${index + 1} of ${all}${how}${result}`;
}
