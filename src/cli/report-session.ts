import type { SessionResult } from '../model/session-result.ts';
import { htmlSession } from '../report/html/html-session.ts';
import { sessionMarkdown } from '../report/markdown/session-markdown.ts';
import { sessionResultMessage } from '../report/progress/session-json.ts';
import { sessionJunit } from '../report/session/session-junit.ts';
import { sessionMetrics } from '../report/session/session-metrics.ts';
import { sessionResultText } from '../report/session/session-result-text.ts';
import { textOf } from './flags.ts';
import type { Invocation } from './invocation.ts';
import { markdownView } from './markdown-view.ts';
import { messageLine } from './message-line.ts';
import { reportFormat } from './report-format.ts';
import { sessionResultExitCode } from './session-exit-code.ts';
import { writeReports } from './user-file.ts';

/** Whose session it is: for Markdown's heading. */
export interface ReportSubject {
  readonly project: string;
  readonly environment: string;
}

/** Tells how a session ended, on stdout and in the files that were asked for. Resolves with the exit code. */
export async function reportSession(
  invocation: Invocation,
  result: SessionResult,
  subject: ReportSubject,
): Promise<number> {
  const { context, globals, flags } = invocation;
  const { program, paint, verbose, json } = globals;
  const render = {
    text: () =>
      json
        ? messageLine(sessionResultMessage(result), context.clock)
        : sessionResultText(result, { program, paint, verbose }),
    markdown: () => sessionMarkdown(result, { ...subject, program, ...markdownView(invocation) }),
    html: () => htmlSession(result, { ...subject, program }),
  };
  context.stdout.write(render[reportFormat(invocation)]());
  return writeReports(invocation, sessionResultExitCode(result), [
    [textOf(flags, 'junit'), () => sessionJunit(result)],
    [textOf(flags, 'metrics-file'), () => sessionMetrics(result)],
  ]);
}
