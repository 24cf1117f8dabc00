import type { Plan } from '../model/plan.ts';
import { anythingToDo } from '../model/plan-counts.ts';
import type { ApplyResult } from '../model/result.ts';
import { jsonLine } from '../report/escape/json.ts';
import { escapeTerminal } from '../report/escape/terminal.ts';
import { junitXml } from '../report/junit.ts';
import { widthOf } from '../report/layout.ts';
import { resultMarkdown } from '../report/markdown/result-markdown.ts';
import { planText } from '../report/plan/plan-text.ts';
import {
  changeSummaryMessage,
  plannedChangeMessage,
  resultMessage,
  versionMessage,
} from '../report/progress/event-json.ts';
import { resultText } from '../report/result-text.ts';
import { applyExitCode } from './apply-verdict.ts';
import { type Approval, approve } from './approve.ts';
import type { Assembled } from './assemble.ts';
import { execute, lostSessions } from './execute.ts';
import { EXIT_CODES, exitCodeOf } from './exit-code.ts';
import { choiceOf, durationOf, isSet, textOf } from './flags.ts';
import type { Invocation } from './invocation.ts';
import { markdownView } from './markdown-view.ts';
import { isImpossible } from './plan-verdict.ts';
import { openRunLog } from './run-log.ts';
import { writeUserFile } from './user-file.ts';

/** Shows a plan, asks unless it is agreed to, applies it, tells how it went. Resolves with the exit code. */
export async function runAndReport(
  invocation: Invocation,
  assembled: Assembled,
  plan: Plan,
  approval: Approval,
): Promise<number> {
  const { context, globals, flags } = invocation;
  const isMarkdown = choiceOf(flags, 'format', ['text', 'markdown']) === 'markdown';
  const telling = isMarkdown ? tellingOnStderr(invocation) : invocation;
  show(telling, assembled, plan);
  if (isImpossible(plan)) {
    if (!globals.json) context.stdout.write('Preflight failed. Nothing was changed.\n');
    return EXIT_CODES.impossible;
  }
  if (plan.refusals.length > 0) return EXIT_CODES.refused;
  const waitMs = durationOf(flags, 'wait') ?? 0;
  const isIdle = !anythingToDo(plan) && !(waitMs > 0 && isAnyWaitable(plan));
  if (isIdle && lostSessions(assembled).length === 0) return nothingDone(plan);
  // Closing what is over changes nothing but the record.
  const mayGoOn = isSet(flags, 'auto-approve') || isIdle;
  const given = mayGoOn ? ({ kind: 'given' } as const) : approval;
  if (!(await approve(invocation, plan.cluster, given))) {
    context.stdout.write('Nothing was changed.\n');
    return EXIT_CODES.impossible;
  }
  const result = await runLogged(telling, assembled, plan, waitMs);
  const junit = textOf(flags, 'junit');
  if (junit !== undefined) await writeUserFile(invocation, junit, junitXml(result));
  const { program } = globals;
  const { project, environment } = plan;
  context.stdout.write(
    isMarkdown
      ? resultMarkdown(result, { project, environment, program, ...markdownView(invocation) })
      : globals.json
        ? `${jsonLine(resultMessage(result))}\n`
        : resultText(result, { program: globals.program, paint: globals.paint }),
  );
  return applyExitCode(result);
}

/** The plan and the progress go there when stdout is for one document. */
function tellingOnStderr(invocation: Invocation): Invocation {
  const { context } = invocation;
  return { ...invocation, context: { ...context, stdout: context.stderr } };
}

async function runLogged(
  invocation: Invocation,
  assembled: Assembled,
  plan: Plan,
  waitMs: number,
): Promise<ApplyResult> {
  const { context, globals, flags } = invocation;
  const names = plan.workers.map(({ worker }) => widthOf(escapeTerminal(worker)));
  const { stdout, clock } = context;
  if (!globals.json) stdout.write('\n');
  const columns = { worker: Math.min(40, Math.max(0, ...names)) };
  const log = openRunLog({ stdout, clock, json: globals.json, columns });
  const onError = choiceOf(flags, 'on-error', ['continue', 'stop']) ?? 'continue';
  const { lineage } = assembled.state;
  const startedAt = clock.monotonic();
  const onInterrupt = () => {
    const message = 'interrupted: what runs is brought to an end; once more stops at once';
    log.emit({ kind: 'note', at: clock.monotonic() - startedAt, message });
  };
  const { first } = context.interrupts;
  first.addEventListener('abort', onInterrupt, { once: true });
  try {
    return await execute(invocation, assembled, plan, { log, onError, waitMs, lineage });
  } finally {
    first.removeEventListener('abort', onInterrupt);
    await log.end();
  }
}

function show({ context, globals }: Invocation, { stateView }: Assembled, plan: Plan): void {
  if (globals.json) {
    const messages = [
      versionMessage(context.version),
      ...plan.workers.map(plannedChangeMessage),
      changeSummaryMessage(plan, 'apply'),
    ];
    for (const message of messages) context.stdout.write(`${jsonLine(message)}\n`);
    return;
  }
  const view = { state: stateView, verbose: globals.verbose, paint: globals.paint };
  context.stdout.write(planText(plan, view));
}

/** What ends by itself, and may be waited for. */
const WAITABLE: readonly string[] = ['leased', 'locked'];

function isAnyWaitable(plan: Plan): boolean {
  return plan.workers.some(
    ({ held, actions }) => WAITABLE.includes(held?.why ?? '') && actions.length > 0,
  );
}

/** Without actions it is done, unless something is held. */
function nothingDone(plan: Plan): number {
  const isHeld = plan.workers.some(({ held, actions }) => held !== undefined && actions.length > 0);
  return exitCodeOf({ incomplete: isHeld });
}
