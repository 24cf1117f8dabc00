import type { Json } from '../../model/json.ts';

type JsonObject = { readonly [key: string]: Json };

/** A copy with one attribute set by its path, such as `networks[0].vlan`; null takes it away. */
export function withValue(object: JsonObject, path: string, value: Json): JsonObject {
  const changed = put(object, keysOf(path), value);
  return isObject(changed) ? changed : object;
}

/** The steps of a path: `networks[0].vlan` is networks, 0, vlan. */
export function keysOf(path: string): readonly (string | number)[] {
  return Array.from(path.matchAll(/\[(\d+)\]|[^.[\]]+/g), ([word, index]) =>
    index === undefined ? word : Number(index),
  );
}

function put(target: Json, keys: readonly (string | number)[], value: Json): Json {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (typeof key === 'number') {
    // An index far beyond the end is no list that we wrote.
    const list = Array.isArray(target) ? [...target] : [];
    if (key > list.length) return target;
    const member = put(list[key] ?? {}, rest, value);
    if (member === null) return list.filter((_, index) => index !== key);
    list[key] = member;
    return list;
  }
  const members = isObject(target) ? target : {};
  const member = put(Object.hasOwn(members, key) ? (members[key] ?? {}) : {}, rest, value);
  const others = Object.entries(members).filter(([name]) => name !== key);
  return Object.fromEntries(member === null ? others : [...others, [key, member]]);
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
