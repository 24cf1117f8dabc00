import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compare } from './golden.ts';
import { readStory, toldHouse } from './story.ts';

const ROOT = import.meta.dirname;
const names = readdirSync(ROOT).filter(
  (name) =>
    existsSync(join(ROOT, name, 'story.json')) && readStory(join(ROOT, name)).streams === true,
);

/** What Terraform documents for its machine readable UI. Ours stand beside them, for readers who skip what they don't know. */
const TERRAFORM = [
  'version',
  'diagnostic',
  'resource_drift',
  'planned_change',
  'change_summary',
  'outputs',
  'apply_start',
  'apply_progress',
  'apply_complete',
  'apply_errored',
];
const OURS = ['apply_result', 'note', 'skipped'];

describe.each(names)('what programs are told of %s', (name) => {
  const folder = join(ROOT, name);

  test('is the stream that was read by a person: of a plan, its apply, and one with nothing to do', async () => {
    const { argv = [], exit } = readStory(folder);
    const house = await toldHouse(folder);
    const told = async (file: string, code: number, ...command: string[]) => {
      const run = await house.muster(...command, '--json');
      expect([run.code, run.stderr]).toEqual([code, '']);
      compare(join(folder, 'golden', file), normalised(run.stdout));
      return typesOf(run.stdout);
    };
    const types = [
      ...(await told('plan.jsonl', 0, 'plan', ...argv)),
      ...(await told('apply.jsonl', exit, 'apply', '--auto-approve', ...argv)),
      ...(await told('nothing.jsonl', 0, 'apply', '--target', 'drifted')),
    ];
    expect(TERRAFORM.filter((type) => !types.includes(type))).toEqual([]);
    expect(types.filter((type) => ![...TERRAFORM, ...OURS].includes(type))).toEqual([]);
  }, 120_000);
});

function typesOf(stream: string): readonly string[] {
  return stream
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly type: string }).type);
}

/** Without times and ids; a wait that is told again and again stands once. */
function normalised(stream: string): string {
  const lines = stream
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID')
    .replace(/UPID:[^"\s]+/g, 'UPID')
    .replace(/"@timestamp":"[^"]*"/g, '"@timestamp":"TIME"')
    .replace(/"(at_ms|elapsed_seconds|waitedMs|tookMs)":[\d.]+/g, '"$1":0')
    .replace(/\b(in|after|of) \d[\d.]*( m \d+)? s\b/g, '$1 N s')
    .split('\n');
  return lines.filter((line, index) => line !== lines[index - 1]).join('\n');
}
