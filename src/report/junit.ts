import type { ApplyResult, WorkerOutcome } from '../model/result.ts';
import type { CheckResult } from '../model/state.ts';
import { escapeXml } from './escape/xml.ts';

interface Case {
  readonly name: string;
  readonly ms: number;
  /** Inner XML; empty: passed. */
  readonly body: string;
  readonly kind: 'pass' | 'failure' | 'error' | 'skipped';
}

/** JUnit XML: a suite per worker, a case per check, and one for the work itself. */
export function junitXml(result: ApplyResult): string {
  const suites = result.outcomes.map((outcome) => suiteOf(outcome));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="muster" time="${seconds(result.tookMs)}">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function suiteOf(outcome: WorkerOutcome): string {
  const cases = casesOf(outcome);
  const number = (kind: Case['kind']) => cases.filter((each) => each.kind === kind).length;
  const name = escapeXml(outcome.worker);
  const head =
    `  <testsuite name="${name}" tests="${cases.length}" failures="${number('failure')}"` +
    ` errors="${number('error')}" skipped="${number('skipped')}" time="${seconds(outcome.tookMs)}">`;
  const lines = cases.map(({ name: id, ms, body }) => {
    const open = `    <testcase classname="${name}" name="${escapeXml(id)}" time="${seconds(ms)}"`;
    return body === '' ? `${open}/>` : `${open}>${body}</testcase>`;
  });
  return [head, ...lines, '  </testsuite>'].join('\n');
}

function casesOf(outcome: WorkerOutcome): readonly Case[] {
  return [
    workCase(outcome),
    ...(outcome.test?.checks ?? []).map(checkCase),
    ...(outcome.patch === undefined
      ? []
      : [patchCase(outcome.patch.result, outcome.patch.message)]),
  ];
}

function workCase(outcome: WorkerOutcome): Case {
  const name = outcome.actions.join(', ') || 'nothing';
  const text = [outcome.error ?? '', ...(outcome.detail ?? []), outcome.remedy ?? '']
    .filter((line) => line !== '')
    .join('\n');
  const message = escapeXml(outcome.error ?? outcome.result);
  if (outcome.result === 'done') return { name, ms: outcome.tookMs, body: '', kind: 'pass' };
  if (outcome.result === 'failed' || outcome.result === 'interrupted') {
    const body = `<error message="${message}">${escapeXml(text)}</error>`;
    return { name, ms: outcome.tookMs, body, kind: 'error' };
  }
  return { name, ms: 0, body: `<skipped message="${message}"/>`, kind: 'skipped' };
}

function checkCase(check: CheckResult): Case {
  const seen = escapeXml(check.seen);
  const hint = check.hint === undefined ? '' : escapeXml(check.hint);
  switch (check.result) {
    case 'fail':
      return {
        name: check.id,
        ms: check.ms,
        body: `<failure message="${seen}">${hint}</failure>`,
        kind: 'failure',
      };
    case 'skip':
      return { name: check.id, ms: 0, body: `<skipped message="${seen}"/>`, kind: 'skipped' };
    case 'warn':
      return {
        name: check.id,
        ms: check.ms,
        body: `<system-out>warning: ${seen} ${hint}</system-out>`,
        kind: 'pass',
      };
    case 'pass':
      return { name: check.id, ms: check.ms, body: '', kind: 'pass' };
  }
}

function patchCase(result: string, message = ''): Case {
  const text = escapeXml(message);
  if (result === 'failed')
    return { name: 'patch', ms: 0, body: `<failure message="${text}"/>`, kind: 'failure' };
  if (result === 'skipped')
    return { name: 'patch', ms: 0, body: `<skipped message="${text}"/>`, kind: 'skipped' };
  return { name: 'patch', ms: 0, body: '', kind: 'pass' };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
