import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { didYouMean } from '../model/suggest.ts';
import { type Mistake, type Source, spotOf } from './source.ts';

/** What aliases and merges may make of the files: values in all, long texts counted by their length. */
const MAX_SIZE = 2_000_000;
const MAX_DEPTH = 64;

/** A converted node. Shared where an alias repeats it, so that `size` may be far more than the memory it takes. */
interface Plain {
  readonly value: unknown;
  readonly size: number;
  readonly depth: number;
}

interface Reader {
  readonly source: Source;
  readonly mistakes: Mistake[];
  readonly anchors: Map<string, Node>;
  /** Anchored nodes and what they are; one that is known and not done yet is being converted. */
  readonly done: Map<Node, Plain>;
  /** Members copied by merge keys so far: unlike aliases, they take memory each time. */
  copied: number;
}

const NOTHING: Plain = { value: null, size: 1, depth: 1 };

/**
 * The plain value of a parsed file: aliases put in, merge keys (`<<`) applied, duplicate keys and unresolved
 * aliases reported with their places. What aliases may expand to is bounded by the result's size, not by how
 * often an anchor is used. The value is shared in parts and must not be changed.
 */
export function plainValue(source: Source): { value: unknown; mistakes: readonly Mistake[] } {
  const reader: Reader = {
    source,
    mistakes: [],
    anchors: new Map(),
    done: new Map(),
    copied: 0,
  };
  if (source.root === null) return { value: undefined, mistakes: [] };
  const { value } = convert(reader, source.root, 0);
  return { value, mistakes: reader.mistakes };
}

function convert(reader: Reader, node: Node | null, level: number): Plain {
  if (node === null) return NOTHING;
  if (isAlias(node)) return convertAlias(reader, node);
  if (level > MAX_DEPTH) return tooDeep(reader, node);
  const { anchor } = node as { readonly anchor?: string };
  if (anchor === undefined) return bounded(reader, node, convertNode(reader, node, level));
  reader.anchors.set(anchor, node);
  const plain = bounded(reader, node, convertNode(reader, node, level));
  reader.done.set(node, plain);
  return plain;
}

function convertNode(reader: Reader, node: Exclude<Node, Alias>, level: number): Plain {
  if (isMap(node)) return convertMap(reader, node, level);
  if (isSeq(node)) return convertList(reader, node, level);
  const { value } = node;
  const length = typeof value === 'string' ? value.length : 0;
  return { value, size: 1 + Math.floor(length / 100), depth: 1 };
}

function convertList(reader: Reader, list: YAMLSeq, level: number): Plain {
  const entries = list.items.map((item) => convert(reader, item as Node | null, level + 1));
  return { value: entries.map(({ value }) => value), ...extent(entries) };
}

function convertMap(reader: Reader, map: YAMLMap, level: number): Plain {
  const members: Record<string, unknown> = {};
  const places = new Map<string, Node>();
  const parts: Plain[] = [];
  const merged: Plain[] = [];
  for (const pair of map.items as Pair<Node, Node | null>[]) {
    const key = isMergeKey(pair.key) ? undefined : keyText(reader, pair.key, level + 1);
    const plain = convert(reader, pair.value, level + 1);
    if (isMergeKey(pair.key)) merged.push(...mergedMaps(reader, pair.value ?? pair.key, plain));
    if (key === undefined) continue;
    const first = places.get(key);
    if (first !== undefined) reader.mistakes.push(duplicate(reader.source, key, first, pair.key));
    else places.set(key, pair.key);
    members[key] = plain.value;
    parts.push(plain);
  }
  return withMerged(members, parts, affordable(reader, map, merged));
}

function affordable(reader: Reader, map: Node, merged: readonly Plain[]): readonly Plain[] {
  if (merged.length === 0 || reader.copied > MAX_SIZE) return [];
  for (const { value } of merged) reader.copied += Object.keys(value as object).length;
  if (reader.copied > MAX_SIZE) tooLarge(reader, map);
  return reader.copied > MAX_SIZE ? [] : merged;
}

/** Own keys win over merged ones, earlier merged maps over later ones. */
function withMerged(
  own: Readonly<Record<string, unknown>>,
  parts: readonly Plain[],
  merged: readonly Plain[],
): Plain {
  if (merged.length === 0) return { value: own, ...extent(parts) };
  const below = merged.toReversed().map(({ value }) => value as object);
  return { value: Object.assign({}, ...below, own), ...extent([...parts, ...merged]) };
}

function extent(parts: readonly Plain[]): { readonly size: number; readonly depth: number } {
  let [size, depth] = [1, 0];
  for (const part of parts) {
    size += part.size;
    depth = Math.max(depth, part.depth);
  }
  return { size, depth: depth + 1 };
}

function convertAlias(reader: Reader, alias: Alias): Plain {
  const target = reader.anchors.get(alias.source);
  if (target === undefined)
    return fail(
      reader,
      alias,
      'unknown-anchor',
      `no anchor "&${alias.source}" stands before this alias`,
      didYouMean(alias.source, reader.anchors.keys()) ??
        'Define the anchor earlier in the same file; anchors do not reach other files.',
    );
  reader.source.targets.set(alias, target);
  return (
    reader.done.get(target) ??
    fail(reader, alias, 'recursive-anchor', `the anchor "&${alias.source}" contains itself`)
  );
}

function mergedMaps(reader: Reader, node: Node, plain: Plain): readonly Plain[] {
  const maps = Array.isArray(plain.value)
    ? plain.value.map((value): Plain => ({ ...plain, value }))
    : [plain];
  if (maps.every(({ value }) => isObject(value))) return maps;
  if (plain !== NOTHING || !isAlias(node))
    fail(reader, node, 'bad-merge', '"<<" needs a map, or a list of maps', 'Write <<: *anchor.');
  return [];
}

function isObject(value: unknown): boolean {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Whether a key is the merge key: `<<` without quotes. */
export function isMergeKey(key: unknown): key is Scalar {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}

/** The text of a key as it was written: `1.10:` is the key "1.10". Undefined for what can't be one. */
export function keyOf(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  if (typeof key.value === 'string') return key.value;
  return key.source === undefined || key.source === '' ? undefined : key.source;
}

function keyText(reader: Reader, key: Node, level: number): string | undefined {
  const text = keyOf(key);
  if (text === undefined) fail(reader, key, 'bad-key', 'a key must be plain text');
  // A member of this name would set the object's prototype.
  else if (text === '__proto__') fail(reader, key, 'bad-key', '"__proto__" can\'t be a key');
  else {
    // Its anchor, if it has one, may be used from here on.
    convert(reader, key, level);
    return text;
  }
  return undefined;
}

function duplicate(source: Source, key: string, first: Node, second: Node): Mistake {
  return {
    code: 'duplicate-key',
    message: `"${key}" is declared twice`,
    at: [spotOf(source, first, 'first here'), spotOf(source, second, 'and again here')],
    remedy: 'Remove or rename one of them.',
  };
}

/** Replaces what has grown too large by nothing, so that one mistake stays one. */
function bounded(reader: Reader, node: Node, plain: Plain): Plain {
  if (plain.depth > MAX_DEPTH) return tooDeep(reader, node);
  return plain.size <= MAX_SIZE ? plain : tooLarge(reader, node);
}

function tooLarge(reader: Reader, node: Node): Plain {
  return fail(
    reader,
    node,
    'expansion-too-large',
    `with its aliases put in, this has more than ${MAX_SIZE} values`,
    'Use fewer aliases of aliases.',
  );
}

function tooDeep(reader: Reader, node: Node): Plain {
  return fail(
    reader,
    node,
    'nested-too-deeply',
    `this is nested more than ${MAX_DEPTH} levels deep`,
    'A declaration needs fewer than 20 levels.',
  );
}

function fail(reader: Reader, node: Node, code: string, message: string, remedy?: string): Plain {
  reader.mistakes.push({
    code,
    message,
    at: [spotOf(reader.source, node)],
    ...(remedy === undefined ? {} : { remedy }),
  });
  return NOTHING;
}
