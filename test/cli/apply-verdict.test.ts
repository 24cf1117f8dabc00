import { describe, expect, it } from 'vitest';
import { applyExitCode } from '../../src/cli/apply-verdict.ts';
import type { ApplyResult, WorkerOutcome } from '../../src/model/result.ts';

function outcome(result: WorkerOutcome['result'], test?: 'passed' | 'failed'): WorkerOutcome {
  return {
    worker: 'w',
    actions: ['test'],
    result,
    status: 'Shut Down',
    node: 'pve1',
    tookMs: 1,
    ...(test === undefined ? {} : { test: { result: test, at: 0, checks: [] } }),
  };
}

function code(outcomes: readonly WorkerOutcome[], parts: Partial<ApplyResult> = {}): number {
  return applyExitCode({
    run: 'r',
    outcomes,
    interrupted: false,
    leftRunning: [],
    tookMs: 1,
    ...parts,
  });
}

describe('applyExitCode', () => {
  it('is 0 when everything is done, and when there was nothing to do', () => {
    expect(code([outcome('done'), outcome('done', 'passed')])).toBe(0);
    expect(code([])).toBe(0);
  });

  it('is 7 when all is done and a test failed', () => {
    expect(code([outcome('done', 'failed'), outcome('done')])).toBe(7);
  });

  it.each(['failed', 'stale', 'skipped', 'held', 'interrupted'] as const)(
    'P44: is 5 when a worker is %s beside one that is done, tests or not',
    (result) => {
      expect(code([outcome(result), outcome('done', 'failed')])).toBe(5);
    },
  );

  it('is 3 when every worker is stale, 5 when a worker is left running, 130 when interrupted', () => {
    expect(code([outcome('stale'), outcome('stale')])).toBe(3);
    expect(code([outcome('done')], { leftRunning: ['w'] })).toBe(5);
    expect(code([outcome('failed')], { interrupted: true })).toBe(130);
  });
});
