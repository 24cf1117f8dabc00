import { DiagnosticsError } from '../model/diagnostic.ts';
import { formatDuration } from '../model/quantity.ts';
import type { SessionPlan } from '../model/session-plan.ts';
import { escapeTerminal } from '../report/escape/terminal.ts';
import { contextLines } from '../report/plan/headline.ts';
import { sessionPlanMessages } from '../report/progress/session-json.ts';
import {
  sessionHeading,
  sessionWorkerRows,
  warningLines,
} from '../report/session/session-plan-text.ts';
import { runSession } from '../session/run-session.ts';
import { withoutDeadRuns } from '../state/dead-runs.ts';
import { type OpenProject, withProject } from './assemble.ts';
import { type AssembledSession, assembleSession } from './assemble-session.ts';
import { EXIT_CODES } from './exit-code.ts';
import { textOf } from './flags.ts';
import type { Invocation } from './invocation.ts';
import { messageLines } from './message-line.ts';
import { otherDigest } from './other-digest.ts';
import { tellingBesides } from './report-format.ts';
import { reportSession } from './report-session.ts';
import { sessionExitCode } from './session-exit-code.ts';
import { leadWithLog, readSecrets } from './session-run.ts';

/** Plans a session now, from the cluster and the state as they are. */
export type PlanSessionNow = (open: OpenProject) => Promise<AssembledSession>;

/** Runs a session: it changes only its own workers, and only so far that nobody has to approve it. */
export async function applyWithSession(
  invocation: Invocation,
  digest: string | undefined,
): Promise<number> {
  const name = textOf(invocation.flags, 'with-session');
  return withProject(invocation, (open) =>
    leadPlanned(invocation, open, (now) => assembleSession(invocation, now), {
      isAdHoc: name === undefined,
      ...(digest === undefined ? {} : { digest }),
    }),
  );
}

export interface LeadOptions {
  readonly isAdHoc: boolean;
  /** Of `--expect-digest`: it is run only when it is this one. */
  readonly digest?: string;
  /** File digest of the saved plan. */
  readonly savedPlan?: string;
}

/** Waits for its workers, shows what will be done, runs it, tells how it went. Resolves with the exit code. */
export async function leadPlanned(
  invocation: Invocation,
  open: OpenProject,
  planNow: PlanSessionNow,
  { isAdHoc, digest, savedPlan }: LeadOptions,
): Promise<number> {
  const planned = await planWhenFree(invocation, open, planNow);
  const { session, sealed, assembled } = planned;
  if (digest !== undefined && !sealed.reviewDigest.startsWith(digest))
    throw otherDigest(invocation, digest, sealed, `--with-session ${session.session}`);
  const items = session.items.map(({ item }) => item);
  const secrets = readSecrets(invocation, session.session, items);
  const telling = tellingBesides(invocation);
  show(telling, planned);
  requireNotRefused(session);
  const names = session.workers.map(({ worker }) => worker);
  const result = await leadWithLog(telling, assembled, secrets, names, (base) => {
    const replan = async () => {
      const again = await planNow(await reread(invocation, open));
      const { plan, inventory } = again.assembled;
      return { session: again.session, plan, inventory };
    };
    const from = savedPlan === undefined ? {} : { savedPlan };
    return runSession({ ...base, session, isAdHoc, replan, ...from });
  });
  return reportSession(invocation, result, open.project.declaration);
}

function requireNotRefused({ refusals }: SessionPlan): void {
  if (refusals.length === 0) return;
  const diagnostics = refusals.map(({ diagnostic }) => diagnostic);
  throw new DiagnosticsError(diagnostics, sessionExitCode(refusals));
}

const ASK_EVERY_MS = 10_000;

/** Planned again and again while needed workers are leased, as long as `waitForWorkers` allows. */
async function planWhenFree(
  invocation: Invocation,
  open: OpenProject,
  planNow: PlanSessionNow,
): Promise<AssembledSession> {
  const { clock, interrupts } = invocation.context;
  const begun = clock.monotonic();
  let planned = await planNow(open);
  for (;;) {
    const { refusals, guards } = planned.session;
    const waitedMs = clock.monotonic() - begun;
    const left = guards.waitForWorkers - waitedMs;
    if (refusals[0]?.exitCode !== EXIT_CODES.locked || left <= 0) return planned;
    if (interrupts.first.aborted) return planned;
    tellWaiting(invocation, waitedMs, planned.session);
    await clock.sleep(Math.min(ASK_EVERY_MS, left), interrupts.first).catch(() => undefined);
    planned = await planNow(await reread(invocation, open));
  }
}

function tellWaiting(
  { context, globals }: Invocation,
  waitedMs: number,
  { guards, leftOut }: SessionPlan,
): void {
  if (globals.json || Math.round(waitedMs / ASK_EVERY_MS) % 6 !== 0) return;
  const seconds = Math.round(waitedMs / 1000) * 1000;
  const waited = `${formatDuration(seconds)} of ${formatDuration(guards.waitForWorkers)}`;
  const holder = leftOut.find(({ why }) => why === 'leased');
  const who =
    holder === undefined ? '' : `: ${escapeTerminal(`${holder.worker} is leased by ${holder.by}`)}`;
  context.stderr.write(`waiting-for-workers, ${waited}${who}\n`);
}

/** The project with the state as it is now. */
async function reread({ context }: Invocation, open: OpenProject): Promise<OpenProject> {
  const { state } = await open.store.read();
  return state === undefined
    ? open
    : { ...open, state: await withoutDeadRuns(state, context.processes) };
}

function show({ context, globals }: Invocation, { session, assembled }: AssembledSession): void {
  if (globals.json) {
    const { stdout, clock, version } = context;
    stdout.write(messageLines(sessionPlanMessages(session, version), clock));
    return;
  }
  const lines = [
    ...contextLines(assembled.plan.cluster, assembled.stateView),
    ...sessionHeading(session),
    '',
    ...sessionWorkerRows(session, globals.paint),
    '',
    ...(session.warnings.length === 0 ? [] : [...warningLines(session.warnings), '']),
  ];
  context.stdout.write(`${lines.join('\n')}\n`);
}
