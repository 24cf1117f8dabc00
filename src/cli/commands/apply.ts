import { DiagnosticsError, problem } from '../../model/diagnostic.ts';
import type { PlanOptions } from '../../model/plan.ts';
import { applySaved, readSaved, type SavedOptions } from '../apply-saved.ts';
import type { Approval } from '../approve.ts';
import { assemble, withProject } from '../assemble.ts';
import { checkSessionFlags } from '../check-flags.ts';
import { textOf } from '../flags.ts';
import type { Invocation } from '../invocation.ts';
import { orFailedMarkdown } from '../markdown-view.ts';
import { otherDigest } from '../other-digest.ts';
import { planFlags, planOptionsOf } from '../plan-options.ts';
import { runAndReport } from '../run-plan.ts';
import { asksForSession } from '../session-request.ts';

/** Plans and applies; or applies what was saved. */
export async function runApply(invocation: Invocation): Promise<number> {
  checkSessionFlags(invocation);
  const digest = expectedDigest(invocation);
  if (asksForSession(invocation)) {
    const { applyWithSession } = await import('../apply-with-session.ts');
    return orFailedMarkdown(invocation, 'session', () => applyWithSession(invocation, digest));
  }
  const options = planOptionsOf(invocation.flags);
  const [file] = invocation.args;
  if (file !== undefined)
    return orFailedMarkdown(invocation, 'apply', () =>
      applyFile(invocation, { file, options, digest }),
    );
  return applyFresh(
    invocation,
    options,
    digest === undefined ? { kind: 'yes' } : { kind: 'given' },
    digest,
  );
}

async function applyFile(invocation: Invocation, saved: SavedOptions): Promise<number> {
  const envelope = await readSaved(invocation, saved);
  const { session } = envelope.plan;
  if (session === undefined) return applySaved(invocation, saved, envelope);
  const { applySavedSession } = await import('../apply-saved-session.ts');
  return applySavedSession(invocation, saved, envelope, session);
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
        throw otherDigest(invocation, digest, plan, planFlags(options));
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
