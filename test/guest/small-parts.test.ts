import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanField, outputLines, wholeNumber } from '../../src/guest/output-lines.ts';
import { posixCksum } from '../../src/guest/posix-cksum.ts';

test('the check sum for guests without sha256sum is the one that cksum prints', () => {
  for (const text of ['', 'a', '123456789', 'größer\n'.repeat(1000)]) {
    const printed = execFileSync('cksum', { input: text, encoding: 'utf8' });
    expect(posixCksum(Buffer.from(text))).toBe(printed.trim());
  }
});

test('whatever a guest prints, fields are bounded and hold no control characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const field of outputLines(text).flat()) {
        expect(field.length).toBeLessThanOrEqual(500);
        expect(field).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }
    }),
  );
});

test('numbers of a guest are whole and small enough to be exact', () => {
  expect(wholeNumber('12')).toBe(12);
  for (const text of ['', '-1', '1e9', '0x1', '9'.repeat(16), undefined])
    expect(wholeNumber(text)).toBeUndefined();
  expect(cleanField('a\u001b]0;title\u0007b')).toBe('a]0;titleb');
});
