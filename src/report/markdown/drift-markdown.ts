import type { Plan } from '../../model/plan.ts';
import { driftOf } from '../drift-text.ts';
import { byteLength, codeSpan, fenced } from '../escape/markdown.ts';
import { findingLines } from '../plan/checks-lines.ts';
import { count } from '../words.ts';
import { driftTable } from './drift-table.ts';
import { DEFAULT_MAX_BYTES, type Job, jobLink } from './plan-markdown.ts';
import { heading, marker } from './plan-title.ts';

export interface DriftMarkdownView {
  readonly program: string;
  readonly maxBytes?: number;
  readonly job?: Job;
}

/** Drift as the text of an issue that is rewritten in place, also when there is none any more. */
export function driftMarkdown(plan: Plan, view: DriftMarkdownView): string {
  const { workers, unknown } = driftOf(plan);
  const render = (shown: number) => {
    const rest = workers.length - shown;
    const blocks = [
      `${marker('drift', plan)}\n${heading('drift', plan, verdictOf(workers.length, unknown.length))}`,
      ...(shown === 0 ? [] : [driftTable(workers.slice(0, shown))]),
      ...(rest === 0 ? [] : [`${count(rest, 'more worker')}: see \`muster drift\`.`]),
      ...unknown
        .slice(0, 50)
        .map(({ worker, why }) => `- ${codeSpan(worker, 60)}: unknown, ${codeSpan(why)}`),
      ...(plan.findings.length === 0 ? [] : [fenced('text', findingLines(plan.findings, false))]),
      ...(workers.length === 0
        ? []
        : [`What puts it back:\n\n${fenced('sh', [`${view.program} plan`])}`]),
      ...(view.job === undefined ? [] : [`<sub>${jobLink(view.job)}</sub>`]),
    ];
    return `${blocks.join('\n\n')}\n`;
  };
  let shown = workers.length;
  while (shown > 0 && byteLength(render(shown)) > (view.maxBytes ?? DEFAULT_MAX_BYTES))
    shown = Math.floor(shown / 2);
  return render(shown);
}

function verdictOf(drifted: number, unknown: number): string {
  const about = unknown === 0 ? '' : `; nothing can be said about ${count(unknown, 'worker')}`;
  if (drifted > 0) return `:warning: ${count(drifted, 'worker')} drifted${about}`;
  return unknown > 0 ? `:grey_question: no drift seen${about}` : ':white_check_mark: none';
}
