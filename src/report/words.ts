import type { Cause, Held } from '../model/plan.ts';

/** Why an attribute changes. Of neither the declaration's nor somebody's making is what no worker is without. */
export const CAUSES: Readonly<Record<Cause, string>> = {
  declaration: 'declared',
  drift: 'drift',
  image: 'image',
  tool: 'as every worker has it',
};

/** "1 worker", "3 workers", "2 nodes". */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}

/** "a", "a and b", "a, b and c", "a, b, c and 4 more". */
export function listing(names: readonly string[], most = 5): string {
  const shown = names.slice(0, names.length === most + 1 ? most + 1 : most);
  const rest = names.length - shown.length;
  const parts = rest > 0 ? [...shown, `${rest} more`] : [...shown];
  const last = parts.pop() ?? '';
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}

/** Ms since the epoch as "2026-11-22 02:14 UTC". */
export function utcMinute(ms: number): string {
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return 'unknown time';
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Behind what holds a worker: a quarantine's end is set, a session's is a guess. */
export function untilWords({ why, until }: Pick<Held, 'why' | 'until'>): string {
  if (until === undefined) return '';
  return `, ${why === 'quarantined' ? '' : 'expected '}until ${utcMinute(until)}`;
}

/** "0:07", "12:31", "1:02:07": time since a run's start, from ms. */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** As typed in a shell: quoted only where it must be. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
