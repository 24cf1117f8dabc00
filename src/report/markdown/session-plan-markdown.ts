import { formatDuration } from '../../model/quantity.ts';
import type { SessionPlan } from '../../model/session-plan.ts';
import { byteLength, codeSpan, fenced, folded } from '../escape/markdown.ts';
import { PLAIN } from '../paint.ts';
import { olderFormatText } from '../plan/headline.ts';
import { exactCommand } from '../session/command-lines.ts';
import { sessionGantt } from '../session/session-gantt.ts';
import { sessionPlanText } from '../session/session-plan-text.ts';
import { count } from '../words.ts';
import { DEFAULT_MAX_BYTES, jobLink } from './plan-markdown.ts';
import { heading, marker } from './plan-title.ts';
import type { SessionMarkdownView } from './session-markdown.ts';

export interface SessionPlanMarkdownView extends SessionMarkdownView {
  readonly reviewDigest: string;
  /** Of the state, when it is stored in an older one. */
  readonly stateFormat?: number;
}

/** A session before it runs, as a comment: what it would do, then its predicted timeline, folded. */
export function sessionPlanMarkdown(plan: SessionPlan, view: SessionPlanMarkdownView): string {
  const text = sessionPlanText(plan, { paint: PLAIN, verbose: false });
  const chart = `\`\`\`mermaid\n${sessionGantt(plan).trimEnd()}\n\`\`\``;
  const render = (gantt: boolean): string => {
    const blocks = [
      `${marker('session', view)}\n${heading('session', view, verdictOf(plan))}`,
      fenced('text', text.trimEnd().split('\n')),
      ...(gantt ? [folded('<b>Predicted timeline</b>', chart)] : []),
      ...(plan.refusals.length > 0 ? [] : [applyBlock(plan, view)]),
      footer(view),
    ];
    return `${blocks.join('\n\n')}\n`;
  };
  const whole = render(plan.items.length > 0);
  return byteLength(whole) <= (view.maxBytes ?? DEFAULT_MAX_BYTES) ? whole : render(false);
}

function applyBlock(
  { session }: SessionPlan,
  { program, reviewDigest }: SessionPlanMarkdownView,
): string {
  const command = exactCommand(session, program, reviewDigest);
  return `Run exactly this (refused if it would do anything else):\n\n${fenced('sh', [command])}`;
}

function footer({ reviewDigest, stateFormat, job }: SessionPlanMarkdownView): string {
  const parts = [
    `review digest ${reviewDigest.slice(0, 16)}`,
    ...(stateFormat === undefined ? [] : [`state: ${olderFormatText(stateFormat)}`]),
    ...(job === undefined ? [] : [jobLink(job)]),
  ];
  return `<sub>${parts.join(' | ')}</sub>`;
}

function verdictOf({ session, refusals, items, workers, forecast }: SessionPlan): string {
  const name = codeSpan(session, 80);
  if (refusals.length > 0) return `${name} :no_entry: refused`;
  const parts = [count(items.length, 'item'), count(workers.length, 'worker')];
  return `${name} ${parts.join(', ')}, about ${formatDuration(forecast.totalMs)}`;
}
