import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { Files } from '../model/ports.ts';
import type { SessionItem } from '../model/session.ts';
import type { SessionResult } from '../model/session-result.ts';
import { escapeTerminal } from '../report/escape/terminal.ts';
import { widthOf } from '../report/layout.ts';
import { sessionCare } from '../session/collect-attempts.ts';
import { secretsOf } from '../session/item-command.ts';
import type { ItemOutput, SessionBase } from '../session/session-context.ts';
import type { Assembled } from './assemble.ts';
import { withRun } from './execute.ts';
import { durationOf } from './flags.ts';
import type { Invocation } from './invocation.ts';
import { openRunLog } from './run-log.ts';
import { logPath, recordFolder, saveRecord } from './session-record.ts';

/** All that these items use must be set before anything is powered on. Throws a DiagnosticsError. */
export function readSecrets(
  { context }: Invocation,
  session: string,
  items: readonly Pick<SessionItem, 'env'>[],
): Readonly<Record<string, string>> {
  const names = secretsOf(items);
  const missing = names.filter((name) => (context.env[name] ?? '') === '');
  if (missing.length > 0) throw missingSecrets(session, missing);
  return Object.fromEntries(names.map((name) => [name, context.env[name] ?? '']));
}

function missingSecrets(session: string, names: readonly string[]): DiagnosticsError {
  return new DiagnosticsError(
    names.map((name) =>
      problem(
        'missing-secret',
        `the items of session ${session} use the secret ${name}, which is not set`,
        `Set the environment variable ${name}. Nothing was powered on.`,
      ),
    ),
  );
}

/** Registers a run that leads a session, tells what it does, and keeps the record of how it ended. */
export async function leadWithLog(
  invocation: Invocation,
  assembled: Assembled,
  secrets: Readonly<Record<string, string>>,
  workers: readonly string[],
  work: (base: SessionBase) => Promise<SessionResult>,
): Promise<SessionResult> {
  const { context, globals, flags } = invocation;
  const { stdout, clock } = context;
  const widths = workers.map((name) => widthOf(escapeTerminal(name)));
  const startedAt = assembled.pve.clusterTime() ?? clock.now();
  const columns = { worker: Math.min(40, Math.max(0, ...widths)), startedAt };
  const { plan, inventory } = assembled;
  const log = openRunLog({ stdout, clock, json: globals.json, columns, workers: plan.workers });
  const { lineage } = assembled.state;
  const files = context.files(globals.root);
  const folder = recordFolder(invocation);
  try {
    const start = { plan, kind: 'session', lineage, log } as const;
    const result = await withRun(invocation, assembled, start, (parts) =>
      work({
        ...parts,
        plan,
        inventory,
        secrets,
        care: sessionCare,
        output: itemOutput(files, folder),
        tell: (event) => log.emit(event),
        graceMs: durationOf(flags, 'grace') ?? 0,
      }),
    );
    await saveRecord(invocation, result);
    return result;
  } finally {
    await log.end();
  }
}

function itemOutput(files: Files, folder: string): ItemOutput {
  return {
    append: (id, item, attempt, bytes) => files.append(logPath(folder, id, item, attempt), bytes),
    size: async (id, item, attempt) =>
      (await files.read(logPath(folder, id, item, attempt)))?.length ?? 0,
  };
}
