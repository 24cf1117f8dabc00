/**
 * Reads JSON of Proxmox' narrowly: numbers may come as text and text as numbers, absent means unset, members
 * that are not known are ignored. What does not fit throws ShapeError, which becomes a PveError `garbled`.
 */

export class ShapeError extends Error {
  constructor(expected: string, seen: unknown) {
    super(`expected ${expected}, got ${seen === null ? 'null' : typeof seen}`);
    this.name = 'ShapeError';
  }
}

export type Members = Readonly<Record<string, unknown>>;

export function asMembers(value: unknown): Members {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new ShapeError('an object', value);
  return value as Members;
}

/** An object's members; none when Proxmox sends nothing, or the empty list that its Perl makes of nothing. */
export function asOptionalMembers(value: unknown): Members {
  const nothing = value === null || value === undefined || (Array.isArray(value) && !value.length);
  return nothing ? {} : asMembers(value);
}

function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new ShapeError('a list', value);
  return value;
}

export function asMembersList(value: unknown): readonly Members[] {
  return asList(value).map(asMembers);
}

export function asText(value: unknown): string {
  const text = toText(value);
  if (text === undefined) throw new ShapeError('text', value);
  return text;
}

export function textOf(members: Members, key: string): string | undefined {
  return toText(members[key]);
}

export function requiredText(members: Members, key: string): string {
  const text = textOf(members, key);
  if (text === undefined || text === '') throw new ShapeError(`text in "${key}"`, members[key]);
  return text;
}

export function numberOf(members: Members, key: string): number | undefined {
  const text = toText(members[key]);
  if (text === undefined || text.trim() === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

export function requiredNumber(members: Members, key: string): number {
  const value = numberOf(members, key);
  if (value === undefined) throw new ShapeError(`a number in "${key}"`, members[key]);
  return value;
}

export function flagOf(members: Members, key: string): boolean {
  const value = members[key];
  return value === true || value === 1 || value === '1';
}

/** Items of a list that Proxmox joins with commas, semicolons or spaces; sorted by nobody. */
export function wordsOf(members: Members, key: string): readonly string[] {
  return (textOf(members, key) ?? '').split(/[,; ]/).filter((word) => word !== '');
}

/** `{ [key]: value }`, or nothing when the value is undefined: for optional members. */
export function optional<K extends string, V>(
  key: K,
  value: V | undefined,
): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V });
}

function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  return undefined;
}
