import type { Status } from '../model/lifecycle.ts';
import type { Finding, PlanCluster } from '../model/plan.ts';
import type { CheckResult, PatchRecord, TestRecord } from '../model/state.ts';
import { escapeTerminal } from './escape/terminal.ts';
import { clip, indented, MAX_COLUMNS, padEnd, table, widthOf } from './layout.ts';
import type { Paint } from './paint.ts';
import { patchWord } from './patch-word.ts';
import { findingText } from './plan/checks-lines.ts';
import { contextLines, type StateView } from './plan/headline.ts';
import { count, utcMinute } from './words.ts';

export interface StatusRow {
  readonly worker: string;
  readonly status: Status;
  readonly enabled: boolean;
  readonly node: string;
  readonly vmid?: number;
  /** As PVE shows it; absent where there is no VM or no answer. */
  readonly power?: 'running' | 'stopped' | 'unknown';
  readonly test?: TestRecord;
  readonly patch?: PatchRecord;
  /** "session nightly-…, root@runner3" */
  readonly lease?: string;
  /** Its note. */
  readonly quarantine?: string;
  /** Cluster time, ms; absent: until it is released. */
  readonly quarantinedUntil?: number;
  /** Codes of the findings about it. */
  readonly findings: readonly string[];
}

export interface StatusReport {
  readonly cluster: PlanCluster;
  readonly state: StateView;
  readonly rows: readonly StatusRow[];
  readonly findings: readonly Finding[];
}

/** One line per worker, then what is worth a look. */
export function statusText(report: StatusReport, paint: Paint): string {
  const running = report.rows.filter(({ power }) => power === 'running').length;
  return `${[
    ...contextLines(report.cluster, report.state),
    ...statusTable(report.rows, paint),
    '',
    `${count(report.rows.length, 'worker')}, ${running} running.`,
    ...report.findings.flatMap((finding) => indented(findingText(finding), 2)),
  ].join('\n')}\n`;
}

/** The rows below a heading and an empty line; nothing where there are none. */
export function statusTable(rows: readonly StatusRow[], paint: Paint): readonly string[] {
  if (rows.length === 0) return [];
  const head = ['Worker', 'Status', 'Node', 'VM', 'Last test', 'Last patch'];
  const [header = '', ...lines] = table([head, ...rows.map(cellsOf)]);
  const width = Math.max(widthOf(header), ...lines.map(widthOf));
  const body = rows.flatMap((row, index) => {
    const line = clip(lines[index] ?? '', MAX_COLUMNS);
    const remarks = remarksOf(row).join('; ');
    const joined = `${padEnd(line, width)}  ${remarks}`.trimEnd();
    return widthOf(joined) <= MAX_COLUMNS ? [joined] : [line, ...indented(remarks, 4)];
  });
  return ['', paint.bold(header), ...body];
}

function remarksOf(row: StatusRow): readonly string[] {
  return [
    ...(row.power === 'running' && isAtRest(row) ? ['running'] : []),
    ...(row.enabled ? [] : ['disabled']),
    ...(row.lease === undefined ? [] : [`leased by ${escapeTerminal(row.lease)}`]),
    ...quarantineWords(row),
    ...row.findings.map(escapeTerminal),
  ];
}

function quarantineWords({ quarantine, quarantinedUntil }: StatusRow): readonly string[] {
  if (quarantine === undefined) return [];
  const end = quarantinedUntil === undefined ? '' : ` until ${utcMinute(quarantinedUntil)}`;
  return [`quarantined${end}: ${escapeTerminal(quarantine)}`];
}

function cellsOf(row: StatusRow): readonly string[] {
  return [
    escapeTerminal(row.worker),
    row.status,
    escapeTerminal(row.node),
    row.vmid === undefined ? '' : String(row.vmid),
    testWords(row.test),
    row.patch === undefined
      ? ''
      : `${patchWord(row.patch)}, ${utcMinute(row.patch.at).slice(0, 10)}`,
  ];
}

/** Then it should be powered off. */
function isAtRest(row: StatusRow): boolean {
  return row.lease === undefined && row.status !== 'Testing' && row.status !== 'Working';
}

function testWords(test: TestRecord | undefined): string {
  if (test === undefined) return 'never';
  const failed = test.checks.find((check: CheckResult) => check.result === 'fail');
  const word =
    test.result === 'failed' ? `FAILED ${escapeTerminal(failed?.id ?? '')}`.trim() : 'passed';
  return `${word}, ${utcMinute(test.at).slice(0, 16)}`;
}
