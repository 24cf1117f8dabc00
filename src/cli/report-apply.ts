import type { RunEvent } from '../model/event.ts';
import type { Plan } from '../model/plan.ts';
import type { ApplyResult } from '../model/result.ts';
import { htmlResult } from '../report/html/html-result.ts';
import { junitXml } from '../report/junit.ts';
import { resultMarkdown } from '../report/markdown/result-markdown.ts';
import { planText } from '../report/plan/plan-text.ts';
import { planMessages } from '../report/progress/plan-messages.ts';
import { resultMessages } from '../report/progress/result-messages.ts';
import { resultText } from '../report/result-text.ts';
import type { Assembled } from './assemble.ts';
import { textOf } from './flags.ts';
import type { Invocation } from './invocation.ts';
import { markdownView } from './markdown-view.ts';
import { messageLines } from './message-line.ts';
import { reportFormat } from './report-format.ts';
import { writeReports } from './user-file.ts';

/** The plan that is about to be applied. */
export function showPlan(
  { context, globals }: Invocation,
  { stateView }: Assembled,
  plan: Plan,
): void {
  if (globals.json) {
    const { stdout, clock, version } = context;
    stdout.write(messageLines(planMessages(plan, version, stateView), clock));
    return;
  }
  const view = { state: stateView, verbose: globals.verbose, paint: globals.paint };
  context.stdout.write(planText(plan, view));
}

interface Done {
  readonly result: ApplyResult;
  readonly events: readonly RunEvent[];
}

/**
 * How it went, on stdout in the format that was asked for, and in the files that were asked for. Resolves with `code`,
 * or with another one where a file can't be written.
 */
export async function reportApply(
  invocation: Invocation,
  { stateView }: Assembled,
  plan: Plan,
  { result, events }: Done,
  code: number,
): Promise<number> {
  const { context, globals } = invocation;
  const { program, paint } = globals;
  const { project, environment } = plan;
  const format = reportFormat(invocation);
  const render = {
    text: () =>
      globals.json
        ? messageLines(resultMessages(plan, result), context.clock)
        : resultText(result, { program, paint }),
    markdown: () =>
      resultMarkdown(result, { project, environment, program, ...markdownView(invocation) }),
    html: () => htmlResult(result, plan, events, { state: stateView, program }),
  };
  context.stdout.write(render[format]());
  return writeJunit(invocation, result, code);
}

/** An apply that had nothing to do is a document too; the text says so already. */
export async function reportNothing(
  invocation: Invocation,
  assembled: Assembled,
  plan: Plan,
  code: number,
): Promise<number> {
  const result = { run: 'none', outcomes: [], interrupted: false, leftRunning: [], tookMs: 0 };
  if (reportFormat(invocation) === 'text' && !invocation.globals.json)
    return writeJunit(invocation, result, code);
  return reportApply(invocation, assembled, plan, { result, events: [] }, code);
}

/** Also when nothing was done: the results of an earlier run must not stay. */
function writeJunit(invocation: Invocation, result: ApplyResult, code: number): Promise<number> {
  const path = textOf(invocation.flags, 'junit');
  return writeReports(invocation, code, [[path, () => junitXml(result)]]);
}
