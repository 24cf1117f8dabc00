import { resolve } from 'node:path';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { EXIT_CODES } from './exit-code.ts';
import type { Invocation } from './invocation.ts';
import { tell } from './tell-failure.ts';

type Where = Pick<Invocation, 'context' | 'globals'>;

/** Files that the user names on the command line: relative to the project's folder, and they may lie anywhere. */
export async function readUserFile({ context, globals }: Where, path: string): Promise<string> {
  const bytes = await context.files(globals.root).read(resolve(globals.root, path));
  if (bytes === undefined) {
    const message = `there is no file ${path}`;
    throw new DiagnosticsError([problem('no-file', message)]);
  }
  return new TextDecoder().decode(bytes);
}

/** Atomic. Folders that are missing are made. */
export async function writeUserFile(
  { context, globals }: Where,
  path: string,
  content: string,
): Promise<void> {
  await context.files(globals.root).write(resolve(globals.root, path), content);
}

/** A file about work that is done: its path, and what goes into it. */
export type ReportFile = readonly [path: string | undefined, content: () => string];

/**
 * Writes what was asked for about a run that has ended with `code`. A file that can't be written is told and makes a
 * success incomplete; it changes nothing of what was done, so nothing is thrown.
 */
export async function writeReports(
  invocation: Invocation,
  code: number,
  files: readonly ReportFile[],
): Promise<number> {
  const { context, globals, flags } = invocation;
  let unwritten = false;
  for (const [path, content] of files) {
    if (path === undefined) continue;
    try {
      await writeUserFile(invocation, path, content());
    } catch (error) {
      if (!(error instanceof DiagnosticsError)) throw error;
      unwritten = true;
      tell(error.diagnostics, '', { context, json: globals.json, colour: flags.color });
    }
  }
  return unwritten && code === 0 ? EXIT_CODES.incomplete : code;
}
