import { describe, expect, it } from 'vitest';
import { didYouMean, suggest } from '../../src/model/suggest.ts';

const KEYS = ['networks', 'node', 'name', 'memory', 'slots', 'cores'];

describe('a suggestion', () => {
  it.each([
    ['netwroks', 'networks'],
    ['network', 'networks'],
    ['Memory', 'memory'],
    ['memroy', 'memory'],
    ['onde', 'node'],
    ['ndoe', 'node'],
    ['noed', 'node'],
    ['nod', 'node'],
    ['core', 'cores'],
    ['disks', undefined],
    ['x', undefined],
    ['home', undefined],
    ['', undefined],
  ])('for %s is %s', (word, expected) => {
    expect(suggest(word, KEYS)).toBe(expected);
  });

  it.each([
    ['a letter too many in front', 'xmemory', 'memory'],
    ['two letters missing in a word of six', 'memory', 'memoryxx'],
    ['the nearest of several', 'memor', 'memory'],
    ['two wrong letters', 'nenory', 'memory'],
  ])('bridges %s', (_, word, candidate) => {
    expect(suggest(word, ['mem', candidate, 'memorandum'])).toBe(candidate);
  });

  it.each([
    ['two letters missing in front', 'abc', 'xxabc'],
    ['another first letter and one gone', 'abcd', 'bxcd'],
    ['a first letter that moved, behind another', 'abcd', 'xacd'],
    ['two wrong letters and a swap', 'nenroy', 'memory'],
    ['a swap across a letter', 'abcd', 'cbad'],
  ])('does not bridge %s', (_, word, candidate) => {
    expect(suggest(word, [candidate])).toBeUndefined();
  });

  it('is the first of two that are as near', () => {
    expect(suggest('cord', ['cors', 'core'])).toBe('cors');
  });

  it('is a question', () => {
    expect(didYouMean('slot', KEYS)).toBe('Did you mean "slots"?');
    expect(didYouMean('zzzzzz', KEYS)).toBeUndefined();
  });

  it('is not sought for very long words, nor among them', () => {
    expect(suggest('x'.repeat(64), ['x'.repeat(63)])).toBe('x'.repeat(63));
    expect(suggest('x'.repeat(65), ['x'.repeat(64)])).toBeUndefined();
    expect(suggest('x'.repeat(100_000), KEYS)).toBeUndefined();
    expect(suggest('x'.repeat(64), ['x'.repeat(5_000_000)])).toBeUndefined();
  });
});
