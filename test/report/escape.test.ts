import { describe, expect, it } from 'vitest';
import { jsonLine } from '../../src/report/escape/json.ts';
import { escapeLines, escapeTerminal } from '../../src/report/escape/terminal.ts';
import { escapeXml } from '../../src/report/escape/xml.ts';

describe('escapeTerminal', () => {
  it.each([
    ['an ANSI sequence', '\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    ['a C1 control sequence', '\u009b2J', '\\x9b2J'],
    ['a line end that would fake another line', 'ok\nError: no', 'ok\\nError: no'],
    ['a carriage return that would overwrite the line', 'abc\rx', 'abc\\rx'],
    ['a backspace', 'ab\b', 'ab\\x08'],
    ['text that runs from right to left', 'a\u202eb', 'a\\u{202e}b'],
    ['an isolate', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['a zero width space', 'a\u200bb', 'a\\u{200b}b'],
    ['invisible tag characters', 'a\u{e0041}', 'a\\u{e0041}'],
    ['half a surrogate pair', 'a\ud800b', 'a\\u{d800}b'],
    ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
  ])('shows %s instead of doing it', (_, text, shown) => {
    expect(escapeTerminal(text)).toBe(shown);
  });

  it('leaves words of any language alone', () => {
    expect(escapeTerminal('Größe 備份 📦 "x" \\')).toBe('Größe 備份 📦 "x" \\');
  });

  it('keeps real line ends where lines are wanted, and nothing else', () => {
    expect(escapeLines('a\r\n\tb\u001b\nc')).toEqual(['a', '  b\\x1b', 'c']);
  });
});

describe('escapeXml', () => {
  it('keeps a hostile name inside its attribute and replaces what XML cannot carry', () => {
    expect(escapeXml('a"<b>&\'\u0000\u001b\n')).toBe(
      'a&quot;&lt;b&gt;&amp;&apos;\ufffd\ufffd&#10;',
    );
  });
});

describe('jsonLine', () => {
  it('means the same and does nothing to a terminal', () => {
    const value = { text: '\u009b2J\u202e\u001b[1m' };
    const line = jsonLine(value);
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect(JSON.parse(line)).toEqual(value);
  });
});
