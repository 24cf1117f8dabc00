/** The form of an answer: keys and types, not values. */
export type Shape = string | readonly Shape[] | { readonly [key: string]: Shape };

export function shapeOf(value: unknown): Shape {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)]));
  }
  return typeof value;
}

export interface Tolerance {
  /** Keys that depend on a VM's configuration or on the moment. */
  readonly mayLack?: readonly string[];
  readonly mayHave?: readonly string[];
}

/** Where the answer's form differs from the recorded one. Empty: nowhere. */
export function differences(
  seen: Shape,
  wanted: Shape,
  tolerance: Tolerance,
  at = 'data',
): string[] {
  if (wanted === 'object')
    return typeof seen === 'object' ? [] : [`${at}: ${name(seen)}, not an object`];
  if (typeof wanted === 'string' || typeof seen === 'string') {
    return seen === wanted ? [] : [`${at}: ${name(seen)}, recorded ${name(wanted)}`];
  }
  if (isList(wanted) || isList(seen)) {
    if (!isList(wanted) || !isList(seen)) return [`${at}: list and object differ`];
    return listDifferences(seen, wanted, tolerance, at);
  }
  return keyDifferences(seen, [wanted], tolerance, at);
}

function isList(shape: Shape): shape is readonly Shape[] {
  return Array.isArray(shape);
}

function name(shape: Shape): string {
  return typeof shape === 'string' ? shape : isList(shape) ? 'list' : 'object';
}

/** A list's rows may differ from each other: each must be like some of the recorded ones. */
function listDifferences(
  seen: readonly Shape[],
  wanted: readonly Shape[],
  tolerance: Tolerance,
  at: string,
): string[] {
  if (wanted.length === 0) return [];
  const kinds = wanted.filter((row) => typeof row === 'object' && !isList(row));
  return seen.flatMap((row, index) => {
    if (typeof row === 'string' || isList(row)) {
      return wanted.some((kind) => name(kind) === name(row))
        ? []
        : [`${at}[${index}]: ${name(row)}`];
    }
    return keyDifferences(
      row,
      kinds as readonly Record<string, Shape>[],
      tolerance,
      `${at}[${index}]`,
    );
  });
}

function keyDifferences(
  seen: { readonly [key: string]: Shape },
  kinds: readonly { readonly [key: string]: Shape }[],
  tolerance: Tolerance,
  at: string,
): string[] {
  const found: string[] = [];
  for (const [key, part] of Object.entries(seen)) {
    const known = kinds.flatMap((kind) => (kind[key] === undefined ? [] : [kind[key]]));
    if (known.length === 0) {
      if (!tolerance.mayHave?.includes(key)) found.push(`${at}.${key}: never recorded`);
      continue;
    }
    const each = known.map((kind) => differences(part, kind, tolerance, `${at}.${key}`));
    found.push(...(each.find((list) => list.length === 0) ?? each[0] ?? []));
  }
  const [first = {}, ...rest] = kinds;
  for (const key of Object.keys(first)) {
    const always = rest.every((kind) => kind[key] !== undefined);
    if (always && seen[key] === undefined && !tolerance.mayLack?.includes(key)) {
      found.push(`${at}.${key}: missing`);
    }
  }
  return found;
}
