import { validateSession } from '../generated/validate-session.js';
import type { SessionResult } from '../model/session-result.ts';
import { jsonDocument } from '../report/escape/json.ts';
import { textOf } from './flags.ts';
import type { Invocation } from './invocation.ts';

/** Where sessions leave their reports and the output of their items, relative to the project. */
export function recordFolder({ flags }: Pick<Invocation, 'flags'>): string {
  return textOf(flags, 'record-dir') ?? '.muster/sessions';
}

/** Item names may hold anything; attempts after the first have files of their own. */
export function logPath(folder: string, session: string, item: string, attempt: number): string {
  const safe = encodeURIComponent(item).replaceAll('*', '%2A').replace(/^\./, '%2E').slice(0, 200);
  const name = attempt === 1 ? `${safe}.log` : `${safe}.${attempt}.log`;
  return `${folder}/${encodeURIComponent(session)}/${name}`;
}

/** A result as people and programs keep it; schemas/session.schema.json describes it. */
export type SessionDocument = SessionResult & {
  readonly format: 1;
  readonly document: 'muster-session';
};

export function sessionDocument(result: SessionResult): SessionDocument {
  return { format: 1, document: 'muster-session', ...result };
}

export async function saveRecord(invocation: Invocation, result: SessionResult): Promise<void> {
  const { context, globals } = invocation;
  await context
    .files(globals.root)
    .write(recordPath(invocation, result.id), jsonDocument(sessionDocument(result)));
}

/** How a session ended, as it was kept on this machine; undefined: it ran elsewhere, or the file is not ours. */
export async function readRecord(
  invocation: Invocation,
  id: string,
): Promise<SessionResult | undefined> {
  const { context, globals } = invocation;
  const bytes = await context.files(globals.root).read(recordPath(invocation, id));
  if (bytes === undefined) return undefined;
  const content = parse(new TextDecoder().decode(bytes));
  return isRecord(content) && content.id === id ? content : undefined;
}

function recordPath(invocation: Invocation, id: string): string {
  // Names of items begin with a letter or a digit.
  return `${recordFolder(invocation)}/${encodeURIComponent(id)}/_session.json`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(content: unknown): content is SessionDocument {
  return validateSession(content).length === 0;
}
