import { isPlainMap, type PlainMap } from './merge-sources.ts';
import type { Path } from './source.ts';

/** What becomes of a value; undefined removes it. */
export type Change = (value: unknown) => unknown;

/** Changes to make, as a tree of keys: thousands of them cost one walk. */
interface Edits {
  change?: Change;
  readonly below: Map<string | number, Edits>;
}

/** A copy of `root` with all changes below it made; what none of them touches is shared with it. */
export function changeAll(root: PlainMap, changes: Iterable<readonly [Path, Change]>): PlainMap {
  const edits: Edits = { below: new Map() };
  for (const [path, change] of changes) add(edits, path, change);
  return applyToMap(root, edits);
}

function add(edits: Edits, path: Path, change: Change): void {
  let here = edits;
  for (const part of path) {
    const next = here.below.get(part) ?? { below: new Map() };
    here.below.set(part, next);
    here = next;
  }
  here.change = change;
}

function apply(value: unknown, { change, below }: Edits): unknown {
  if (change !== undefined) return change(value);
  if (Array.isArray(value))
    return value.flatMap((entry, index) => {
      const edits = below.get(index);
      const next = edits === undefined ? entry : apply(entry, edits);
      return next === undefined ? [] : [next];
    });
  return isPlainMap(value) ? applyToMap(value, { below }) : value;
}

function applyToMap(map: PlainMap, { below }: Edits): PlainMap {
  const copy: Record<string, unknown> = { ...map };
  for (const [key, edits] of below) {
    if (!Object.hasOwn(copy, key)) continue;
    const next = apply(copy[key], edits);
    if (next === undefined) delete copy[key];
    else copy[key] = next;
  }
  return copy;
}
