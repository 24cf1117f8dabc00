import { DiagnosticsError, problem } from '../../model/diagnostic.ts';
import { type CommandTable, completionScript, SHELLS } from '../completion-scripts.ts';
import type { CommandRun } from '../invocation.ts';

/** The command that prints the completion of a shell, for this table. */
export function completionOf(table: CommandTable): CommandRun {
  return async ({ context, args }) => {
    const shell = SHELLS.find((name) => name === args[0]);
    if (shell === undefined) {
      const message = `there is no completion for "${args[0] ?? ''}"`;
      const remedy = `Choose one of ${SHELLS.join(', ')}.`;
      throw new DiagnosticsError([problem('unknown-shell', message, remedy)]);
    }
    context.stdout.write(completionScript(shell, table));
    return 0;
  };
}
