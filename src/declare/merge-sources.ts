import type { Mistake, Path, Place, Source } from './source.ts';

/** One file's sections; none when it holds nothing, or nothing that can be read. */
export interface Part {
  readonly source: Source;
  readonly value: PlainMap;
}

export type PlainMap = Readonly<Record<string, unknown>>;

/** Several files as one document, and which file each entry came from. */
export interface Merged {
  readonly document: PlainMap;
  /** By section, and by `section/key`. */
  readonly origins: ReadonlyMap<string, Source>;
  readonly mistakes: readonly Mistake[];
}

/** How a mistake names one file's place: the merged document knows only the first. */
type PlaceIn = (source: Source, place: Place) => Mistake['at'][number];

/** The key of `origins` for a path: its first two parts. */
export function originKey(path: Path): string {
  return path.slice(0, 2).join('/');
}

/** A key for YAML anchors: nobody reads it, every file may have it. */
function isExtension(key: string): boolean {
  return key.startsWith('x-');
}

/** Merges files section by section: the keys of maps are put together, and a key that two files declare is a mistake. */
export function mergeParts(parts: readonly Part[], placeIn: PlaceIn): Merged {
  const document: Record<string, unknown> = {};
  const origins = new Map<string, Source>();
  const mistakes: Mistake[] = [];
  for (const { source, value } of parts)
    for (const [section, content] of Object.entries(value))
      addSection({ document, origins, mistakes, placeIn }, source, section, content);
  return { document, origins, mistakes };
}

interface Merging {
  readonly document: Record<string, unknown>;
  readonly origins: Map<string, Source>;
  readonly mistakes: Mistake[];
  readonly placeIn: PlaceIn;
}

function addSection(merging: Merging, source: Source, section: string, content: unknown): void {
  const { document, origins } = merging;
  // An empty section (`workers:` and nothing below) says nothing.
  if (content === null || isExtension(section)) return;
  const present = Object.hasOwn(document, section) ? document[section] : undefined;
  if (present === undefined) {
    document[section] = isPlainMap(content) ? { ...content } : content;
    origins.set(section, source);
    for (const key of keysOf(content)) origins.set(originKey([section, key]), source);
  } else if (section === 'muster' && present === content) {
    return;
  } else if (isPlainMap(present) && isPlainMap(content)) {
    addEntries(merging, source, section, present, content);
  } else merging.mistakes.push(declaredTwice(merging, source, [section]));
}

function addEntries(
  merging: Merging,
  source: Source,
  section: string,
  // Made by addSection, so it may grow.
  present: Record<string, unknown>,
  content: PlainMap,
): void {
  for (const [key, value] of Object.entries(content)) {
    if (Object.hasOwn(present, key))
      merging.mistakes.push(declaredTwice(merging, source, [section, key]));
    else {
      present[key] = value;
      merging.origins.set(originKey([section, key]), source);
    }
  }
}

function declaredTwice({ origins, placeIn }: Merging, again: Source, path: Path): Mistake {
  const first = origins.get(originKey(path)) ?? again;
  const key = { path, part: 'key' as const };
  return {
    code: 'declared-twice',
    message: `${path.join('.')} is declared twice`,
    at: [
      placeIn(first, { ...key, text: 'first here' }),
      placeIn(again, { ...key, text: 'and again here' }),
    ],
    remedy: 'Keep one of them; an environment changes values, an included file does not.',
  };
}

/** Lays one map over another: maps in it merge, everything else replaces. */
export function overlay(base: PlainMap, top: PlainMap): PlainMap {
  const changed = Object.entries(top)
    .filter(([key, value]) => !isExtension(key) && value !== null)
    .map(([key, value]) => {
      const below = Object.hasOwn(base, key) ? base[key] : undefined;
      return [key, isPlainMap(below) && isPlainMap(value) ? overlay(below, value) : value];
    });
  return { ...base, ...Object.fromEntries(changed) };
}

export function isPlainMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** What stands at a path; undefined where it leads nowhere. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path)
    value =
      value !== null && typeof value === 'object' && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined;
  return value;
}

function keysOf(value: unknown): readonly string[] {
  return isPlainMap(value) ? Object.keys(value) : [];
}
