import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { GITLAB_RECIPE } from './gitlab-runner.ts';

/** The schema that GitLab publishes, as this package carries it; its own program is not used. */
const { schema } = await import('gitlab-ci-local/src/schema/schema.js');
const isValid = new Ajv({ strict: false, validateFormats: false, logger: false }).compile(schema);
const recipe = readFileSync(join(GITLAB_RECIPE, '.gitlab-ci.yml'), 'utf8');

function mistakesOf(text: string): readonly string[] {
  if (isValid(parse(text))) return [];
  return (isValid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe('the recipe, by the schema that GitLab publishes', () => {
  it('is valid', () => {
    expect(mistakesOf(recipe)).toEqual([]);
  });

  it.each([
    ['a misspelt key', 'artifacts:', 'artefacts:'],
    ['a report of an unknown kind', 'terraform: muster', 'terrafrom: muster'],
    ['a script that is a number', '  script:\n', '  script: 7\n  before_script:\n'],
  ])('and would not be with %s', (_, was, is) => {
    expect(recipe).toContain(was);
    expect(mistakesOf(recipe.replace(was, is))).not.toEqual([]);
  });
});
