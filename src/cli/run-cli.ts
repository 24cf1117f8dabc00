import { CommanderError } from 'commander';
import { normaliseArgv } from './argv.ts';
import type { CliContext } from './context.ts';
import { EXIT_CODES } from './exit-code.ts';
import { buildProgram, type Parsed } from './program.ts';

/**
 * Runs one command line. Resolves with the exit code and never rejects. Whatever `--help` doesn't need is loaded
 * when it is needed.
 */
export async function runCli(given: CliContext): Promise<number> {
  const { words, rest } = normaliseArgv(given.argv);
  const parsed = parse(given, words);
  if (typeof parsed === 'number') return parsed;
  const { command, args, flags } = parsed;
  const context = await adapted(given, flags);
  try {
    const { globalsOf } = await import('./globals.ts');
    const globals = globalsOf(context, flags, command.takesRest === true ? undefined : rest);
    const run = await command.load();
    return await run({ context, globals, flags, args, rest: rest ?? [] });
  } catch (error) {
    const { tellFailure } = await import('./tell-failure.ts');
    return tellFailure(error, { context, json: flags.json === true });
  }
}

/** For the CI system that this runs in, if it is one that reads the output. */
async function adapted(context: CliContext, flags: Parsed['flags']): Promise<CliContext> {
  if (context.env.GITHUB_ACTIONS !== 'true') return context;
  const { forGithub } = await import('./github.ts');
  return forGithub(context, typeof flags.chdir === 'string' ? flags.chdir : '.');
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
