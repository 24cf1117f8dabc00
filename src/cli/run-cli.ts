import { CommanderError } from 'commander';
import { normaliseArgv } from './argv.ts';
import { COMMANDS } from './command-table.ts';
import type { CliContext } from './context.ts';
import { EXIT_CODES } from './exit-code.ts';
import { buildProgram, type Parsed } from './program.ts';

/**
 * Runs one command line. Resolves with the exit code and never rejects. Whatever `--help` doesn't need is loaded
 * when it is needed.
 */
export async function runCli(given: CliContext): Promise<number> {
  const { words: typed, rest } = normaliseArgv(given.argv);
  const words = askForHelp(typed);
  const parsed = parse(given, words);
  if (typeof parsed === 'number') return parsed;
  if (parsed instanceof CommanderError) return refuse(parsed, given, words);
  const { command, args, flags } = parsed;
  const context = await adapted(given, flags);
  try {
    const { globalsOf } = await import('./globals.ts');
    const { checkFlags } = await import('./check-flags.ts');
    const globals = globalsOf(context, flags, command.takesRest === true ? undefined : rest);
    checkFlags(flags);
    const run = await command.load();
    return await run({ context, globals, flags, args, rest: rest ?? [] });
  } catch (error) {
    const { tellFailure } = await import('./tell-failure.ts');
    return tellFailure(error, { context, json: flags.json === true, colour: flags.color });
  }
}

/**
 * `help sessions show` as `sessions show --help`: the parser knows commands of one word there. A command that isn't
 * there is refused as it is without `help`.
 */
function askForHelp(words: readonly string[]): readonly string[] {
  const [first, ...names] = words;
  if (first !== 'help' || names.length === 0) return words;
  return COMMANDS.some(({ name }) => name.split(' ')[0] === names[0])
    ? [...names, '--help']
    : names;
}

/** For the CI system that this runs in, if it is one that reads the output. */
async function adapted(context: CliContext, flags: Parsed['flags']): Promise<CliContext> {
  if (context.env.GITHUB_ACTIONS !== 'true') return context;
  const { forGithub } = await import('./github.ts');
  return forGithub(context, typeof flags.chdir === 'string' ? flags.chdir : '.');
}

/** The parsed command line; the exit code where help was asked for; what is wrong with the words. */
function parse(context: CliContext, words: readonly string[]): Parsed | CommanderError | number {
  let found: Parsed | undefined;
  const program = buildProgram(context, words, (parsed) => {
    found = parsed;
  });
  try {
    program.parse([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help that was not asked for, on stderr, is all the answer that there is.
    const isHelp = error.code.startsWith('commander.help');
    return error.exitCode === 0 ? 0 : isHelp ? EXIT_CODES.impossible : error;
  }
  return found ?? EXIT_CODES.impossible;
}

/** Told like every other mistake, also to a program that asked for JSON. */
async function refuse(
  error: CommanderError,
  context: CliContext,
  words: readonly string[],
): Promise<number> {
  const { tell } = await import('./tell-failure.ts');
  const { badCommandLine } = await import('./bad-command-line.ts');
  const colour = words.includes('--no-color') ? false : undefined;
  tell([badCommandLine(error)], '', { context, json: words.includes('--json'), colour });
  return EXIT_CODES.impossible;
}
