import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';

type Parser = typeof import('@actions/workflow-parser');

const FOLDER = join(import.meta.dirname, '../../examples/ci/github-actions');

let parser: Parser;

/** Bundled first: it imports JSON in a way that Node does not take. */
beforeAll(async () => {
  const outfile = join(mkdtempSync(join(tmpdir(), 'muster-parser-')), 'parser.mjs');
  const entryPoints = ['@actions/workflow-parser'];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm' });
  parser = (await import(outfile)) as Parser;
});

/** What GitHub's own parser and its published schema say about a workflow. */
async function mistakesOf(name: string, content: string): Promise<readonly string[]> {
  const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = parser;
  const parsed = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  const mistakes = parsed.context.errors.getErrors().map(String);
  if (parsed.value === undefined || mistakes.length > 0) return mistakes;
  const { errors = [] } = await convertWorkflowTemplate(parsed.context, parsed.value);
  return errors.map(({ Message }) => Message);
}

describe('the workflows, by the schema that GitHub publishes', () => {
  it.each(readdirSync(FOLDER))('%s is valid', async (file) => {
    expect(await mistakesOf(file, readFileSync(join(FOLDER, file), 'utf8'))).toEqual([]);
  });

  it('and one with a misspelt key or an unknown context would not be', async () => {
    const text = readFileSync(join(FOLDER, 'plan.yml'), 'utf8');
    expect(await mistakesOf('a.yml', text.replace('runs-on', 'runs-onn'))).not.toEqual([]);
    expect(await mistakesOf('b.yml', text.replace('vars.MUSTER', 'varz.MUSTER'))).not.toEqual([]);
  });
});
