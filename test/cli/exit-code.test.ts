import { describe, expect, it } from 'vitest';
import { EXIT_CODES, exitCodeOf, type Verdict } from '../../src/cli/exit-code.ts';

describe('exitCodeOf', () => {
  it('is 0 when nothing is the matter', () => {
    expect(exitCodeOf({})).toBe(0);
    expect(exitCodeOf({ changes: false })).toBe(0);
  });

  it('takes the first that holds: 130, 1, 4, 6, 3, 5, 8, 7, 2', () => {
    const order: readonly Verdict[] = [
      'interrupted',
      'impossible',
      'locked',
      'refused',
      'stale',
      'incomplete',
      'itemsFailed',
      'testsFailed',
      'changes',
    ];
    const codes = order.map((_, index) =>
      exitCodeOf(Object.fromEntries(order.slice(index).map((verdict) => [verdict, true]))),
    );
    expect(codes).toEqual([130, 1, 4, 6, 3, 5, 8, 7, 2]);
    expect(Object.keys(EXIT_CODES)).toHaveLength(order.length);
  });
});
