import type { SessionResult } from '../model/session-result.ts';
import { jsonLine } from '../report/escape/json.ts';
import { sessionJunit } from '../report/session/session-junit.ts';
import { sessionMetrics } from '../report/session/session-metrics.ts';
import { sessionResultText } from '../report/session/session-result-text.ts';
import { textOf } from './flags.ts';
import type { Invocation } from './invocation.ts';
import { sessionResultExitCode } from './session-exit-code.ts';
import { sessionDocument } from './session-record.ts';
import { writeUserFile } from './user-file.ts';

/** Tells how a session ended, on stdout and in the files that were asked for. Resolves with the exit code. */
export async function reportSession(
  invocation: Invocation,
  result: SessionResult,
): Promise<number> {
  const { context, globals, flags } = invocation;
  const { program, paint, verbose } = globals;
  const junit = textOf(flags, 'junit');
  if (junit !== undefined) await writeUserFile(invocation, junit, sessionJunit(result));
  const metrics = textOf(flags, 'metrics-file');
  if (metrics !== undefined) await writeUserFile(invocation, metrics, sessionMetrics(result));
  context.stdout.write(
    globals.json
      ? `${jsonLine({ type: 'session_result', result: sessionDocument(result) })}\n`
      : `\n${sessionResultText(result, { program, paint, verbose })}`,
  );
  return sessionResultExitCode(result);
}
