import { byCodeUnit } from '../model/json.ts';
import type { Files } from '../model/ports.ts';
import { readProject } from './read-project.ts';

/** All YAML files of a project: muster.yaml, what it includes, and every environment. Sorted. */
export async function declarationFiles(files: Files): Promise<readonly string[]> {
  const { main, included } = await readProject(files, '');
  const environments = await files.glob('environments/*.yaml');
  const names = [main, ...included].map(({ source }) => source.file);
  return [...new Set([...names, ...environments])].sort(byCodeUnit);
}
