import type { Diagnostic } from '../../model/diagnostic.ts';
import { diagnosticsText } from '../diagnostic-text.ts';
import { byteLength, fenced } from '../escape/markdown.ts';
import { PLAIN } from '../paint.ts';
import { count } from '../words.ts';
import { DEFAULT_MAX_BYTES, type Job, jobLink } from './plan-markdown.ts';
import { type About, heading, marker, type Subject } from './plan-title.ts';

/** What is true then, by what failed. */
const CONSEQUENCE: Readonly<Record<About, string>> = {
  plan: 'The plan shown here before is void; do not apply it. The errors:',
  apply: 'Nothing was applied. The errors:',
  session: 'The session was not run. The errors:',
  drift: 'What is shown here before may not be true any more. The errors:',
};

/** The comment of a plan that could not be made: it takes the place of the one that was shown before. */
export function failedMarkdown(
  subject: Subject,
  diagnostics: readonly Diagnostic[],
  {
    about = 'plan',
    maxBytes = DEFAULT_MAX_BYTES,
    job,
  }: { readonly about?: About; readonly maxBytes?: number; readonly job?: Job },
): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const title = heading(about, subject, `:x: failed, ${count(errors.length, 'error')}`);
  const render = (shown: number) => {
    const rest = diagnostics.length - shown;
    const lines = diagnosticsText(diagnostics.slice(0, shown), '', PLAIN);
    const blocks = [
      `${marker(about, subject)}\n${title}`,
      CONSEQUENCE[about],
      ...(shown === 0 ? [] : [fenced('text', trimmed(lines))]),
      ...(rest === 0 ? [] : [`${rest} more in the log.`]),
      ...(job === undefined ? [] : [`<sub>${jobLink(job)}</sub>`]),
    ];
    return `${blocks.join('\n\n')}\n`;
  };
  let shown = Math.min(diagnostics.length, 200);
  while (shown > 0 && byteLength(render(shown)) > maxBytes) shown = Math.floor(shown / 2);
  return render(shown);
}

function trimmed(lines: readonly string[]): readonly string[] {
  return lines.join('\n').trimEnd().split('\n');
}
