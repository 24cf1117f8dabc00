import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expandDeep,
  expandPlaceholders,
  literalDeep,
  placeholdersIn,
  substitutePlaceholders,
} from '../../src/model/placeholder.ts';

const scope = { node: 'pve1', 'worker.name': 'backup-pve1' };

describe('placeholders', () => {
  it.each([
    ['backup-${node}', 'backup-pve1'],
    ['${ node }', 'pve1'],
    ['${worker.name}/${node}', 'backup-pve1/pve1'],
    ['$${node}', '${node}'],
    ['$$${node}', '$${node}'],
    ['{node} $node ${', '{node} $node ${'],
    ['${vm.id}', '${vm.id}'],
    ['${constructor}', '${constructor}'],
  ])('%s becomes %s', (text, expected) => {
    expect(expandPlaceholders(text, scope)).toBe(expected);
  });

  it('are found with their places; literals are not', () => {
    expect(placeholdersIn('a ${ x.y } $${z} ${q')).toEqual([
      { name: 'x.y', start: 2, end: 10 },
      { name: undefined, start: 17, end: 19 },
    ]);
  });

  it('are expanded inside values, keys stay', () => {
    expect(expandDeep({ '${node}': ['${node}', 1, { a: '${node}', b: null }] }, scope)).toEqual({
      '${node}': ['pve1', 1, { a: 'pve1', b: null }],
    });
  });

  it('that are not known yet stay for a later expansion, and literals stay literals', () => {
    expect(substitutePlaceholders('${ node }/${vm.id}/$${node}/${', scope)).toBe(
      'pve1/${vm.id}/$${node}/${',
    );
  });

  it('are none in a text that was made literal: it expands to itself', () => {
    const value = { run: ['echo ${node} $${x} $', 1], note: null };
    expect(literalDeep(value)).toEqual({ run: ['echo $${node} $$${x} $', 1], note: null });
    expect(expandDeep(literalDeep(value), scope)).toEqual(value);
  });

  it('in a value that is put in are not expanded, in one go or in two', () => {
    fc.assert(
      fc.property(
        fc.string().filter((value) => !value.endsWith('$')),
        (value) => {
          expect(expandPlaceholders('<${x}>', { x: value })).toBe(`<${value}>`);
          const half = substitutePlaceholders('<${x}>', { x: value });
          const full = { x: 'wrong', node: 'wrong', 'secret.A': 'wrong' };
          expect(expandPlaceholders(half, full)).toBe(`<${value}>`);
        },
      ),
      { examples: [['${secret.A}'], ['$${node}'], ['$$${x}'], ['$&']] },
    );
  });
});
