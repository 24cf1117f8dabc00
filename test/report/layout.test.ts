import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clip, labelled, table, widthOf, wrap } from '../../src/report/layout.ts';
import { elapsed, listing, shellWord, utcMinute } from '../../src/report/words.ts';

describe('wrap', () => {
  it('breaks at spaces, and a word that is too long anywhere', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('abcdefghij k', 4)).toEqual(['abcd', 'efgh', 'ij k']);
  });

  it('never makes a line wider than asked for and loses no word', () => {
    const words = fc.array(fc.stringMatching(/^[a-z備]{1,30}$/), { maxLength: 20 });
    fc.assert(
      fc.property(words, fc.integer({ min: 10, max: 40 }), (list, width) => {
        const lines = wrap(list.join(' '), width);
        expect(lines.every((line) => widthOf(line) <= width)).toBe(true);
        expect(lines.join('').replaceAll(' ', '')).toBe(list.join(''));
      }),
      { numRuns: 200 },
    );
  });
});

describe('table', () => {
  it('aligns columns, counting wide characters twice, and drops empty ones', () => {
    const rows = [
      ['備份', '', 'x'],
      ['a', '', 'yy'],
    ];
    expect(table(rows)).toEqual(['備份  x', 'a     yy']);
  });
});

describe('small words', () => {
  it('cuts with dots only what does not fit', () => {
    expect(clip('abcdef', 6)).toBe('abcdef');
    expect(clip('abcdefg', 6)).toBe('abc...');
  });

  it('puts a label before wrapped text', () => {
    const lines = labelled('Next', 'word '.repeat(30).trim());
    expect(lines[0]).toMatch(/^Next {7}word/);
    expect(lines[1]).toMatch(/^ {11}word/);
  });

  it('lists a few names and counts the rest', () => {
    expect(listing(['a'])).toBe('a');
    expect(listing(['a', 'b', 'c'])).toBe('a, b and c');
    expect(listing(['a', 'b', 'c', 'd', 'e'], 2)).toBe('a, b and 3 more');
  });

  it('tells times', () => {
    expect([0, 61_000, 3_723_000].map(elapsed)).toEqual(['0:00', '1:01', '1:02:03']);
    expect(utcMinute(Date.UTC(2026, 10, 22, 2, 14))).toBe('2026-11-22 02:14 UTC');
    expect(utcMinute(Number.NaN)).toBe('unknown time');
  });

  it('quotes for a shell only what must be quoted', () => {
    expect(shellWord('out/muster.plan')).toBe('out/muster.plan');
    expect(shellWord("it's; rm -rf")).toBe("'it'\\''s; rm -rf'");
  });
});
