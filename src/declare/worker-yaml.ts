import { stringify } from 'yaml';
import type { WorkerFields } from '../model/worker.ts';
import { formatYaml } from './format-yaml.ts';

/**
 * A worker as it stands in YAML, without indentation: `name:` and its fields below, as `muster fmt` lays them out.
 * Ends with a line feed.
 */
export function workerYaml(name: string, fields: WorkerFields): string {
  const { memory, disk, ...rest } = fields;
  const written = {
    ...rest,
    ...(memory === undefined ? {} : { memory: `${memory}B` }),
    ...(disk === undefined
      ? {}
      : { disk: { ...disk, ...(disk.size === undefined ? {} : { size: `${disk.size}B` }) } }),
  };
  const text = stringify({ workers: { [name]: written } }, { lineWidth: 0, indent: 2 });
  const formatted = formatYaml('', new TextEncoder().encode(text));
  const laidOut = formatted.kind === 'formatted' ? formatted.text : text;
  return laidOut.replace(/^workers:\n/, '').replace(/^ {2}/gm, '');
}
