import { CommanderError } from 'commander';
import { normaliseArgv } from './argv.ts';
import type { CliContext } from './context.ts';
import { EXIT_CODES } from './exit-code.ts';
import { buildProgram, type Parsed } from './program.ts';

/**
 * Runs one command line. Resolves with the exit code and never rejects. Whatever `--help` doesn't need is loaded
 * when it is needed.
 */
export async function runCli(context: CliContext): Promise<number> {
  const { words, rest } = normaliseArgv(context.argv);
  const parsed = parse(context, words);
  if (typeof parsed === 'number') return parsed;
  const { command, args, flags } = parsed;
  try {
    const { globalsOf } = await import('./globals.ts');
    const globals = globalsOf(context, flags, rest);
    const run = await command.load();
    return await run({ context, globals, flags, args });
  } catch (error) {
    const { tellFailure } = await import('./tell-failure.ts');
    return tellFailure(error, { context, json: flags.json === true });
  }
}

/** The parsed command line, or the exit code where help was asked for or the words make no command. */
function parse(context: CliContext, words: readonly string[]): Parsed | number {
  let found: Parsed | undefined;
  const program = buildProgram(context, (parsed) => {
    found = parsed;
  });
  try {
    program.parse([...words], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.impossible;
    throw error;
  }
  return found ?? EXIT_CODES.impossible;
}
