import { expect, test } from 'vitest';
import {
  deployed,
  edited,
  made,
  planOf,
  type Scene,
  withWorkers,
  workerIn,
} from './support/builders.ts';

/** Everything below `root` as it is, and how many values were read of it. */
function counted<T extends object>(root: T): { readonly value: T; readonly reads: () => number } {
  let reads = 0;
  const known = new WeakMap<object, object>();
  const wrap = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const proxy = known.get(value) ?? new Proxy(value, handler);
    known.set(value, proxy);
    return proxy;
  };
  const handler: ProxyHandler<object> = {
    get: (target, key, receiver) => {
      reads += 1;
      return wrap(Reflect.get(target, key, receiver));
    },
    ownKeys: (target) => {
      const keys = Reflect.ownKeys(target);
      reads += keys.length;
      return keys;
    },
  };
  return { value: wrap(root) as T, reads: () => reads };
}

/** Of four workers one is new, one drifted, one changed by its declaration, one as it should be. */
function sceneOf(size: number): Scene {
  const names = Array.from({ length: size }, (_, index) => `w${String(index).padStart(4, '0')}`);
  const change = { cluster: { ...withWorkers({}).cluster, vmids: { from: 10_000, to: 99_999 } } };
  const declared = (memory: (index: number) => object) =>
    withWorkers(
      Object.fromEntries(names.map((name, index) => [name, { node: 'pve1', ...memory(index) }])),
      change,
    );
  const before = declared(() => ({}));
  const workers = names.flatMap((name, index) => {
    if (index % 4 === 0) return [];
    const whole = made(workerIn(before, name), 10_000 + index);
    const config = index % 4 === 1 ? edited(whole.config, { cores: '1' }) : whole.config;
    return [[name, { ...whole, config }] as const];
  });
  const declaration = declared((index) => (index % 4 === 2 ? { memory: 2 ** 30 } : {}));
  return { declaration, ...deployed(Object.fromEntries(workers)), preflight: true };
}

test('P3: planning twice as many workers reads about twice as much, not four times', () => {
  const [once, twice] = [100, 200].map((size) => {
    const { value, reads } = counted(sceneOf(size));
    const plan = planOf(value);
    expect(plan.workers).toHaveLength((size * 3) / 4);
    return reads();
  });
  expect((twice ?? 0) / (once ?? 1)).toBeLessThan(2.1);
});
