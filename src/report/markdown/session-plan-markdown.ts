import { formatDuration } from '../../model/quantity.ts';
import type { SessionPlan } from '../../model/session-plan.ts';
import { byteLength, codeSpan, fenced, folded } from '../escape/markdown.ts';
import { PLAIN } from '../paint.ts';
import { sessionGantt } from '../session/session-gantt.ts';
import { sessionPlanText } from '../session/session-plan-text.ts';
import { count } from '../words.ts';
import { DEFAULT_MAX_BYTES, jobLink } from './plan-markdown.ts';
import { heading, marker } from './plan-title.ts';
import type { SessionMarkdownView } from './session-markdown.ts';

/** A session before it runs, as a comment: what it would do, then its predicted timeline, folded. */
export function sessionPlanMarkdown(plan: SessionPlan, view: SessionMarkdownView): string {
  const text = sessionPlanText(plan, { paint: PLAIN, verbose: false, program: view.program });
  const chart = `\`\`\`mermaid\n${sessionGantt(plan).trimEnd()}\n\`\`\``;
  const render = (gantt: boolean): string => {
    const blocks = [
      `${marker('session', view)}\n${heading('session', view, verdictOf(plan))}`,
      fenced('text', text.trimEnd().split('\n')),
      ...(gantt ? [folded('<b>Predicted timeline</b>', chart)] : []),
      ...(view.job === undefined ? [] : [`<sub>${jobLink(view.job)}</sub>`]),
    ];
    return `${blocks.join('\n\n')}\n`;
  };
  const whole = render(plan.items.length > 0);
  return byteLength(whole) <= (view.maxBytes ?? DEFAULT_MAX_BYTES) ? whole : render(false);
}

function verdictOf({ session, refusals, items, workers, forecast }: SessionPlan): string {
  const name = codeSpan(session, 80);
  if (refusals.length > 0) return `${name} :no_entry: refused`;
  const parts = [count(items.length, 'item'), count(workers.length, 'worker')];
  return `${name} ${parts.join(', ')}, about ${formatDuration(forecast.totalMs)}`;
}
