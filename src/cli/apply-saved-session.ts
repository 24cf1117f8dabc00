import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { SavedPlan } from '../model/plan.ts';
import type { SessionPlan } from '../model/session-plan.ts';
import type { State } from '../model/state.ts';
import { confirmSession } from '../session/confirm-session.ts';
import { requireFresh, type SavedOptions } from './apply-saved.ts';
import { leadPlanned } from './apply-with-session.ts';
import { type OpenProject, withProject } from './assemble.ts';
import type { AssembledSession } from './assemble-session.ts';
import { EXIT_CODES } from './exit-code.ts';
import { listOf } from './flags.ts';
import type { Invocation } from './invocation.ts';

/**
 * Runs a session as it was saved: its own workers and items, whatever the declaration says by now. A worker or a VM
 * that is not as it was makes it stale; one saved plan is run once, because a restore must not happen twice.
 */
export async function applySavedSession(
  invocation: Invocation,
  { file, options }: SavedOptions,
  envelope: SavedPlan,
  saved: SessionPlan,
): Promise<number> {
  const { plan, fileDigest } = envelope;
  if ([...options.target, ...options.exclude, ...listOf(invocation.flags, 'item')].length > 0)
    throw new DiagnosticsError([
      problem('bad-flag', 'a saved session is run as a whole', 'Plan it again with other items.'),
    ]);
  const planNow = async (opened: OpenProject): Promise<AssembledSession> => {
    const assembled = await requireFresh(invocation, opened, envelope, file);
    const session = confirmSession(plan, saved, assembled.state, assembled.inventory);
    return { session, sealed: plan, assembled };
  };
  return withProject(invocation, (open) => {
    requireNotRun(open.state, fileDigest, file);
    return leadPlanned(invocation, open, planNow, { isAdHoc: false, savedPlan: fileDigest });
  });
}

function requireNotRun({ sessions }: State, digest: string, file: string): void {
  const before = Object.values(sessions).find(({ plan }) => plan === digest);
  if (before === undefined) return;
  const message =
    before.kind === 'live'
      ? `session ${before.id} carries ${file} out already`
      : `session ${before.id} carried ${file} out already: ${before.outcome}`;
  const remedy =
    before.kind === 'live'
      ? `Go on with it:  muster sessions resume ${before.id}`
      : 'Plan the session again.';
  throw new DiagnosticsError(
    [problem('stale', message, remedy, ['Nothing was powered on.'])],
    EXIT_CODES.stale,
  );
}
