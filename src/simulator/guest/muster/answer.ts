import type { GuestEffect, ProgramResult } from '../program.ts';

/** Refused: a higher fence was seen. */
export const FENCED = 75;

/** Lines of tab-separated fields, as the real scripts print them. */
export function answer(
  lines: readonly (readonly (string | number)[])[],
  takesMs = 20,
  effects: readonly GuestEffect[] = [],
): ProgramResult {
  const stdout = lines.map((fields) => `${fields.map(cleanField).join('\t')}\n`).join('');
  return { stdout, stderr: '', exit: 0, takesMs, effects };
}

export function refuse(exit: number, why: string): ProgramResult {
  return { stdout: '', stderr: `${why}\n`, exit, takesMs: 10 };
}

function cleanField(value: string | number): string {
  return String(value)
    .replace(/[\t\r\n]/g, ' ')
    .replace(/[\u0000-\u001f\u007f]/g, '')
    .slice(0, 400);
}
