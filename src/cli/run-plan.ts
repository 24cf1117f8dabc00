import type { RunEvent } from '../model/event.ts';
import type { Plan } from '../model/plan.ts';
import { anythingToDo } from '../model/plan-counts.ts';
import type { ApplyResult } from '../model/result.ts';
import { escapeTerminal } from '../report/escape/terminal.ts';
import { widthOf } from '../report/layout.ts';
import { applyExitCode } from './apply-verdict.ts';
import { type Approval, approve } from './approve.ts';
import type { Assembled } from './assemble.ts';
import { execute, lostSessions } from './execute.ts';
import { EXIT_CODES, exitCodeOf } from './exit-code.ts';
import { choiceOf, durationOf, isSet } from './flags.ts';
import type { Invocation } from './invocation.ts';
import { failedDocument } from './markdown-view.ts';
import { isImpossible } from './plan-verdict.ts';
import { reportApply, reportNothing, showPlan } from './report-apply.ts';
import { reportFormat, tellingBesides } from './report-format.ts';
import { openRunLog } from './run-log.ts';

/** Shows a plan, asks unless it is agreed to, applies it, tells how it went. Resolves with the exit code. */
export async function runAndReport(
  invocation: Invocation,
  assembled: Assembled,
  plan: Plan,
  approval: Approval,
): Promise<number> {
  const { globals, flags } = invocation;
  const telling = tellingBesides(invocation);
  showPlan(telling, assembled, plan);
  if (isImpossible(plan)) {
    if (!globals.json) telling.context.stdout.write('Preflight failed. Nothing was changed.\n');
    return refused(invocation, plan, EXIT_CODES.impossible);
  }
  if (plan.refusals.length > 0) return refused(invocation, plan, EXIT_CODES.refused);
  const waitMs = durationOf(flags, 'wait') ?? 0;
  const isIdle = !anythingToDo(plan) && !(waitMs > 0 && isAnyWaitable(plan));
  if (isIdle && lostSessions(assembled).length === 0)
    return reportNothing(invocation, assembled, plan, nothingDone(plan));
  // Closing what is over changes nothing but the record.
  const mayGoOn = isSet(flags, 'auto-approve') || isIdle;
  const given = mayGoOn ? ({ kind: 'given' } as const) : approval;
  if (!(await approve(invocation, plan.cluster, given))) {
    telling.context.stdout.write('Nothing was changed.\n');
    return EXIT_CODES.impossible;
  }
  const done = await runLogged(telling, assembled, plan, waitMs);
  return reportApply(invocation, assembled, plan, done, applyExitCode(done.result));
}

/** The document says so too, for a reader who sees nothing else. */
function refused(invocation: Invocation, plan: Plan, code: number): number {
  const failed = plan.preflight
    .filter(({ result }) => result === 'fail')
    .map(({ code: name, worker, message, remedy }) => ({
      severity: 'error' as const,
      code: name,
      message: worker === undefined ? message : `${worker}: ${message}`,
      labels: [],
      ...(remedy === undefined ? {} : { remedy }),
    }));
  failedDocument(invocation, 'apply', plan, [...plan.refusals, ...failed]);
  return code;
}

async function runLogged(
  invocation: Invocation,
  assembled: Assembled,
  plan: Plan,
  waitMs: number,
): Promise<{ readonly result: ApplyResult; readonly events: readonly RunEvent[] }> {
  const { context, globals, flags } = invocation;
  const names = plan.workers.map(({ worker }) => widthOf(escapeTerminal(worker)));
  const { stdout, clock } = context;
  if (!globals.json) stdout.write('\n');
  const columns = { worker: Math.min(40, Math.max(0, ...names)) };
  const shown = openRunLog({
    stdout,
    clock,
    json: globals.json,
    columns,
    workers: plan.workers,
  });
  // Only a page has a timeline.
  const events: RunEvent[] = [];
  const keeps = reportFormat(invocation) === 'html';
  const log = {
    ...shown,
    emit: (event: RunEvent) => {
      if (keeps && !(event.kind === 'progress' && event.waitingFor !== undefined))
        events.push(event);
      shown.emit(event);
    },
  };
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
    const result = await execute(invocation, assembled, plan, { log, onError, waitMs, lineage });
    return { result, events };
  } finally {
    first.removeEventListener('abort', onInterrupt);
    await log.end();
  }
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
