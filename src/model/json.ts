/** Any JSON value; `null` stands for "absent" where two values are compared. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/** Compares by UTF-16 code unit: the one order in which Muster sorts names and keys. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** JSON with the keys of every object sorted: equal values give equal bytes. Undefined members are dropped. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sortedKeys(value));
}

/** True when both values have the same canonical JSON. Quick where they share parts. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const members = Object.entries(a).filter(([, member]) => member !== undefined);
  const others = new Map(Object.entries(b).filter(([, member]) => member !== undefined));
  return (
    members.length === others.size &&
    members.every(([key, member]) => others.has(key) && sameJson(member, others.get(key)))
  );
}

/** The value with the keys of every object sorted by code unit; undefined members are dropped. */
export function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => byCodeUnit(a, b))
      .map(([key, member]) => [key, sortedKeys(member)]),
  );
}
