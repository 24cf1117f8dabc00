import { describe, expect, it } from 'vitest';
import { satisfies } from '../../src/declare/version-range.ts';

describe('a version range', () => {
  it.each([
    ['0.1.0', '>=0.1 <1', true],
    ['1.0.0', '>=0.1 <1', false],
    ['0.1.0', '>= 0.1 < 1', true],
    ['0.0.9', '>=0.1', false],
    ['1.2.3', '1.2', true],
    ['1.3.0', '1.2', false],
    ['1.2.3', '=1.2.3', true],
    ['1.2.3', '1.2.4', false],
    ['1.9.0', '^1.2', true],
    ['2.0.0', '^1.2', false],
    ['0.3.0', '^0.2', false],
    ['1.2.9', '~1.2.3', true],
    ['1.3.0', '~1.2.3', false],
    ['0.0.3', '^0.0.3', true],
    ['0.0.4', '^0.0.3', false],
    ['1.9.9', '<=1', true],
    ['2.0.0', '<=1', false],
    ['1.2.3', '<=1.2.3', true],
    ['1.2.4', '<=1.2.3', false],
    ['1.2.4', '>1.2.3', true],
    ['1.2.3', '>1.2.3', false],
    ['2.0.0', '>1', true],
    ['1.5.0', '>1', false],
    ['3.0.0', '<1 || >=3', true],
    ['2.0.0', '<1 || >=3', false],
    ['1.0.0-rc.1', '>=1', true],
    ['9.9.9', '*', true],
    ['latest', '>=1', undefined],
    ['1.0.0', 'latest', undefined],
    ['1.0.0', '>=', undefined],
    ['1.0.0', '', undefined],
  ])('%s satisfies "%s": %s', (version, range, expected) => {
    expect(satisfies(version, range)).toBe(expected);
  });
});
