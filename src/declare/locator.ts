import {
  isAlias,
  isCollection,
  isMap,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Location } from '../model/diagnostic.ts';
import { originKey } from './merge-sources.ts';
import { isMergeKey, keyOf } from './plain-value.ts';
import { type Path, type Place, type Source, type Spot, spotOf } from './source.ts';

/** Finds places of the merged document in the files. Nothing is computed before somebody asks. */
export interface Locator {
  readonly spot: (place: Place) => Spot;
  readonly spotIn: (source: Source, place: Place) => Spot;
  readonly location: (path: Path) => Location;
}

/** Under undefined what can't be a key, which nobody looks up. */
type Entries = ReadonlyMap<string | undefined, Pair<Node | null, Node | null>>;

interface Found {
  readonly source: Source;
  /** How many parts of the path led to a node. */
  readonly depth: number;
  readonly key: Node | null;
  readonly value: Node | null;
}

/** `top`: the environment's file, which wins where it goes as deep as the others. */
export function makeLocator(
  main: Source,
  origins: ReadonlyMap<string, Source>,
  top: Source | undefined,
): Locator {
  const entries = new WeakMap<YAMLMap, Entries>();
  const spotIn = (source: Source, place: Place) => toSpot(walk(source, place.path, entries), place);
  const spot = (place: Place) => {
    const base = origins.get(originKey(place.path)) ?? origins.get(String(place.path[0])) ?? main;
    const below = walk(base, place.path, entries);
    const above = top === undefined ? undefined : walk(top, place.path, entries);
    return toSpot(isBetter(above, below) ? above : below, place);
  };
  return { spot, spotIn, location: (path) => locationOf(spot({ path, part: 'key' })) };
}

function isBetter(above: Found | undefined, below: Found): above is Found {
  return above !== undefined && above.depth > 0 && above.depth >= below.depth;
}

/** Lines and columns count from 1. */
export function locationOf({ source, start, end }: Spot): Location {
  const from = source.lines.linePos(start);
  const to = source.lines.linePos(Math.max(end, start));
  return {
    file: source.file,
    line: Math.max(from.line, 1),
    column: Math.max(from.col, 1),
    endLine: Math.max(to.line, 1),
    endColumn: Math.max(to.col, 1),
  };
}

function toSpot(found: Found, { path, part = 'value', text }: Place): Spot {
  const wantsKey = part === 'key' || found.depth < path.length || isCollection(found.value);
  const node = (wantsKey ? found.key : undefined) ?? found.value ?? found.key;
  if (node === null) return { source: found.source, start: 0, end: 0 };
  // A whole map under the marker would underline the rest of the file.
  return isCollection(node) && found.key === null
    ? { ...firstOf(found.source, node), ...(text === undefined ? {} : { text }) }
    : spotOf(found.source, node, text);
}

function firstOf(source: Source, node: YAMLMap | YAMLSeq): Spot {
  const first = isMap(node) ? node.items[0]?.key : node.items[0];
  const { start, end } = spotOf(source, node);
  const inner = first as Node | null | undefined;
  if (node.flow === true || inner === null || inner === undefined) return { source, start, end };
  return spotOf(source, inner);
}

/** Goes down as far as the path exists. */
function walk(source: Source, path: Path, cache: WeakMap<YAMLMap, Entries>): Found {
  let found: Found = { source, depth: 0, key: null, value: source.root };
  for (const part of path) {
    const value = followed(source, found.value);
    const next = isMap(value)
      ? entriesOf(source, value, cache).get(String(part))
      : isSeq(value) && typeof part === 'number'
        ? { key: null, value: value.items[part] as Node | null | undefined }
        : undefined;
    if (next === undefined || next.value === undefined) break;
    found = { source, depth: found.depth + 1, key: next.key, value: next.value };
  }
  return found;
}

function followed(source: Source, node: Node | null): Node | null | undefined {
  let target: Node | null | undefined = node;
  // An alias leads to a node, or to another alias' node; the reader refused circles.
  while (isAlias(target)) target = source.targets.get(target);
  return target;
}

function entriesOf(source: Source, map: YAMLMap, cache: WeakMap<YAMLMap, Entries>): Entries {
  const cached = cache.get(map);
  if (cached !== undefined) return cached;
  const own = new Map<string | undefined, Pair<Node | null, Node | null>>();
  const merged = new Map<string | undefined, Pair<Node | null, Node | null>>();
  for (const pair of map.items as Pair<Node | null, Node | null>[]) {
    if (isMergeKey(pair.key)) addMerged(source, pair.value, merged, cache);
    else own.set(keyOf(pair.key), pair);
  }
  const entries = new Map([...merged, ...own]);
  cache.set(map, entries);
  return entries;
}

function addMerged(
  source: Source,
  node: Node | null,
  merged: Map<string | undefined, Pair<Node | null, Node | null>>,
  cache: WeakMap<YAMLMap, Entries>,
): void {
  const target = followed(source, node);
  const maps = isSeq(target)
    ? (target.items as Node[]).map((item) => followed(source, item))
    : [target];
  for (const map of maps)
    for (const [key, pair] of isMap(map) ? entriesOf(source, map, cache) : [])
      if (!merged.has(key)) merged.set(key, pair);
}
