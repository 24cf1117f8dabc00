import { DiagnosticsError, problem } from '../../model/diagnostic.ts';
import type { PlanOptions } from '../../model/plan.ts';
import { applySaved } from '../apply-saved.ts';
import type { Approval } from '../approve.ts';
import { assemble, withProject } from '../assemble.ts';
import { checkSessionFlags } from '../check-flags.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { textOf } from '../flags.ts';
import type { Invocation } from '../invocation.ts';
import { planFlags, planOptionsOf } from '../plan-options.ts';
import { runAndReport } from '../run-plan.ts';
import { asksForSession } from '../session-request.ts';

/** Plans and applies; or applies what was saved. */
export async function runApply(invocation: Invocation): Promise<number> {
  checkSessionFlags(invocation);
  if (asksForSession(invocation)) {
    const { applyWithSession } = await import('../apply-with-session.ts');
    return applyWithSession(invocation);
  }
  const options = planOptionsOf(invocation.flags);
  const [file] = invocation.args;
  const digest = expectedDigest(invocation);
  if (file !== undefined) return applySaved(invocation, { file, options, digest });
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
  return withProject(invocation, async (open) => {
    const assembled = await assemble(invocation, open, options);
    const { plan } = assembled;
    if (digest !== undefined && !plan.reviewDigest.startsWith(digest))
      throw otherDigest(invocation, digest, plan.reviewDigest, options);
    return runAndReport(invocation, assembled, plan, approval);
  });
}

function expectedDigest({ flags }: Invocation): string | undefined {
  const text = textOf(flags, 'expect-digest')?.toLowerCase();
  if (text === undefined || /^[0-9a-f]{16,64}$/.test(text)) return text;
  const message = '--expect-digest: it must be 16 to 64 hex digits';
  throw new DiagnosticsError([problem('bad-flag', message, 'plan --out prints it.')]);
}

function otherDigest(
  { globals }: Invocation,
  expected: string,
  found: string,
  options: PlanOptions,
): DiagnosticsError {
  const flags = planFlags(options);
  return new DiagnosticsError(
    [
      problem(
        'other-digest',
        'what would be done now is not what was reviewed',
        `See what changed, and have it reviewed:  ${globals.program} plan${flags === '' ? '' : ` ${flags}`} --out muster.plan`,
        [
          `expected  ${expected}`,
          `now       ${found.slice(0, Math.max(16, expected.length))}`,
          'Nothing was changed.',
        ],
      ),
    ],
    EXIT_CODES.stale,
  );
}
