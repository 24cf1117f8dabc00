import { describe, expect, test } from 'vitest';
import type { State } from '../../src/model/state.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import { renamesOf } from '../../src/plan/renames.ts';
import { desiredOf, stateOf, withWorkers } from './support/builders.ts';
import { A, resting } from './support/scenes.ts';

const { record } = resting();
const state = (...names: readonly string[]): State =>
  stateOf(Object.fromEntries(names.map((name) => [name, record])));

describe('which recorded worker has which new name', () => {
  test.each<
    [string, readonly string[], Readonly<Record<string, string>>, readonly string[], object]
  >([
    ['each by its own block', ['b', 'd'], { a: 'b', c: 'd' }, ['a', 'c'], { b: 'a', d: 'c' }],
    ['none that is recorded under its new name', ['b'], { a: 'b' }, ['a', 'b'], {}],
    ['none whose old name is declared still', ['a', 'b'], { a: 'b' }, ['a'], {}],
    ['none whose old name is not recorded', ['b'], { a: 'b' }, ['c'], {}],
    ['none whose new name is not declared', ['c'], { a: 'b' }, ['a'], {}],
    ['the first by name of two that became one', ['c'], { b: 'c', a: 'c' }, ['a', 'b'], { c: 'a' }],
    ['the other one, when the first is not recorded', ['c'], { b: 'c', a: 'c' }, ['b'], { c: 'b' }],
    [
      'by the node that a pattern names',
      ['new-pve1', 'other'],
      { 'old-${node}': 'new-${node}' },
      ['old-pve1', 'old-pve2'],
      { 'new-pve1': 'old-pve1' },
    ],
  ])('%s', (_, declared, renamed, recorded, expected) => {
    const workers: Record<string, WorkerFields> = Object.fromEntries(
      declared.map((name) => [name, A]),
    );
    const declaration = withWorkers(workers, { renamed });
    const renames = renamesOf(declaration, desiredOf(declaration), state(...recorded));
    expect(Object.fromEntries(renames)).toEqual(expected);
  });
});
