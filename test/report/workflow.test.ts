import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import { annotations } from '../../src/report/annotations.ts';
import { withoutCommands } from '../../src/report/escape/workflow.ts';
import { sarif } from '../../src/report/sarif.ts';

const MISTAKE: Diagnostic = {
  severity: 'error',
  code: 'unknown-key',
  message: 'unknown key "net,w:orks"\n::error::x 100%',
  labels: [{ file: 'workers/a,b.yaml', line: 6, column: 5, endLine: 6, endColumn: 13 }],
  remedy: 'Did you mean "networks"?',
};

describe('annotations', () => {
  it('stand on the line in the repository, and their text can neither end nor begin a command', () => {
    expect(annotations([MISTAKE], 'infra/backup')).toBe(
      '::error file=infra/backup/workers/a%2Cb.yaml,line=6,col=5,endLine=6,endColumn=13,title=unknown-key' +
        '::unknown key "net,w:orks"\\n::error::x 100%25. Did you mean "networks"?\n',
    );
  });

  it('are at most ten errors and ten warnings, which is what is shown of a step', () => {
    const many = Array.from({ length: 30 }, (): Diagnostic => ({ ...MISTAKE, labels: [] }));
    expect(annotations(many, '').match(/^::error title=/gm)).toHaveLength(10);
    expect(annotations([{ ...MISTAKE, severity: 'warning' }], '')).toMatch(/^::warning /);
  });
});

describe('output that a runner reads', () => {
  /** How the runner finds commands in a line. */
  const isCommand = (line: string) => /^\s*::/.test(line) || line.includes('##[');

  it.each([
    '::set-output name=digest::x',
    '  ::add-mask::y',
    'seen: ##[add-path]z',
    'a\n::stop-commands::t',
  ])('%j holds no command any more', (text) => {
    expect(text.split('\n').some(isCommand)).toBe(true);
    expect(withoutCommands(text).split('\n').some(isCommand)).toBe(false);
  });

  it('keeps ordinary text and the meaning of JSON', () => {
    const text = 'vm 9100: a::b, file.yaml:3\n  address fe80::1\n';
    expect(withoutCommands(text)).toBe(text);
    const json = '{"a":"##[group]x"}';
    expect(withoutCommands(json)).not.toContain('##[');
    expect(JSON.parse(withoutCommands(json))).toEqual(JSON.parse(json));
  });
});

describe('SARIF', () => {
  it('has one result per diagnostic with its rule and place', () => {
    expect(JSON.parse(sarif([MISTAKE], '1.0.0'))).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'muster', version: '1.0.0', rules: [{ id: 'unknown-key' }] } },
          results: [
            {
              ruleId: 'unknown-key',
              ruleIndex: 0,
              level: 'error',
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'workers/a,b.yaml' },
                    region: { startLine: 6, startColumn: 5, endLine: 6, endColumn: 13 },
                  },
                },
              ],
            },
          ],
        },
      ],
    });
  });
});
