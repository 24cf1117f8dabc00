import { resolve } from 'node:path';
import { CommanderError } from 'commander';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { paint } from '../report/paint.ts';
import { shellWord } from '../report/words.ts';
import { normaliseArgv } from './argv.ts';
import type { CliContext } from './context.ts';
import { EXIT_CODES } from './exit-code.ts';
import { boolOf, choiceOf, durationOf, integerOf, isSet, listOf, textOf } from './flags.ts';
import type { Globals, Invocation } from './invocation.ts';
import { buildProgram, type Parsed } from './program.ts';
import { tellFailure } from './tell-failure.ts';

/** Runs one command line. Resolves with the exit code and never rejects. */
export async function runCli(context: CliContext): Promise<number> {
  const { words, rest } = normaliseArgv(context.argv);
  const parsed = parse(context, words);
  if (typeof parsed === 'number') return parsed;
  const json = isSet(parsed.flags, 'json');
  try {
    if (rest !== undefined) throw unexpected(rest);
    const globals = globalsOf(context, parsed);
    const run = await parsed.command.load();
    return await run({ context, globals, flags: parsed.flags, args: parsed.args });
  } catch (error) {
    return tellFailure(error, { context, json });
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

function globalsOf(context: CliContext, { flags }: Parsed): Globals {
  const dir = textOf(flags, 'chdir');
  const environment = textOf(flags, 'environment') ?? '';
  if (environment !== '' && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(environment)) {
    const message = `-e: "${environment}" is not a name of letters, digits, dots, dashes`;
    throw new DiagnosticsError([problem('bad-flag', message)]);
  }
  const prefix = [
    ...(dir === undefined ? [] : ['-C', shellWord(dir)]),
    ...(environment === '' ? [] : ['-e', environment]),
  ];
  return {
    root: resolve(context.cwd, dir ?? '.'),
    environment,
    json: isSet(flags, 'json'),
    verbose: isSet(flags, 'verbose'),
    debug: choiceOf(flags, 'log-level', ['error', 'warn', 'info', 'debug']) === 'debug',
    paint: paint(wantsColour(context, flags)),
    vars: listOf(flags, 'var'),
    varFiles: listOf(flags, 'var-file'),
    parallelism: integerOf(flags, 'parallelism', { from: 1, to: 64 }),
    lockTimeout: durationOf(flags, 'lock-timeout') ?? 30_000,
    input: boolOf(flags, 'input'),
    program: ['muster', ...prefix].join(' '),
  };
}

/** NO_COLOR and CI turn colours off whatever their value, unless it is empty. */
function wantsColour(context: CliContext, flags: Invocation['flags']): boolean {
  const { env, stdout } = context;
  const off = [env.NO_COLOR, env.CI].some((value) => value !== undefined && value !== '');
  return stdout.isTTY && !off && flags.color !== false && env.TERM !== 'dumb';
}

function unexpected(rest: readonly string[]): DiagnosticsError {
  const message = `this command takes nothing after "--": ${rest.slice(0, 3).join(' ')}`;
  return new DiagnosticsError([problem('bad-flag', message)]);
}
