import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatYaml } from '../../src/declare/format-yaml.ts';
import { starterDeclaration } from '../../src/declare/starter.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');

function format(text: string): string {
  const formatted = formatYaml('muster.yaml', new TextEncoder().encode(text));
  return formatted.kind === 'formatted'
    ? formatted.text
    : `unreadable: ${formatted.diagnostics[0]?.code}`;
}

describe('formatting', () => {
  it('indents by two, and keeps comments, anchors, quotes and long lines', () => {
    const long = 'word '.repeat(60).trim();
    const text = `# head\nworkers:\n    a:\n        node:   pve1   # first\n        description: ${long}\n        labels: &l {a: "1"}\n    b: {<<: *l,   node: 'pve2'}\n`;
    expect(format(text)).toBe(
      `# head\nworkers:\n  a:\n    node: pve1 # first\n    description: ${long}\n    labels: &l { a: "1" }\n  b: { <<: *l, node: 'pve2' }\n`,
    );
  });

  it('of what is formatted changes nothing', () => {
    const files = readdirSync(EXAMPLES, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.name.endsWith('.yaml'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    for (const text of [...files, starterDeclaration({ project: 'p', endpoint: 'simulator' })]) {
      const once = format(text);
      expect(format(once)).toBe(once);
    }
  });

  it('of a file with mistakes reports them', () => {
    expect(format('workers: [')).toBe('unreadable: yaml-syntax');
    expect(format('a: *b\n')).toBe('unreadable: unknown-anchor');
  });
});
