import {
  type ItemOutcome,
  isUnderWay,
  type SessionResult,
  type WorkerLaunch,
} from '../../model/session-result.ts';
import { escapeXml } from '../escape/xml.ts';
import { codeWords } from './session-words.ts';

interface Case {
  readonly name: string;
  readonly className: string;
  readonly ms: number;
  /** Inner XML; empty: passed. */
  readonly body: string;
}

/** A session as JUnit XML: a suite of its items, and one of its workers' launches. */
export function sessionJunit(result: SessionResult): string {
  const suites = [
    suite('items', result.items.map(itemCase), result.tookMs),
    suite('workers', result.workers.map(workerCase), result.tookMs),
  ];
  const name = escapeXml(result.name ?? result.id);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${name}" time="${seconds(result.tookMs)}">`,
    ...suites.flat(),
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(name: string, cases: readonly Case[], ms: number): readonly string[] {
  const number = (tag: string): number => cases.filter(({ body }) => body.startsWith(tag)).length;
  const head =
    `  <testsuite name="${name}" tests="${cases.length}" failures="${number('<failure')}"` +
    ` errors="0" skipped="${number('<skipped')}" time="${seconds(ms)}">`;
  const lines = cases.map((each) => {
    const place = `classname="${escapeXml(each.className)}" name="${escapeXml(each.name)}"`;
    const open = `    <testcase ${place} time="${seconds(each.ms)}"`;
    return each.body === '' ? `${open}/>` : `${open}>${each.body}</testcase>`;
  });
  return [head, ...lines, '  </testsuite>'];
}

function itemCase(item: ItemOutcome): Case {
  const last = item.attempts.at(-1);
  const ms = item.attempts.reduce((sum, { start, end }) => sum + end - start, 0);
  return { name: item.item, className: last?.worker ?? 'none', ms, body: itemBody(item) };
}

function itemBody({ result, attempts }: ItemOutcome): string {
  if (result === 'ok') return '';
  if (result === 'not-run') return '<failure message="not run">no worker could run it</failure>';
  if (isUnderWay({ result })) return `<failure message="${result}">it has not ended</failure>`;
  const code = codeWords(result, attempts.at(-1)?.exitCode);
  const lines = attempts.map(({ worker, exitCode, lastLine }, index) => {
    const how = index === attempts.length - 1 ? code : codeWords('failed', exitCode);
    const said = lastLine === undefined ? '' : `: ${lastLine}`;
    return `attempt ${index + 1} in ${worker}: ${how}${said}`;
  });
  return `<failure message="${escapeXml(code)}">${escapeXml(lines.join('; '))}</failure>`;
}

function workerCase({ worker, node, leftOut, phases }: WorkerLaunch): Case {
  const ms = phases
    .filter(({ phase }) => phase !== 'work')
    .reduce((sum, { start, end }) => sum + end - start, 0);
  const body =
    leftOut === undefined ? '' : `<failure message="left out">${escapeXml(leftOut)}</failure>`;
  return { name: `launch ${worker}`, className: node, ms, body };
}

function seconds(ms: number): string {
  return (Math.max(0, ms) / 1000).toFixed(3);
}
