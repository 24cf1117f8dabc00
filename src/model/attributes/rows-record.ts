import { byCodeUnit, type Json } from '../json.ts';
import type { WorkerSpec } from '../worker.ts';
import { type Attribute, type Entry, entry } from './attribute.ts';

/** Fields without a side on PVE: a change of them only changes our record. */
export const RECORD_ROWS: readonly Attribute[] = [
  recordRow('enabled', (spec) => spec.enabled),
  recordRow('slots', (spec) => spec.slots),
  recordRow('deploy', (spec) => spec.deploy),
  recordRow('onImageChange', (spec) => spec.onImageChange),
  recordRow('checks', (spec) =>
    spec.checks.map(({ name, run, timeout }) => ({ name, run, timeout })),
  ),
  recordRow('files', (spec) =>
    spec.files.map(({ from, to, mode, digest }) => ({ from, to, mode, digest })),
  ),
  mapRow('labels', (spec) => spec.labels),
  mapRow('patch', (spec) => ({ ...spec.patch })),
  mapRow('timeouts', (spec) => ({ ...spec.timeouts })),
];

function recordRow(path: string, declared: (spec: WorkerSpec) => Json | undefined): Attribute {
  return {
    path,
    keys: [],
    cost: 'record',
    privileges: [],
    declare: ({ spec }) => entry(path, declared(spec)),
  };
}

function mapRow(
  path: string,
  declared: (spec: WorkerSpec) => Readonly<Record<string, Json | undefined>>,
): Attribute {
  return {
    path: `${path}.*`,
    keys: [],
    cost: 'record',
    privileges: [],
    declare: ({ spec }) =>
      Object.entries(declared(spec))
        .flatMap(([key, value]): readonly Entry[] => entry(`${path}.${key}`, value))
        .sort(([a], [b]) => byCodeUnit(a, b)),
  };
}
