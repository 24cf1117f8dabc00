import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { SessionResult } from '../model/session-result.ts';
import { jsonLine } from '../report/escape/json.ts';
import { escapeTerminal } from '../report/escape/terminal.ts';
import { widthOf } from '../report/layout.ts';
import { contextLines } from '../report/plan/headline.ts';
import { sessionHeading, sessionWorkerRows } from '../report/session/session-plan-text.ts';
import { sessionResultText } from '../report/session/session-result-text.ts';
import { secretsOf } from '../session/item-command.ts';
import { runSession } from '../session/run-session.ts';
import { withProject } from './assemble.ts';
import { type AssembledSession, assembleSession } from './assemble-session.ts';
import { withRun } from './execute.ts';
import { durationOf, textOf } from './flags.ts';
import type { Invocation } from './invocation.ts';
import { openRunLog } from './run-log.ts';
import { sessionExitCode, sessionResultExitCode } from './session-exit-code.ts';

/** Runs a session: it changes only its own workers, and only so far that nobody has to approve it. */
export async function applyWithSession(invocation: Invocation): Promise<number> {
  return withProject(invocation, async (open) => {
    const planned = await assembleSession(invocation, open);
    const secrets = readSecrets(invocation, planned);
    show(invocation, planned);
    const { refusals } = planned.session;
    if (refusals.length > 0)
      throw new DiagnosticsError(
        refusals.map(({ diagnostic }) => diagnostic),
        sessionExitCode(refusals),
      );
    const result = await run(invocation, planned, secrets);
    report(invocation, result);
    return sessionResultExitCode(result);
  });
}

/** All that the items use must be set before anything is powered on. */
function readSecrets(
  { context }: Invocation,
  { session }: AssembledSession,
): Readonly<Record<string, string>> {
  const names = secretsOf(session.items.map(({ item }) => item));
  const missing = names.filter((name) => (context.env[name] ?? '') === '');
  if (missing.length > 0)
    throw new DiagnosticsError(
      missing.map((name) =>
        problem(
          'missing-secret',
          `the items of session ${session.session} use the secret ${name}, which is not set`,
          `Set the environment variable ${name}. Nothing was powered on.`,
        ),
      ),
    );
  return Object.fromEntries(names.map((name) => [name, context.env[name] ?? '']));
}

function show({ context, globals }: Invocation, { session, assembled }: AssembledSession): void {
  if (globals.json) {
    context.stdout.write(`${jsonLine({ type: 'session_plan', session })}\n`);
    return;
  }
  const lines = [
    ...contextLines(assembled.plan.cluster, assembled.stateView),
    ...sessionHeading(session),
    '',
    ...sessionWorkerRows(session, globals.paint),
    '',
  ];
  context.stdout.write(`${lines.join('\n')}\n`);
}

async function run(
  invocation: Invocation,
  { session, assembled }: AssembledSession,
  secrets: Readonly<Record<string, string>>,
): Promise<SessionResult> {
  const { context, globals, flags } = invocation;
  const { stdout, clock } = context;
  const names = session.workers.map(({ worker }) => widthOf(escapeTerminal(worker)));
  const startedAt = assembled.pve.clusterTime() ?? clock.now();
  const columns = { worker: Math.min(40, Math.max(0, ...names)), startedAt };
  const log = openRunLog({ stdout, clock, json: globals.json, columns });
  const folder = textOf(flags, 'record-dir') ?? '.muster/sessions';
  const files = context.files(globals.root);
  const { lineage } = assembled.state;
  const { plan, inventory } = assembled;
  try {
    return await withRun(invocation, assembled, { plan, kind: 'session', lineage, log }, (parts) =>
      runSession({
        ...parts,
        session,
        plan,
        inventory,
        secrets,
        output: {
          append: (id, item, attempt, bytes) =>
            files.append(`${folder}/${id}/${logName(item, attempt)}`, bytes),
        },
        tell: (event) => log.emit(event),
        graceMs: durationOf(flags, 'grace') ?? 0,
      }),
    );
  } finally {
    await log.end();
  }
}

/** Item names may hold anything; attempts after the first have files of their own. */
function logName(item: string, attempt: number): string {
  const safe = encodeURIComponent(item).replaceAll('*', '%2A').replace(/^\./, '%2E').slice(0, 200);
  return attempt === 1 ? `${safe}.log` : `${safe}.${attempt}.log`;
}

function report({ context, globals }: Invocation, result: SessionResult): void {
  const { program, paint, verbose } = globals;
  context.stdout.write(
    globals.json
      ? `${jsonLine({ type: 'session_result', result })}\n`
      : `\n${sessionResultText(result, { program, paint, verbose })}`,
  );
}
