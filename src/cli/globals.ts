import { resolve } from 'node:path';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { paint } from '../report/paint.ts';
import { shellWord } from '../report/words.ts';
import { wantsColour } from './colour.ts';
import type { CliContext } from './context.ts';
import { boolOf, choiceOf, durationOf, integerOf, isSet, listOf, textOf } from './flags.ts';
import type { Flags, Globals } from './invocation.ts';

/** What the global flags and the environment ask for. `rest` is what followed `--`; no command takes any. */
export function globalsOf(
  context: CliContext,
  flags: Flags,
  rest: readonly string[] | undefined,
): Globals {
  if (rest !== undefined) throw unexpected(rest);
  const dir = textOf(flags, 'chdir');
  const environment = environmentOf(flags);
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
    paint: paint(wantsColour(context.stdout, context.env, flags.color)),
    vars: listOf(flags, 'var'),
    varFiles: listOf(flags, 'var-file'),
    parallelism: integerOf(flags, 'parallelism', { from: 1, to: 64 }),
    lockTimeout: durationOf(flags, 'lock-timeout') ?? 30_000,
    input: boolOf(flags, 'input'),
    program: ['muster', ...prefix].join(' '),
  };
}

/** It becomes part of file names, so it can't be a path. */
function environmentOf(flags: Flags): string {
  const environment = textOf(flags, 'environment') ?? '';
  if (environment === '' || /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(environment))
    return environment;
  const message = `-e: "${environment}" is not a name of letters, digits and - _ .`;
  throw new DiagnosticsError([problem('bad-flag', message)]);
}

function unexpected(rest: readonly string[]): DiagnosticsError {
  const message = `this command takes nothing after "--": ${rest.slice(0, 3).join(' ')}`;
  return new DiagnosticsError([problem('bad-flag', message)]);
}
