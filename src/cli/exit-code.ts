/**
 * The exit codes of every command, in the order in which they are decided: the first that holds wins.
 * Scripts rely on them; they are part of the program's interface.
 */
export const EXIT_CODES = {
  interrupted: 130,
  /** Nothing could be tried: bad input, no cluster, an unreadable or missing plan file, a bug. */
  impossible: 1,
  /** The state is locked, or a needed worker is leased. */
  locked: 4,
  /** Refused by a guard, `protect` or a foreign volume. */
  refused: 6,
  /** Stale, or another digest than the expected one. */
  stale: 3,
  /** Some done; some failed, stale, skipped or held. */
  incomplete: 5,
  itemsFailed: 8,
  testsFailed: 7,
  /** `plan --detailed-exitcode`, held ones too; `drift`. */
  changes: 2,
} as const;

export type Verdict = keyof typeof EXIT_CODES;

const ORDER = Object.keys(EXIT_CODES) as Verdict[];

/** 0 when none of the verdicts holds. */
export function exitCodeOf(verdicts: Partial<Readonly<Record<Verdict, boolean>>>): number {
  const first = ORDER.find((verdict) => verdicts[verdict] === true);
  return first === undefined ? 0 : EXIT_CODES[first];
}
