import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadDeclaration } from '../../src/declare/load-declaration.ts';
import { folderFiles } from './project-files.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const names = readdirSync(EXAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'ci')
  .map(({ name }) => name);

describe('examples', () => {
  it.each(names)('%s loads without a single diagnostic, in every environment', async (name) => {
    const files = folderFiles(join(EXAMPLES, name));
    const overlays = await files.glob('environments/*.yaml');
    const environments = overlays.map((path) => path.replace(/^environments\/|\.yaml$/g, ''));
    for (const environment of ['', ...environments]) {
      const { diagnostics, declaration } = await loadDeclaration(files, { environment });
      expect(diagnostics).toEqual([]);
      expect(declaration?.cluster.endpoints).toEqual(['simulator']);
    }
  });

  it('use ranges of ids that do not overlap, so that they can share one simulator', async () => {
    const ranges = await Promise.all(
      names.map(async (name) => {
        const { declaration } = await loadDeclaration(folderFiles(join(EXAMPLES, name)), {});
        return declaration?.cluster.vmids ?? { from: 0, to: 0 };
      }),
    );
    const sorted = ranges.toSorted((a, b) => a.from - b.from);
    for (const [index, range] of sorted.slice(1).entries())
      expect(range.from).toBeGreaterThan(sorted[index]?.to ?? 0);
  });
});
