type Version = readonly [number, number, number];

/**
 * Whether a version satisfies a range: comparisons (`>=0.1 <1`) that must all hold, `||` between alternatives,
 * `^1.2` and `~1.2` as npm means them, a bare version for exactly that one (`1.2` for any 1.2.x).
 * Undefined: the range is malformed. Pre-releases count as the version they lead to.
 */
export function satisfies(version: string, range: string): boolean | undefined {
  const own = parseVersion(version);
  if (own === undefined) return undefined;
  const alternatives = range.split('||').map((part) => allHold(own.version, part));
  return alternatives.includes(undefined) ? undefined : alternatives.includes(true);
}

function allHold(version: Version, part: string): boolean | undefined {
  const words = part
    .trim()
    .replace(/(^|\s|[<>=^~])\s*([<>=^~]+)\s+/g, '$1$2')
    .split(/\s+/);
  const results = words.map((word) => holds(version, word));
  return results.includes(undefined) ? undefined : results.every((result) => result === true);
}

function holds(version: Version, word: string): boolean | undefined {
  if (word === '*') return true;
  const match = /^(>=|<=|>|<|=|\^|~)?(.+)$/.exec(word);
  const bound = parseVersion(match?.[2] ?? '');
  if (bound === undefined) return undefined;
  const order = compare(version, bound.version);
  switch (match?.[1]) {
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    case '>':
      return compare(version, nextAfter(bound.version, bound.parts)) >= 0;
    case '<=':
      return compare(version, nextAfter(bound.version, bound.parts)) < 0;
    case '^':
      return order >= 0 && compare(version, nextBreaking(bound.version)) < 0;
    case '~':
      return order >= 0 && compare(version, nextAfter(bound.version, Math.min(bound.parts, 2))) < 0;
    default:
      return bound.parts === 3
        ? order === 0
        : order >= 0 && compare(version, nextAfter(bound.version, bound.parts)) < 0;
  }
}

function parseVersion(
  text: string,
): { readonly version: Version; readonly parts: number } | undefined {
  const match = /^v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:[-+][0-9A-Za-z.-]+)?$/.exec(text);
  if (match === null) return undefined;
  const numbers = match
    .slice(1, 4)
    .filter((part) => part !== undefined)
    .map(Number);
  const [major = 0, minor = 0, patch = 0] = numbers;
  return { version: [major, minor, patch], parts: numbers.length };
}

/** The first version that a bound of so many parts does not cover: 1 → 2.0.0, 1.2 → 1.3.0. */
function nextAfter([major, minor, patch]: Version, parts: number): Version {
  if (parts === 1) return [major + 1, 0, 0];
  return parts === 2 ? [major, minor + 1, 0] : [major, minor, patch + 1];
}

/** The first version that may break what this one promised: the leftmost part that isn't 0 counts. */
function nextBreaking([major, minor, patch]: Version): Version {
  if (major > 0) return [major + 1, 0, 0];
  return minor > 0 ? [0, minor + 1, 0] : [0, 0, patch + 1];
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
