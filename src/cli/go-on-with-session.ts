import { DEFAULT_PLAN_OPTIONS } from '../model/plan.ts';
import { escapeTerminal } from '../report/escape/terminal.ts';
import { contextLines } from '../report/plan/headline.ts';
import { versionMessage } from '../report/progress/plan-messages.ts';
import { resumeSession } from '../session/resume-session.ts';
import { itemState } from '../session/session-items.ts';
import { assemble, withProject } from './assemble.ts';
import { findLiveSession } from './find-session.ts';
import type { Invocation } from './invocation.ts';
import { messageLine } from './message-line.ts';
import { tellingBesides } from './report-format.ts';
import { reportSession } from './report-session.ts';
import { leadWithLog, readSecrets } from './session-run.ts';

/** Goes on with the session whose id is the first argument, or ends what runs of it. Resolves with the exit code. */
export async function goOnWithSession(
  invocation: Invocation,
  how: 'resume' | 'stop',
): Promise<number> {
  const id = invocation.args[0] ?? '';
  return withProject(invocation, async (open) => {
    const session = findLiveSession(open.state, id);
    const left = session.items.filter((item) =>
      ['waiting', 'running'].includes(itemState(session, item)),
    );
    const isStop = how === 'stop';
    const secrets = isStop ? {} : readSecrets(invocation, id, left);
    const assembled = await assemble(invocation, open, { ...DEFAULT_PLAN_OPTIONS, test: true });
    const telling = tellingBesides(invocation);
    const { context, globals } = telling;
    if (globals.json)
      context.stdout.write(messageLine(versionMessage(context.version), context.clock));
    else {
      const lines = [
        ...contextLines(assembled.plan.cluster, assembled.stateView),
        `Session  ${escapeTerminal(id)}: ${left.length} of ${session.items.length} items are not done`,
        '',
      ];
      context.stdout.write(`${lines.join('\n')}\n`);
    }
    const result = await leadWithLog(
      telling,
      assembled,
      secrets,
      Object.keys(session.workers),
      (base) => resumeSession({ ...base, id, stop: isStop }),
    );
    const code = await reportSession(invocation, result, open.project.declaration);
    if (!isStop || context.interrupts.first.aborted) return code;
    return result.isLive === true ? code : 0;
  });
}
