import { DiagnosticsError, problem } from '../../model/diagnostic.ts';
import type { Plan, PlanOptions } from '../../model/plan.ts';
import { PLAIN } from '../../report/paint.ts';
import { workerRows } from '../../report/plan/worker-rows.ts';
import { count } from '../../report/words.ts';
import { applySaved } from '../apply-saved.ts';
import type { Approval } from '../approve.ts';
import { assemble, withProject } from '../assemble.ts';
import { checkSessionFlags } from '../check-flags.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { textOf } from '../flags.ts';
import type { Invocation } from '../invocation.ts';
import { orFailedMarkdown } from '../markdown-view.ts';
import { planFlags, planOptionsOf } from '../plan-options.ts';
import { runAndReport } from '../run-plan.ts';
import { asksForSession } from '../session-request.ts';

/** Of the plan that is not the expected one. */
const MOST_ROWS = 60;

/** Plans and applies; or applies what was saved. */
export async function runApply(invocation: Invocation): Promise<number> {
  checkSessionFlags(invocation);
  if (asksForSession(invocation)) {
    const { applyWithSession } = await import('../apply-with-session.ts');
    return orFailedMarkdown(invocation, 'session', () => applyWithSession(invocation));
  }
  const options = planOptionsOf(invocation.flags);
  const [file] = invocation.args;
  const digest = expectedDigest(invocation);
  if (file !== undefined)
    return orFailedMarkdown(invocation, 'apply', () =>
      applySaved(invocation, { file, options, digest }),
    );
  return applyFresh(
    invocation,
    options,
    digest === undefined ? { kind: 'yes' } : { kind: 'given' },
    digest,
  );
}

/** Plans now and applies that. Also what test, shutdown and destroy are. */
export async function applyFresh(
  invocation: Invocation,
  options: PlanOptions,
  approval: Approval,
  digest?: string,
): Promise<number> {
  const work = () =>
    withProject(invocation, async (open) => {
      const assembled = await assemble(invocation, open, options);
      const { plan } = assembled;
      if (digest !== undefined && !plan.reviewDigest.startsWith(digest))
        throw otherDigest(invocation, digest, plan, options);
      return runAndReport(invocation, assembled, plan, approval);
    });
  return orFailedMarkdown(invocation, 'apply', work);
}

function expectedDigest({ flags }: Invocation): string | undefined {
  const text = textOf(flags, 'expect-digest')?.toLowerCase();
  if (text === undefined || /^[0-9a-f]{16,64}$/.test(text)) return text;
  const message = '--expect-digest: it must be 16 to 64 hex digits';
  throw new DiagnosticsError([problem('bad-flag', message, 'plan --out prints it.')]);
}

/** A digest can't be turned back into a plan, so what would be done now is shown beside what was reviewed. */
function otherDigest(
  { globals }: Invocation,
  expected: string,
  plan: Plan,
  options: PlanOptions,
): DiagnosticsError {
  const flags = planFlags(options);
  const rows = workerRows(plan, { verbose: false, paint: PLAIN });
  const rest = rows.length - MOST_ROWS;
  return new DiagnosticsError(
    [
      problem(
        'other-digest',
        'what would be done now is not what was reviewed',
        `If that is right, have it reviewed:  ${globals.program} plan${flags === '' ? '' : ` ${flags}`} --out muster.plan`,
        [
          `  expected  ${expected}`,
          `  now       ${plan.reviewDigest.slice(0, Math.max(16, expected.length))}`,
          '',
          ...(rows.length === 0
            ? ['Now there is nothing to do.']
            : [
                'What would be done now; whatever is other than it was reviewed is the difference:',
              ]),
          ...rows.slice(0, MOST_ROWS),
          ...(rest > 0 ? [`  and ${count(rest, 'more line')}: ${globals.program} plan`] : []),
          '',
          'Nothing was changed.',
        ],
      ),
    ],
    EXIT_CODES.stale,
  );
}
