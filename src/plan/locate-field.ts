import type { Declaration } from '../model/declaration.ts';
import type { Location } from '../model/diagnostic.ts';
import { lookup } from '../model/lookup.ts';
import type { DesiredWorker } from '../model/worker.ts';

type Path = readonly (string | number)[];

/** Where the value of a worker's field was declared: in the uppermost layer that has it, else the worker's own place. */
export function locateField(
  declaration: Declaration,
  worker: Pick<DesiredWorker, 'name' | 'set' | 'spec' | 'declaredAt'>,
  field: Path,
): Location {
  const layer = layersOf(worker).find((path) => has(declaration, [...path, ...field.slice(0, 2)]));
  const wide = layersOf(worker).find((path) => has(declaration, [...path, ...field.slice(0, 1)]));
  const path = layer ?? wide;
  return path === undefined ? worker.declaredAt : declaration.locate([...path, ...field]);
}

/** The parts of an attribute path: `networks[0].vlan` → networks, 0, vlan; `options.a.b` → options, a.b. */
export function fieldOf(attribute: string): Path {
  const dot = attribute.indexOf('.');
  if (dot < 0) return [attribute];
  const [group, field] = [attribute.slice(0, dot), attribute.slice(dot + 1)];
  const index = /^networks\[(\d+)\]$/.exec(group)?.[1];
  return index === undefined ? [group, field] : ['networks', Number(index), field];
}

function layersOf({
  name,
  set,
  spec,
}: Pick<DesiredWorker, 'name' | 'set' | 'spec'>): readonly Path[] {
  const inSet =
    set === undefined
      ? []
      : [
          ['workerSets', set, 'perNode', spec.node],
          ['workerSets', set, 'worker'],
        ];
  return [['workers', name], ...inSet, ['defaults']];
}

function has(declaration: Declaration, path: Path): boolean {
  let value: unknown = declaration;
  for (const key of path) {
    if (value === null || typeof value !== 'object') return false;
    value = lookup(value as Readonly<Record<string, unknown>>, String(key));
  }
  return value !== undefined;
}
