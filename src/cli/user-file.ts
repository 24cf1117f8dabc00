import { basename, dirname, resolve } from 'node:path';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { Invocation } from './invocation.ts';

type Where = Pick<Invocation, 'context' | 'globals'>;

/** Files that the user names on the command line: relative to the project's folder, and they may lie anywhere. */
export async function readUserFile({ context, globals }: Where, path: string): Promise<string> {
  const full = resolve(globals.root, path);
  const bytes = await context.files(dirname(full)).read(basename(full));
  if (bytes === undefined) {
    const message = `there is no file ${path}`;
    throw new DiagnosticsError([problem('no-file', message)]);
  }
  return new TextDecoder().decode(bytes);
}

/** Atomic; the folder must exist. */
export async function writeUserFile(
  { context, globals }: Where,
  path: string,
  content: string,
): Promise<void> {
  const full = resolve(globals.root, path);
  await context.files(dirname(full)).write(basename(full), content);
}
