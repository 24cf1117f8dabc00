import { refusalMessages, sessionPlanMessages } from '../report/progress/session-json.ts';
import { withProject } from './assemble.ts';
import { assembleSession } from './assemble-session.ts';
import { envelopeOf } from './envelope.ts';
import { exitCodeOf } from './exit-code.ts';
import { isSet, textOf } from './flags.ts';
import { type Format, renderPlan } from './formats.ts';
import type { Invocation } from './invocation.ts';
import { markdownView } from './markdown-view.ts';
import { messageLines } from './message-line.ts';
import { sessionExitCode } from './session-exit-code.ts';
import { writeUserFile } from './user-file.ts';

/** Shows the whole run of a session before anything is touched; changes nothing but the file of `--out`. */
export async function planWithSession(
  invocation: Invocation,
  format: Format | undefined,
): Promise<number> {
  const { context, globals, flags } = invocation;
  return withProject(invocation, async (open) => {
    const { session, sealed, assembled } = await assembleSession(invocation, open);
    const saved = envelopeOf(invocation, sealed, assembled);
    const out = textOf(flags, 'out');
    // What would be refused is not worth keeping: nobody could run it.
    const isSaved = out !== undefined && session.refusals.length === 0;
    if (isSaved) await writeUserFile(invocation, out, `${JSON.stringify(saved)}\n`);
    const { program, verbose, paint } = globals;
    const next = { program, flags: '', ...(isSaved ? { savedAs: out } : {}) };
    const view = { state: assembled.stateView, verbose, paint, next, ...markdownView(invocation) };
    const { version, clock } = context;
    context.stdout.write(
      format === undefined
        ? messageLines(
            [...sessionPlanMessages(session, version), ...refusalMessages(session)],
            clock,
          )
        : renderPlan(format, saved, view),
    );
    const refused = sessionExitCode(session.refusals);
    const changes = isSet(flags, 'detailed-exitcode') && session.workers.length > 0;
    return refused === 0 ? exitCodeOf({ changes }) : refused;
  });
}
