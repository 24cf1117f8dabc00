import { describe, expect, it } from 'vitest';
import { didYouMean, suggest } from '../../src/model/suggest.ts';

const KEYS = ['networks', 'node', 'name', 'memory', 'slots', 'cores'];

describe('a suggestion', () => {
  it.each([
    ['netwroks', 'networks'],
    ['network', 'networks'],
    ['Memory', 'memory'],
    ['memroy', 'memory'],
    ['nod', 'node'],
    ['core', 'cores'],
    ['disks', undefined],
    ['x', undefined],
    ['home', undefined],
    ['', undefined],
  ])('for %s is %s', (word, expected) => {
    expect(suggest(word, KEYS)).toBe(expected);
  });

  it('is a question', () => {
    expect(didYouMean('slot', KEYS)).toBe('Did you mean "slots"?');
    expect(didYouMean('zzzzzz', KEYS)).toBeUndefined();
  });

  it('is not sought for very long words', () => {
    expect(suggest('x'.repeat(100_000), KEYS)).toBeUndefined();
  });
});
