import { describe, expect, it } from 'vitest';
import type { ApplyResult, WorkerOutcome } from '../../src/model/result.ts';
import type { CheckResult } from '../../src/model/state.ts';
import { junitXml } from '../../src/report/junit.ts';
import { PLAIN } from '../../src/report/paint.ts';
import { resultText } from '../../src/report/result-text.ts';

const VIEW = { program: 'muster', paint: PLAIN };

function check(id: string, parts: Partial<CheckResult> = {}): CheckResult {
  return { id, result: 'pass', ms: 12, seen: 'fine', ...parts };
}

const DROPPED = check('repository:pbs-main', {
  result: 'fail',
  ms: 5000,
  seen: '192.168.2.58 -> pbs.example.net:8007: no answer in 5 s',
  hint: 'gateway 192.168.2.1 answers; a hop after it drops port 8007',
});

function outcome(worker: string, parts: Partial<WorkerOutcome> = {}): WorkerOutcome {
  return {
    worker,
    actions: ['deploy', 'test'],
    result: 'done',
    status: 'Shut Down',
    node: worker.replace('backup-', ''),
    vmid: 9100,
    tookMs: 95_000,
    ...parts,
  };
}

function result(outcomes: readonly WorkerOutcome[], parts: Partial<ApplyResult> = {}): ApplyResult {
  return { run: 'r', outcomes, interrupted: false, leftRunning: [], tookMs: 118_000, ...parts };
}

const PATCHED = {
  result: 'patched' as const,
  at: 0,
  manager: 'apt',
  packages: Array.from({ length: 14 }, (_, index) => `p${index} 1 2`),
  rebooted: false,
};

const ONE_FAILED = result([
  outcome('backup-pve1', {
    test: { result: 'passed', at: 0, checks: [check('gateway')] },
    patch: PATCHED,
  }),
  outcome('backup-pve2', {
    vmid: 9101,
    tookMs: 116_000,
    test: { result: 'failed', at: 0, checks: [check('gateway'), DROPPED] },
  }),
]);

const SHOWN = `\
Worker       Status     Node  VM    Test    Patched  Took
backup-pve2  Shut Down  pve2  9101  FAILED  not run  1 m 56 s  repository:pbs-main
backup-pve1  Shut Down  pve1  9100  passed  14       1 m 35 s

backup-pve2: "repository:pbs-main" failed
  seen: 192.168.2.58 -> pbs.example.net:8007: no answer in 5 s
  hint: gateway 192.168.2.1 answers; a hop after it drops port 8007

Applied: 0 destroyed, 0 replaced, 2 deployed. Tests: 1 passed, 1 FAILED. 0 workers left running.
Next     mend what the hints name, then: muster test backup-pve2
`;

describe('resultText', () => {
  it('W4: shows failures first, the hop that is broken, the counts, and what to do next', () => {
    expect(resultText(ONE_FAILED, VIEW)).toBe(SHOWN);
  });

  it('shows what failed with the words of Proxmox and the remedy, and sends to plan', () => {
    const failed = outcome('backup-pve1', {
      result: 'failed',
      status: 'Configured',
      error: 'task failed: no space left\u001b[2J',
      detail: ['create full clone of drive scsi0'],
      remedy: 'Mend what the task says, then apply again.',
    });
    const text = resultText(
      result([failed, outcome('backup-pve2', { actions: ['configure'] })]),
      VIEW,
    );
    expect(text).toContain('Error: backup-pve1: task failed: no space left\\x1b[2J');
    expect(text).toContain('create full clone of drive scsi0');
    expect(text).toContain('0 replaced, 1 configured, 1 FAILED.');
    expect(text).toMatch(/^Next {5}muster plan/m);
  });

  it('names workers that are still running and the command that powers them off', () => {
    const text = resultText(result([outcome('w')], { leftRunning: ['w'] }), VIEW);
    expect(text).toContain('1 worker left running: w.');
    expect(text).toMatch(/^Next {5}muster shutdown w$/m);
  });

  it('says that a run was interrupted', () => {
    const text = resultText(
      result([outcome('w', { result: 'interrupted' })], { interrupted: true }),
      VIEW,
    );
    expect(text).toMatch(/^Interrupted: /m);
  });
});

describe('junitXml', () => {
  it('has a suite per worker and a case per check, with what was seen', () => {
    const xml = junitXml(ONE_FAILED);
    expect(xml).toContain(
      '<testsuite name="backup-pve2" tests="3" failures="1" errors="0" skipped="0" time="116.000">',
    );
    expect(xml).toContain(
      '<testcase classname="backup-pve2" name="repository:pbs-main" time="5.000"><failure message="192.168.2.58 -&gt; pbs.example.net:8007: no answer in 5 s">',
    );
    expect(xml).toContain('<testcase classname="backup-pve1" name="gateway" time="0.012"/>');
  });

  it('tells work that failed as an error and held work as skipped, whatever it says', () => {
    const xml = junitXml(
      result([
        outcome('a', { result: 'failed', error: '"><x>\u0000' }),
        outcome('b', { result: 'held', error: 'leased: ]]>' }),
      ]),
    );
    expect(xml).toContain('<error message="&quot;&gt;&lt;x&gt;\ufffd">');
    expect(xml).toContain('<skipped message="leased: ]]&gt;"/>');
  });
});
