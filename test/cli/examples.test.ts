import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openHouse } from '../support/house.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');

/** Every file of an example, by its path. */
function filesOf(name: string): Readonly<Record<string, string>> {
  const folder = join(EXAMPLES, name);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  );
}

const CASES = readdirSync(EXAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'ci')
  .flatMap(({ name }) => {
    const environments = Object.keys(filesOf(name)).flatMap(
      (path) => /^environments\/(.+)\.yaml$/.exec(path)?.[1] ?? [],
    );
    return ['', ...environments].map((environment) => ({ name, environment }));
  });

describe('every example', () => {
  // The state is kept in memory, also where the example keeps it on a server.
  it.each(CASES)(
    '$name $environment: is planned, applied with tests, and then at rest (P37)',
    async ({ name, environment }) => {
      const house = openHouse({ files: filesOf(name), inMemory: () => undefined });
      const muster = (...words: string[]) =>
        house.muster(...(environment === '' ? [] : ['-e', environment]), ...words);
      const plan = await muster('plan', '--strict', '--detailed-exitcode');
      expect([plan.code, plan.stderr]).toEqual([2, '']);
      expect(plan.stdout).toMatch(
        /^Plan: 0 to destroy, 0 to replace, \d+ to (configure|deploy)\./m,
      );
      const applied = await muster('apply', '--test', '--auto-approve');
      expect(applied.stdout).toMatch(/^Applied: .* 0 workers left running\.$/m);
      expect(applied.code).toBe(0);
      const again = await muster('plan', '--detailed-exitcode');
      expect(again.stdout).toContain('Plan: nothing to do.');
      expect(again.code).toBe(0);
    },
  );
});
