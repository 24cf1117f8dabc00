import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Finding, Plan, PreflightLine } from '../../model/plan.ts';
import { countPlan } from '../../model/plan-counts.ts';
import { diagnosticText } from '../diagnostic-text.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { labelled } from '../layout.ts';
import type { Paint } from '../paint.ts';
import { formatLocation } from '../place.ts';

const MOST_LINES = 12;
const ORDER: readonly PreflightLine['result'][] = ['fail', 'warn', 'ok'];
const WORDS = { ok: 'ok', warn: 'warning', fail: 'FAILED' } as const;

/** Preflight, guards, warnings, findings: what was looked at besides the workers themselves. */
export function checksLines(plan: Plan, verbose: boolean, paint: Paint): readonly string[] {
  return [
    ...preflightLines(plan.preflight, verbose, paint),
    ...guardLines(plan),
    ...bounded('Warning', plan.warnings.map(warningText), verbose),
    ...findingLines(plan.findings, verbose),
    ...refusalLines(plan.refusals, paint),
  ];
}

function preflightLines(
  lines: readonly PreflightLine[],
  verbose: boolean,
  paint: Paint,
): readonly string[] {
  const sorted = [...lines].sort((a, b) => ORDER.indexOf(a.result) - ORDER.indexOf(b.result));
  const bad = sorted.filter(({ result }) => result !== 'ok');
  const shown = verbose ? sorted : sorted.slice(0, Math.max(MOST_LINES, bad.length));
  const rest = sorted.length - shown.length;
  const texts = shown.flatMap((line) => {
    const who = line.worker === undefined ? '' : `${escapeTerminal(line.worker)}: `;
    const remedy = line.remedy === undefined ? '' : `. ${escapeTerminal(line.remedy)}`;
    return [`${WORDS[line.result]}: ${who}${escapeTerminal(line.message)}${remedy}`];
  });
  const all = rest > 0 ? [...texts, `and ${rest} more, all ok`] : texts;
  return all.flatMap((text, index) => {
    const wrapped = labelled(index === 0 ? 'Preflight' : '', text);
    return text.startsWith(WORDS.fail) ? wrapped.map(paint.red) : wrapped;
  });
}

function guardLines(plan: Plan): readonly string[] {
  if (plan.refusals.length > 0) return [];
  const { destroy, replace } = countPlan(plan).strongest;
  const { maxDestroy, maxReplace } = plan.guards;
  const parts = [
    ...(destroy > 0 && maxDestroy !== undefined
      ? [`destroys ${destroy} of ${maxDestroy} allowed`]
      : []),
    ...(replace > 0 && maxReplace !== undefined
      ? [`replaces ${replace} of ${maxReplace} allowed`]
      : []),
  ];
  return parts.length === 0 ? [] : labelled('Guards', `ok: ${parts.join(', ')}`);
}

function warningText(warning: Diagnostic): string {
  const at = warning.labels[0];
  const place = at === undefined ? '' : ` (${formatLocation(at)})`;
  const remedy = warning.remedy === undefined ? '' : `. ${escapeTerminal(warning.remedy)}`;
  return `${escapeTerminal(warning.message)}${place}${remedy}`;
}

/** "Finding" once, then one entry each; without --verbose not more than people read. */
export function findingLines(findings: readonly Finding[], verbose: boolean): readonly string[] {
  return bounded('Finding', findings.map(findingText), verbose);
}

/** "backup-pve1: left running since …. muster shutdown backup-pve1" */
export function findingText(finding: Finding): string {
  const who = finding.worker ?? (finding.vmid === undefined ? finding.node : `vm ${finding.vmid}`);
  const remedy = finding.remedy === undefined ? '' : `. ${escapeTerminal(finding.remedy)}`;
  const subject = who === undefined ? '' : `${escapeTerminal(who)}: `;
  return `${subject}${escapeTerminal(finding.message)}${remedy}`;
}

function bounded(label: string, texts: readonly string[], verbose: boolean): readonly string[] {
  const shown = verbose ? texts : texts.slice(0, MOST_LINES);
  const rest = texts.length - shown.length;
  const all = rest > 0 ? [...shown, `and ${rest} more: --verbose shows all`] : shown;
  return all.flatMap((text, index) => labelled(index === 0 ? label : '', text));
}

function refusalLines(refusals: readonly Diagnostic[], paint: Paint): readonly string[] {
  if (refusals.length === 0) return [];
  const lines = refusals.flatMap((refusal) => diagnosticText(refusal, paint));
  return ['', ...lines, 'Refused: nothing of this plan will be applied.'];
}
