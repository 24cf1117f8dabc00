import { jsonDocument } from '../report/escape/json.ts';
import { htmlSessionPlan } from '../report/html/html-session.ts';
import { sessionPlanMarkdown } from '../report/markdown/session-plan-markdown.ts';
import { contextLines } from '../report/plan/headline.ts';
import { sessionPlanText } from '../report/session/session-plan-text.ts';
import { withProject } from './assemble.ts';
import { assembleSession } from './assemble-session.ts';
import { choiceOf } from './flags.ts';
import type { Invocation } from './invocation.ts';
import { markdownView } from './markdown-view.ts';
import { sessionExitCode } from './session-exit-code.ts';

/** Shows the whole run of a session before anything is touched. */
export async function planWithSession(invocation: Invocation): Promise<number> {
  const { context, globals, flags } = invocation;
  const format =
    choiceOf(flags, 'format', ['text', 'markdown', 'json', 'html']) ??
    (globals.json ? 'json' : 'text');
  return withProject(invocation, async (open) => {
    const { session, assembled } = await assembleSession(invocation, open);
    const { verbose, paint, program } = globals;
    const { project, environment } = open.project.declaration;
    const subject = { project, environment, program };
    const render = {
      text: () =>
        `${contextLines(assembled.plan.cluster, assembled.stateView).join('\n')}\n${sessionPlanText(session, { verbose, paint, program })}`,
      json: () => jsonDocument(session),
      markdown: () => sessionPlanMarkdown(session, { ...subject, ...markdownView(invocation) }),
      html: () => htmlSessionPlan(session, subject),
    };
    context.stdout.write(render[format]());
    return sessionExitCode(session.refusals);
  });
}
