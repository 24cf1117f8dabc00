import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import { HEAD, load } from './project-files.ts';

const FOLDER = join(import.meta.dirname, '../errors');
/** Each with the complaints that it answers, from a first line such as `# Answers W11.` */
const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .map((name): readonly [string, string] => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    return [name, /^# Answers (.+)\.$/m.exec(text)?.[1] ?? 'mistakes'];
  });

interface Expected {
  readonly line: number;
  readonly code: string;
  readonly fragment: string;
}

/** `# ERROR: code some words of the message` on the line it is about; several may share a line. */
function expectedIn(text: string): readonly Expected[] {
  return text.split('\n').flatMap((line, index) =>
    line
      .split('# ERROR: ')
      .slice(1)
      .map((comment) => {
        const [code = '', ...words] = comment.trim().split(' ');
        return { line: index + 1, code, fragment: words.join(' ') };
      }),
  );
}

/** Everything that a diagnostic says, in one line. */
function wordsOf({ message, labels, detail = [], remedy = '' }: Diagnostic): string {
  return [message, ...labels.map(({ text }) => text ?? ''), ...detail, remedy].join(' | ');
}

function isAbout({ line, code, fragment }: Expected, diagnostic: Diagnostic): boolean {
  return (
    diagnostic.code === code &&
    diagnostic.labels.some((label) => label.line === line) &&
    wordsOf(diagnostic).includes(fragment)
  );
}

/** A file with `muster:` is muster.yaml; any other is included by one without mistakes. */
function projectOf(text: string): {
  readonly file: string;
  readonly contents: Record<string, string>;
} {
  return /^muster:/m.test(text)
    ? { file: 'muster.yaml', contents: { 'muster.yaml': text } }
    : { file: 'workers/a.yaml', contents: { 'muster.yaml': HEAD, 'workers/a.yaml': text } };
}

describe('mistakes in YAML', () => {
  it.each(files)('%s (%s): each is reported where it stands, and nothing else is', async (name) => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    const { file, contents } = projectOf(text);
    const { diagnostics } = await load(contents, { version: '0.1.0' });
    const expected = expectedIn(text);
    const left = [...diagnostics];
    const missing = expected.filter((entry) => {
      const index = left.findIndex((diagnostic) => isAbout(entry, diagnostic));
      if (index >= 0) left.splice(index, 1);
      return index < 0;
    });
    const seen = left.map(
      (diagnostic) =>
        `${diagnostic.labels.map(({ line }) => line).join(',')} ${diagnostic.code} ${wordsOf(diagnostic)}`,
    );
    expect({ missing, unexpected: seen }).toEqual({ missing: [], unexpected: [] });
    expect(expected.length).toBeGreaterThan(0);
    for (const { labels } of diagnostics)
      for (const label of labels) {
        expect(label.file).toBe(file);
        expect(label.frame?.some(([line]) => line === label.line)).toBe(true);
      }
  });
});
