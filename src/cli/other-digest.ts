import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { Plan } from '../model/plan.ts';
import { PLAIN } from '../report/paint.ts';
import { workerRows } from '../report/plan/worker-rows.ts';
import { sessionPlanText } from '../report/session/session-plan-text.ts';
import { count } from '../report/words.ts';
import { EXIT_CODES } from './exit-code.ts';
import type { Invocation } from './invocation.ts';

/** Of the plan that is not the expected one. */
const MOST_ROWS = 60;

export function otherDigest(
  { globals }: Invocation,
  expected: string,
  plan: Plan,
  flags: string,
): DiagnosticsError {
  const message = 'what would be done now is not what was reviewed';
  const remedy = `If that is right, have it reviewed:  ${globals.program} plan${flags === '' ? '' : ` ${flags}`} --out muster.plan`;
  return new DiagnosticsError(
    [problem('other-digest', message, remedy, otherDigestDetail(expected, plan))],
    EXIT_CODES.stale,
  );
}

/** A digest can't be turned back into a plan, so what would be done now is shown beside what was reviewed. */
export function otherDigestDetail(expected: string, plan: Plan): readonly string[] {
  const rows = rowsOf(plan);
  const rest = rows.length - MOST_ROWS;
  return [
    `  expected  ${expected}`,
    `  now       ${plan.reviewDigest.slice(0, Math.max(16, expected.length))}`,
    '',
    rows.length === 0
      ? 'Now there is nothing to do.'
      : 'What would be done now; whatever is other than it was reviewed is the difference:',
    ...rows.slice(0, MOST_ROWS),
    ...(rest > 0 ? [`  and ${count(rest, 'more line')}`] : []),
    '',
    'Nothing was changed.',
  ];
}

function rowsOf(plan: Plan): readonly string[] {
  const { session } = plan;
  if (session === undefined) return workerRows(plan, { verbose: false, paint: PLAIN });
  const text = sessionPlanText(session, { verbose: true, paint: PLAIN }).trimEnd();
  // Behind an indentation its columns stay as they are.
  return text.split('\n').map((line) => (line === '' ? line : `  ${line}`));
}
