import { describe, expect, test } from 'vitest';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';
import { digestOf } from '../../src/model/digest.ts';
import { readSavedPlan, savePlan } from '../../src/plan/saved-plan.ts';
import { LINEAGE, NOW, planOf, withWorkers } from './support/builders.ts';

const plan = planOf({ declaration: withWorkers({ a: { node: 'pve1' } }) });
const envelope = { toolVersion: '0.1.0', lineage: LINEAGE, serial: 41, createdAt: NOW };
const saved = savePlan(plan, envelope);

function failure(text: string): DiagnosticsError {
  try {
    readSavedPlan(text);
  } catch (error) {
    if (error instanceof DiagnosticsError) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('a saved plan', () => {
  test('is read as it was saved', () => {
    expect(readSavedPlan(JSON.stringify(saved, null, 2))).toEqual(saved);
  });

  test('that was changed is refused with exit 3, and says what to do', () => {
    const error = failure(JSON.stringify(saved).replace('"serial":41', '"serial":42'));
    expect(error.exitCode).toBe(3);
    expect(error.diagnostics).toEqual([
      {
        severity: 'error',
        code: 'plan-tampered',
        message:
          'the plan file was changed after it was saved: its digest does not match its content',
        labels: [],
        detail: ['Nothing was changed.'],
        remedy: 'Plan again with --out, and have that reviewed.',
      },
    ]);
  });

  test('that was changed and sealed anew is betrayed by its review digest', () => {
    const workers = plan.workers.map((worker) => ({ ...worker, node: 'pve2' }));
    const forged = savePlan({ ...plan, workers }, envelope);
    expect(failure(JSON.stringify(forged)).exitCode).toBe(3);
  });

  const { fileDigest: _seal, ...content } = saved;
  const forged = (change: object) => {
    const all = { ...content, ...change };
    return JSON.stringify({ ...all, fileDigest: digestOf(all) });
  };
  const foreign = 'it is not a plan that Muster saved';

  test.each([
    ['empty', '', 'it is empty'],
    ['blank', ' \n', 'it is empty'],
    ['cut off', JSON.stringify(saved).slice(0, 200), 'it is not JSON, or cut off'],
    ['something else', '{"resource_changes":[]}', foreign],
    ['a list', '[]', foreign],
    ['null', 'null', foreign],
    ['without its seal', JSON.stringify(content), foreign],
    ['another kind of file of ours', forged({ kind: 'muster-state' }), foreign],
    ['of no state', forged({ lineage: null }), foreign],
    ['of no serial', forged({ serial: '41' }), foreign],
    ['an envelope alone', forged({ plan: null }), foreign],
    ['without workers', forged({ plan: { ...plan, workers: {} } }), foreign],
    [
      'with something else among its workers',
      forged({ plan: { ...plan, workers: [...plan.workers, null] } }),
      foreign,
    ],
    [
      'with a worker without actions',
      forged({ plan: { ...plan, workers: [...plan.workers, { worker: 'b' }] } }),
      foreign,
    ],
    ['without its options', forged({ plan: { ...plan, options: null } }), foreign],
    ['without its cluster', forged({ plan: { ...plan, cluster: null } }), foreign],
  ])('that is %s can not be read: exit 1', (_, text, why) => {
    const error = failure(text);
    expect(error.exitCode).toBe(1);
    expect(error.diagnostics).toMatchObject([
      {
        code: 'plan-unreadable',
        message: `the plan file can't be read: ${why}`,
        remedy: 'Plan again with --out.',
      },
    ]);
  });

  test('of a later format names the format, and the Muster that saved it', () => {
    const later = savePlan(plan, { ...envelope, toolVersion: '2.3.0' });
    const { diagnostics } = failure(JSON.stringify({ ...later, format: 2 }));
    expect(diagnostics[0]?.message).toContain('format 2');
    expect(diagnostics[0]?.detail).toContain('It was saved by Muster 2.3.0.');
    expect(diagnostics[0]?.remedy).toBe(
      'Apply it with the Muster that saved it, or plan again with this one.',
    );
  });

  test('of a later format that says no version is refused all the same', () => {
    const { toolVersion: _, ...later } = saved;
    const { diagnostics } = failure(JSON.stringify({ ...later, format: 2 }));
    expect(diagnostics[0]).toMatchObject({ code: 'plan-newer' });
    expect(diagnostics[0]?.detail).toEqual(['It was saved.', 'Nothing was changed.']);
  });
});

describe('a saved plan of an older format', () => {
  /** Formats -1 and 0, made up: the serial had other names. */
  const migrations = {
    [-1]: (value: unknown) => {
      const { number, ...rest } = value as { readonly number: number };
      return { ...rest, format: 0, count: number };
    },
    0: (value: unknown) => {
      const { count, ...rest } = value as { readonly count: number };
      return { ...rest, format: 1, serial: count };
    },
  };
  const { fileDigest: _, serial, ...rest } = saved;
  const sealed = (content: object) => JSON.stringify({ ...content, fileDigest: digestOf(content) });
  const oldest = sealed({ ...rest, format: -1, number: serial });

  test('is read as what it is today, sealed anew, step by step', () => {
    expect(readSavedPlan(oldest, migrations)).toEqual(saved);
    expect(readSavedPlan(sealed({ ...rest, format: 0, count: serial }), migrations)).toEqual(saved);
  });

  test('is refused when it was changed: by its own seal, and by the review digest', () => {
    const read = (text: string) => () => readSavedPlan(text, migrations);
    expect(read(oldest.replace('"number":41', '"number":42'))).toThrow(
      /changed after it was saved/,
    );
    const workers = plan.workers.map((worker) => ({ ...worker, node: 'pve2' }));
    const forged = { ...rest, plan: { ...plan, workers }, format: -1, number: serial };
    expect(read(sealed(forged))).toThrow(/review digest does not match/);
  });

  test('that is not what its format holds is refused, and says why: exit 1', () => {
    const broken = {
      0: () => {
        throw new Error('count is missing');
      },
    };
    const read = () => readSavedPlan(sealed({ ...rest, format: 0 }), broken);
    expect(read).toThrow(
      "the plan file can't be read: it is not what format 0 holds: count is missing",
    );
  });

  test('or of none that is known, says so and what to do: exit 1', () => {
    const error = failure(oldest);
    expect(error.exitCode).toBe(1);
    expect(error.message).toBe(
      "the plan file can't be read: its format -1 is too old for this Muster",
    );
    expect(error.diagnostics[0]?.remedy).toBe('Plan again with --out.');
    for (const format of [1.5, '1', null])
      expect(failure(sealed({ ...rest, serial, format })).message).toMatch(
        /it is not a plan that Muster saved$/,
      );
  });
});

describe('the review digest', () => {
  const digest = (memory: number, change = {}) =>
    planOf({
      declaration: withWorkers({ a: { node: 'pve1', memory } }, change),
    }).reviewDigest;

  test('is the same for the same work, whatever the serial, the time and the lines are', () => {
    const moved = { locate: () => ({ file: 'other.yaml', line: 99, column: 9 }) };
    expect(digest(2 ** 32, moved)).toBe(digest(2 ** 32));
  });

  test('changes with what would be done', () => {
    expect(digest(2 ** 33)).not.toBe(digest(2 ** 32));
  });
});
