/** The same object type with members that may be undefined made optional. */
export type Compact<T> = {
  readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out members that are undefined: absent and undefined are different things to readers. */
export function compact<T extends object>(value: T): Compact<T> {
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members) as Compact<T>;
}

/** The same keys, each value changed. */
export function mapValues<A, B>(
  record: Readonly<Record<string, A>> | undefined,
  change: (value: A, key: string) => B,
): Readonly<Record<string, B>> {
  return Object.fromEntries(
    Object.entries(record ?? {}).map(([key, value]) => [key, change(value, key)]),
  );
}
