import type { WorkerFields } from '../model/worker.ts';

/** These merge member by member; everything else is replaced as a whole, lists too. */
const MAPS = [
  'cpu',
  'disk',
  'dns',
  'cloudInit',
  'options',
  'labels',
  'patch',
  'timeouts',
] as const satisfies readonly (keyof WorkerFields)[];

/** Lays fields over each other: the later layer wins. */
export function mergeFields(layers: readonly WorkerFields[]): WorkerFields {
  let merged: WorkerFields = {};
  for (const layer of layers) merged = { ...merged, ...layer, ...mergedMaps(merged, layer) };
  return merged;
}

function mergedMaps(below: WorkerFields, above: WorkerFields): WorkerFields {
  const merged = MAPS.flatMap((key) => {
    const lower = below[key];
    const upper = above[key];
    if (lower === undefined || upper === undefined) return [];
    return [[key, { ...lower, ...upper }] as const];
  });
  return Object.fromEntries(merged);
}
