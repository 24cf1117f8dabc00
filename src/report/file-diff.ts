import { createTwoFilesPatch } from 'diff';
import { escapeLines } from './escape/terminal.ts';

/** A unified diff that `patch` takes, of one file before and after. */
export function fileDiff(path: string, before: string, after: string): string {
  const patch = createTwoFilesPatch(`a/${path}`, `b/${path}`, before, after, undefined, undefined, {
    context: 3,
    headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
  });
  return escapeLines(patch.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}
