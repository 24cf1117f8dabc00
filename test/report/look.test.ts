import { describe, expect, it } from 'vitest';
import { doctorText } from '../../src/report/doctor-text.ts';
import { driftOf, driftText } from '../../src/report/drift-text.ts';
import { widthOf } from '../../src/report/layout.ts';
import { PLAIN } from '../../src/report/paint.ts';
import { type StatusRow, statusText } from '../../src/report/status-text.ts';
import { driftPlan, planOf } from './plans.ts';

const STATE = { where: 'muster.state.json', serial: 41 };
const AT = Date.UTC(2026, 10, 22, 2, 14);

const DRIFT = `\
Cluster  north: 5 nodes, 1 unreachable, PVE 9.2.11, https://pve1.example.net:8006 as muster@pve!ci
State    muster.state.json: serial 41

Drift on 2 workers. Nothing can be said about 1 worker.

  backup-pve1  on pve1  vm 9101
    networks[0].vlan: none -> 120    drift, was 120 when last applied; in-place

  restore-pve1  on pve1  vm 9105  left-running
    power: running -> off       drift

Unknown    backup-pve4: unreachable (595 No route to host)

Next       muster plan, which puts it back
`;

describe('driftText', () => {
  const view = { state: STATE, paint: PLAIN, verbose: false, program: 'muster' };

  it('P9: shows only what was changed behind our back, not what the YAML asks for', () => {
    expect(driftText(driftPlan(), view)).toBe(DRIFT);
  });

  it('P27: counts workers of a node that gives no answer as unknown, not as gone', () => {
    expect(driftOf(driftPlan()).unknown).toEqual([
      { worker: 'backup-pve4', why: 'unreachable (595 No route to host)' },
    ]);
    expect(driftText(planOf(), view)).toContain('No drift.\n');
  });
});

const ROWS: readonly StatusRow[] = [
  {
    worker: 'backup-pve1',
    status: 'Shut Down',
    enabled: true,
    node: 'pve1',
    vmid: 9100,
    power: 'stopped',
    test: { result: 'passed', at: AT, checks: [] },
    patch: { result: 'patched', at: AT, packages: ['a', 'b'], rebooted: false },
    findings: [],
  },
  {
    worker: 'backup-pve2',
    status: 'Working',
    enabled: true,
    node: 'pve2',
    vmid: 9101,
    power: 'running',
    test: {
      result: 'failed',
      at: AT,
      checks: [{ id: 'gateway', result: 'fail', ms: 1, seen: 'no answer' }],
    },
    lease: 'session nightly of ci@runner',
    findings: ['test-failed'],
  },
  { worker: 'backup-pve3', status: 'Configured', enabled: false, node: 'pve3', findings: [] },
];

const STATUS = `\
Cluster  homelab: 3 nodes, PVE 9.2.11, https://pve1.example.net:8006 as muster@pve!ci
State    muster.state.json: serial 41

Worker       Status      Node  VM    Last test                         Last patch
backup-pve1  Shut Down   pve1  9100  passed, 2026-11-22 02:14          2, 2026-11-22
backup-pve2  Working     pve2  9101  FAILED gateway, 2026-11-22 02:14
    leased by session nightly of ci@runner; test-failed
backup-pve3  Configured  pve3        never                                            disabled

3 workers, 1 running.
`;

describe('statusText', () => {
  const report = { cluster: planOf().cluster, state: STATE, rows: ROWS, findings: [] };

  it('W3: has one line per worker with its VM, its last test and patch, and who uses it', () => {
    expect(statusText(report, PLAIN)).toBe(STATUS);
  });

  it('points at a worker that runs though nobody uses it', () => {
    const rows = ROWS.slice(0, 1).map((row) => ({ ...row, power: 'running' as const }));
    expect(statusText({ ...report, rows }, PLAIN)).toMatch(/backup-pve1 .* running$/m);
  });

  it('acts on nothing that a worker, a lease or a finding is called', () => {
    const evil = '\u001b[2J\n';
    const rows = ROWS.map((row) => ({ ...row, worker: evil, lease: evil, quarantine: evil }));
    const findings = [{ code: 'x', message: evil, worker: evil }];
    const text = statusText({ ...report, rows, findings }, PLAIN);
    expect(text).not.toContain('\u001b');
    expect(text.split('\n').every((line) => widthOf(line) <= 100)).toBe(true);
  });
});

describe('doctorText', () => {
  it('says below each failure how to mend it, and leaves lines to paste whole', () => {
    const long = `  tls: { fingerprint: "${'AB:'.repeat(31)}AB" }`;
    const text = doctorText(
      [
        { check: 'endpoint', result: 'ok', seen: 'https://pve1:8006' },
        { check: 'tls', result: 'fail', seen: 'it is not trusted', remedy: ['Put this:', long] },
        { check: 'clock', result: 'warn', seen: 'differs by 2 m' },
      ],
      PLAIN,
    );
    expect(text).toContain('FAIL  tls       it is not trusted\n                Put this:\n');
    expect(text).toContain(`${long}\n`);
    expect(text).toContain('1 problem, 1 warning.');
  });
});
