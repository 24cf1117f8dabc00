import { DiagnosticsError, problem } from '../../model/diagnostic.ts';
import { completionScript, SHELLS } from '../completion-scripts.ts';
import type { Invocation } from '../invocation.ts';

/** Prints the completion of a shell. */
export async function runCompletion({ context, args }: Invocation): Promise<number> {
  const shell = SHELLS.find((name) => name === args[0]);
  if (shell === undefined) {
    const message = `there is no completion for "${args[0] ?? ''}"`;
    const remedy = `Choose one of ${SHELLS.join(', ')}.`;
    throw new DiagnosticsError([problem('unknown-shell', message, remedy)]);
  }
  context.stdout.write(completionScript(shell));
  return 0;
}
