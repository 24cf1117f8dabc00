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
  return holdsAll(a, b) && holdsAll(b, a, true);
}

/** True when each member of `a` that is there is in `b` too, and the same unless only the names count. */
function holdsAll(a: object, b: object, namesOnly = false): boolean {
  for (const key of Object.keys(a)) {
    const member = memberOf(a, key);
    if (member === undefined) continue;
    const other = memberOf(b, key);
    if (other === undefined) return false;
    if (!namesOnly && member !== other && !sameJson(member, other)) return false;
  }
  return true;
}

function memberOf(of: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(of, key)?.value;
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
