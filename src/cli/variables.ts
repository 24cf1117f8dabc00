import { DiagnosticsError, problem, untouched } from '../model/diagnostic.ts';
import type { Invocation } from './invocation.ts';
import { readUserFile } from './user-file.ts';

export interface GivenVariables {
  /** MUSTER_VAR_x, then --var-file in their order, then --var: the later wins. */
  readonly vars: Readonly<Record<string, string>>;
  /** Those that were typed: one that no variable declares is a mistake. */
  readonly given: readonly string[];
}

const ENV_PREFIX = 'MUSTER_VAR_';

export async function readVariables(invocation: Invocation): Promise<GivenVariables> {
  const { context, globals } = invocation;
  const fromEnv = Object.entries(context.env).flatMap(([key, value]) =>
    key.startsWith(ENV_PREFIX) && value !== undefined
      ? [[key.slice(ENV_PREFIX.length), value] as const]
      : [],
  );
  const texts = await Promise.all(
    globals.varFiles.map(async (path) => variablesIn(path, await readUserFile(invocation, path))),
  );
  const typed = [...texts.flat(), ...globals.vars.map(assignment)];
  return {
    vars: Object.fromEntries([...fromEnv, ...typed]),
    given: typed.map(([name]) => name),
  };
}

function assignment(text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals).trim(), text.slice(equals + 1)];
  const message = `--var: "${text.slice(0, 40)}" is not name=value`;
  throw new DiagnosticsError([problem('bad-flag', message)]);
}

/** One `name = value` or `name: value` a line; `#` begins a comment line; quotes around a value are taken off. */
function variablesIn(path: string, text: string): readonly (readonly [string, string])[] {
  const lines = text.split(/\r?\n/);
  return lines.flatMap((line, index) => {
    if (/^\s*(#|$)/.test(line)) return [];
    const match = /^\s*([A-Za-z_][\w-]*)\s*[=:]\s*(.*?)\s*$/.exec(line);
    const [, name, value] = match ?? [];
    if (name !== undefined && value !== undefined) return [[name, unquoted(value)] as const];
    throw untouched([
      {
        severity: 'error',
        code: 'bad-var-file',
        message: 'this line is not "name = value"',
        labels: [{ file: path, line: index + 1, column: 1, frame: [[index + 1, line]] }],
      },
    ]);
  });
}

function unquoted(value: string): string {
  const match = /^"(.*)"$|^'(.*)'$/.exec(value);
  return match?.[1] ?? match?.[2] ?? value;
}
