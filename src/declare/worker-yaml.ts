import { stringify } from 'yaml';
import type { WorkerFields } from '../model/worker.ts';

const UNITS = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const;

/** A worker as it stands in YAML, without indentation: `name:` and its fields below. Ends with a line feed. */
export function workerYaml(name: string, fields: WorkerFields): string {
  const { memory, disk, ...rest } = fields;
  const written = {
    ...rest,
    ...(memory === undefined ? {} : { memory: sizeText(memory) }),
    ...(disk === undefined
      ? {}
      : { disk: { ...disk, ...(disk.size === undefined ? {} : { size: sizeText(disk.size) }) } }),
  };
  return stringify({ [name]: ordered(written) }, { lineWidth: 0, indent: 2 });
}

const FIRST = ['node', 'image', 'description', 'vmid', 'cpu', 'memory', 'disk', 'networks'];

/** Where it is and what it is made of first, as people write it. */
function ordered(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const rank = (key: string) => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length);
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => rank(a) - rank(b)));
}

/** Bytes in the largest unit that says them exactly. */
function sizeText(bytes: number): string {
  const [unit, factor] = UNITS.find(([, size]) => bytes % size === 0) ?? ['B', 1];
  return `${bytes / factor}${unit}`;
}
