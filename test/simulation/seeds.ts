import type { Verdict } from './session-seed.ts';

/** These seeds, or only the one that MUSTER_SEED names. */
export function seedsFrom(count: number, first: number): readonly number[] {
  const only = process.env.MUSTER_SEED;
  if (only !== undefined) return [Number(only)];
  return Array.from({ length: count }, (_, index) => first + index);
}

/** For the message of a failing seed: what happened, and how to see it again. */
export function verdictText({ seed, story, wrong }: Verdict): string {
  return [
    `seed ${seed}: MUSTER_SEED=${seed} npx vitest run test/simulation`,
    ...story,
    ...wrong,
  ].join('\n');
}
