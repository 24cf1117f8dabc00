/** One part of a glob between two slashes. */
export type GlobPart =
  | { readonly kind: 'name'; readonly name: string }
  /** `**`: any number of folders, none too. Not hidden ones. */
  | { readonly kind: 'deep' }
  | { readonly kind: 'pattern'; readonly matches: (name: string) => boolean };

/**
 * The parts of a glob such as `workers/*.yaml` or `conf/**` + `/*.yaml`. `*` and `?` stand for characters of one
 * name and don't match a leading dot; everything else stands for itself. undefined: it leads out of the project.
 */
export function parseGlob(pattern: string): readonly GlobPart[] | undefined {
  const parts = pattern.replaceAll('\\', '/').split('/');
  if (parts[0] === '' || /^[A-Za-z]:$/.test(parts[0] ?? '') || parts.includes('..'))
    return undefined;
  const named = parts.filter((part) => part !== '' && part !== '.');
  // Two in a row mean no more than one, and would only be walked again and again.
  return named.filter((part, i) => part !== '**' || named[i - 1] !== '**').map(parsePart);
}

function parsePart(part: string): GlobPart {
  if (part === '**') return { kind: 'deep' };
  if (!/[*?]/.test(part)) return { kind: 'name', name: part };
  return { kind: 'pattern', matches: (name) => matchesPart(part, name) };
}

/** Linear: on a mismatch only the last `*` takes one character more. A stranger's pattern must not hang us. */
function matchesPart(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p;
      resume = n;
      p += 1;
    } else if (pattern[p] === '?' || pattern[p] === name[n]) {
      p += 1;
      n += 1;
    } else if (star >= 0) {
      resume += 1;
      n = resume;
      p = star + 1;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
