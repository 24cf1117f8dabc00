import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '../../src');

/** Lines of program text outside comments that hold more than ASCII. */
function beyondAscii(file: string): readonly string[] {
  const lines = readFileSync(join(SRC, file), 'utf8').split('\n');
  return lines
    .filter((line) => /[^\u0000-\u007f]/.test(line) && !/^\s*(\*|\/\/|\/\*)/.test(line))
    .map((line) => `${file}: ${line.trim()}`);
}

it('what Muster says is ASCII: any terminal, log and font shows it', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.startsWith('generated'),
  );
  expect(files.length).toBeGreaterThan(300);
  expect(files.flatMap(beyondAscii)).toEqual([]);
});
