/**
 * The record's own member of that name. A plain `record[name]` also finds what every object inherits, and
 * `constructor` is a valid worker name.
 */
export function lookup<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** The record without that member; the record itself when it has none. */
export function without<T>(
  record: Readonly<Record<string, T>>,
  name: string,
): Readonly<Record<string, T>> {
  if (!Object.hasOwn(record, name)) return record;
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}

/** The record with that member set. A computed key, so that `__proto__` is a name like any other. */
export function having<T>(
  record: Readonly<Record<string, T>>,
  name: string,
  value: T,
): Readonly<Record<string, T>> {
  return { ...record, [name]: value };
}
