import { structuredPatch } from 'diff';
import { escapeTerminal } from '../escape/terminal.ts';
import { clip } from '../layout.ts';

/** Unrelated texts take quadratic time, so that both are bounded. */
const LIMITS = { timeout: 200, maxEditLength: 2000 } as const;
const MOST_LINES = 200;

/** A unified diff without file names. Texts too different or too long to compare in time: one replaced by the other. */
export function textDiff(before: string, after: string, width: number): readonly string[] {
  const patch = structuredPatch('', '', before, after, '', '', { context: 3, ...LIMITS });
  const lines =
    patch === undefined
      ? [
          '(too different to compare: shown as a whole replacement)',
          ...whole('-', before),
          ...whole('+', after),
        ]
      : patch.hunks.flatMap((hunk) => [
          `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
          ...hunk.lines,
        ]);
  const shown = lines.slice(0, MOST_LINES);
  const rest = lines.length - shown.length;
  const escaped = shown.map((line) => clip(escapeTerminal(line.replaceAll('\t', '  ')), width));
  return rest > 0 ? [...escaped, `... ${rest} more lines`] : escaped;
}

/** "3 lines added, 1 removed": for reports that don't show the diff itself. */
export function diffSummary(before: string, after: string): string {
  const patch = structuredPatch('', '', before, after, '', '', { context: 0, ...LIMITS });
  if (patch === undefined) return 'replaced as a whole';
  const lines = patch.hunks.flatMap((hunk) => hunk.lines);
  const added = lines.filter((line) => line.startsWith('+')).length;
  const removed = lines.filter((line) => line.startsWith('-')).length;
  return `${added} ${added === 1 ? 'line' : 'lines'} added, ${removed} removed`;
}

function whole(sign: '-' | '+', text: string): readonly string[] {
  if (text === '') return [];
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `${sign}${line}`);
}
