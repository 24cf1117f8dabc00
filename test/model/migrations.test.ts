import { describe, expect, test } from 'vitest';
import { migrate } from '../../src/model/migrations.ts';

interface Names {
  readonly format: number;
  readonly names: string;
}

const STEPS = {
  2: (value: unknown) => ({ ...(value as object), format: 3, names: 'b' }),
  3: (value: unknown) => ({ format: 4, names: (value as Names).names.toUpperCase() }),
};

describe('a file of another format', () => {
  test('is brought up step by step, and it is told where it came from', () => {
    expect(migrate({ format: 2 }, 4, STEPS)).toEqual({
      kind: 'value',
      value: { format: 4, names: 'B' },
      from: 2,
    });
  });

  test('is left as it is when it is of the wanted one, or shows none', () => {
    for (const value of [{ format: 4, x: 1 }, { format: '2' }, { format: 2.5 }, {}, null, 'text'])
      expect(migrate(value, 4, STEPS)).toEqual({ kind: 'value', value, from: undefined });
  });

  test('is refused when it is newer, or older than every step', () => {
    expect(migrate({ format: 5 }, 4, STEPS)).toEqual({ kind: 'newer', format: 5 });
    expect(migrate({ format: 1 }, 4, STEPS)).toEqual({ kind: 'older', format: 1 });
  });

  test('that holds nonsense is broken, and the words tell which step choked', () => {
    const broken = migrate({ format: 3 }, 4, STEPS);
    expect(broken).toMatchObject({ kind: 'broken' });
    expect(broken).toHaveProperty(
      'problem',
      expect.stringMatching(/^it is not what format 3 holds: .*undefined/),
    );
    const thrown = migrate({ format: 3 }, 4, {
      3: () => {
        throw 'no names';
      },
    });
    expect(thrown).toEqual({
      kind: 'broken',
      problem: 'it is not what format 3 holds: no names',
    });
  });
});
