import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Diagnostic } from '../model/diagnostic.ts';
import { annotations } from '../report/annotations.ts';
import { withoutCommands } from '../report/escape/workflow.ts';
import type { CliContext, TextOutput } from './context.ts';

/** Under GitHub Actions: no output can be read as a command to the runner, except our own annotations. */
export function forGithub(context: CliContext, folder: string): CliContext {
  const { env, cwd, stderr } = context;
  const path = relative(resolve(env.GITHUB_WORKSPACE ?? cwd), resolve(cwd, folder));
  const isInside = !path.startsWith('..') && !isAbsolute(path);
  const root = isInside ? path.split(sep).join('/') : '';
  return {
    ...context,
    stdout: inert(context.stdout),
    stderr: inert(stderr),
    annotate: (diagnostics: readonly Diagnostic[]) => stderr.write(annotations(diagnostics, root)),
  };
}

function inert(output: TextOutput): TextOutput {
  const { isTTY, columns } = output;
  return { isTTY, columns, write: (text) => output.write(withoutCommands(text)) };
}
