import {
  expandPlaceholders,
  placeholdersIn,
  substitutePlaceholders,
} from '../model/placeholder.ts';
import { didYouMean, suggest } from '../model/suggest.ts';
import { isPlainMap, type PlainMap, valueAt } from './merge-sources.ts';
import { PLACEHOLDERS, type PlaceholderScope, placeholderScope } from './placeholder-scope.ts';
import type { Mistake, Path } from './source.ts';

export interface VariableValues {
  /** --var, --var-file, MUSTER_VAR_x. */
  readonly given: Readonly<Record<string, string>>;
  /** The session that runs; variables that only another one uses may lack a value. */
  readonly session: string | undefined;
}

export interface Expanded {
  readonly document: PlainMap;
  readonly mistakes: readonly Mistake[];
  /** Pointers of texts that were nothing but one variable: such a text becomes a number where one is asked for. */
  readonly fromVariables: ReadonlySet<string>;
  /** Pointers of texts that hold a variable without a value: in sessions that don't run, or reported. */
  readonly deferred: ReadonlySet<string>;
}

interface Expanding extends VariableValues {
  readonly root: PlainMap;
  readonly declared: PlainMap;
  readonly mistakes: Mistake[];
  readonly fromVariables: Set<string>;
  readonly deferred: Set<string>;
}

/** Sections whose texts are read before variables have values. */
const UNTOUCHED = new Set(['muster', 'include', 'variables']);
const SECRET_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
/** Muster's own credentials and the CI's: a pull request's YAML must not reach them. */
const FORBIDDEN_SECRETS = /^(MUSTER|PROXMOX|TF|CI|GITHUB)_/i;

/** Puts `${var.x}` in everywhere, and checks that every other placeholder may stand where it does. */
export function expandVariables(root: PlainMap, values: VariableValues): Expanded {
  const declared = isPlainMap(root.variables) ? root.variables : {};
  const expanding: Expanding = {
    ...values,
    root,
    declared,
    mistakes: [],
    fromVariables: new Set(),
    deferred: new Set(),
  };
  const document = Object.fromEntries(
    Object.entries(root).map(([section, value]) => [
      section,
      UNTOUCHED.has(section) ? value : visit(expanding, value, [section]),
    ]),
  );
  const { mistakes, fromVariables, deferred } = expanding;
  return { document, mistakes, fromVariables, deferred };
}

/** JSON pointer of a path, as validators name places. */
function pointerOf(path: Path): string {
  return path
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/** Keeps what it doesn't change, so that parts shared by aliases stay shared. `path` is reused while descending. */
function visit(expanding: Expanding, value: unknown, path: (string | number)[]): unknown {
  if (typeof value === 'string')
    return value.includes('${') ? expandText(expanding, value, [...path]) : value;
  if (value === null || typeof value !== 'object') return value;
  let changed: Map<string | number, unknown> | undefined;
  const members = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, member] of members) {
    path.push(key);
    const next = visit(expanding, member, path);
    path.pop();
    if (next !== member) changed = (changed ?? new Map()).set(key, next);
  }
  if (changed === undefined) return value;
  if (Array.isArray(value))
    return value.map((member, i) => (changed.has(i) ? changed.get(i) : member));
  return { ...value, ...Object.fromEntries(changed) };
}

function expandText(expanding: Expanding, text: string, path: Path): string {
  const scope = placeholderScope(path, valueAt(expanding.root, path.slice(0, 4)));
  const found = placeholdersIn(text);
  const values: Record<string, string> = {};
  for (const { name } of found) {
    if (name?.startsWith('var.')) {
      const value = variableValue(expanding, name.slice('var.'.length), path);
      if (value !== undefined) values[name] = value;
    } else {
      const mistake = placeholderMistake(name, scope, path);
      if (mistake !== undefined) expanding.mistakes.push(mistake);
    }
  }
  const [first] = found;
  if (first?.name?.startsWith('var.') && first.start === 0 && first.end === text.length)
    expanding.fromVariables.add(pointerOf(path));
  const expand = scope.later ? substitutePlaceholders : expandPlaceholders;
  return expand(text, values);
}

function variableValue(expanding: Expanding, name: string, path: Path): string | undefined {
  const { declared, given, session, mistakes, deferred } = expanding;
  if (!Object.hasOwn(declared, name)) {
    mistakes.push(unknownVariable(name, Object.keys(declared), path));
    return undefined;
  }
  if (Object.hasOwn(given, name)) return given[name];
  const variable = declared[name];
  const fallback = isPlainMap(variable) ? variable.default : null;
  if (fallback !== undefined && typeof fallback !== 'object') return String(fallback);
  deferred.add(pointerOf(path));
  const isNeeded = path[0] !== 'sessions' || path[1] === session;
  // A default that is no text, or no default at all, is a mistake where the variable is declared.
  if (isNeeded && fallback === undefined) mistakes.push(missingVariable(name, path));
  return undefined;
}

function placeholderMistake(
  name: string | undefined,
  scope: PlaceholderScope,
  path: Path,
): Mistake | undefined {
  if (name === undefined) return unclosed(path);
  if (name.startsWith('secret.')) return secretMistake(name.slice('secret.'.length), scope, path);
  if (scope.names.includes(name)) return undefined;
  return PLACEHOLDERS.includes(name) ? misplaced(name, scope, path) : unknown(name, scope, path);
}

function secretMistake(name: string, scope: PlaceholderScope, path: Path): Mistake | undefined {
  if (!scope.secrets)
    return {
      code: 'misplaced-secret',
      message: 'a secret can stand in "env" only',
      at: [{ path }],
      remedy:
        'Give it to the work item as an environment variable, in env of the repository, session or item.',
    };
  if (!SECRET_NAME.test(name))
    return {
      code: 'bad-secret-name',
      message: `"${name}" can't be the name of an environment variable`,
      at: [{ path }],
      remedy: 'Use letters, digits and _, such as ${secret.PBS_PASSWORD}.',
    };
  if (!FORBIDDEN_SECRETS.test(name)) return undefined;
  return {
    code: 'forbidden-secret',
    message: `\${secret.${name}} is never given to a work item`,
    at: [{ path }],
    detail: [
      'Variables that begin with MUSTER_, PROXMOX_, TF_, CI_ or GITHUB_ hold credentials of Muster or of the CI.',
    ],
    remedy: 'Put the secret into a variable of another name.',
  };
}

function unknownVariable(name: string, declared: readonly string[], path: Path): Mistake {
  return {
    code: 'unknown-variable',
    message: `there is no variable "${name}"`,
    at: [{ path }],
    remedy: didYouMean(name, declared) ?? `Declare it: variables: { ${name}: { default: ... } }.`,
  };
}

function missingVariable(name: string, path: Path): Mistake {
  return {
    code: 'missing-variable',
    message: `the variable "${name}" has no value`,
    at: [{ path }],
    remedy: `Give it one: --var ${name}=VALUE, MUSTER_VAR_${name}, or a default.`,
  };
}

function unclosed(path: Path): Mistake {
  return {
    code: 'unclosed-placeholder',
    message: 'a placeholder begins with ${ and is not closed',
    at: [{ path }],
    remedy: 'Close it with }, or write $${ for a literal ${.',
  };
}

function misplaced(name: string, scope: PlaceholderScope, path: Path): Mistake {
  const possible = ['var.NAME', ...(scope.secrets ? ['secret.NAME'] : []), ...scope.names];
  const needs = name.startsWith('vm.') && path[0] === 'sessions' ? 'It needs forEachVm. ' : '';
  return {
    code: 'misplaced-placeholder',
    message: `\${${name}} has no value here`,
    at: [{ path }],
    remedy: `${needs}Here stand: ${possible.map((word) => `\${${word}}`).join(', ')}.`,
  };
}

function unknown(name: string, scope: PlaceholderScope, path: Path): Mistake {
  const [prefix = '', ...rest] = name.split('.');
  const prefixes = scope.names.map((word) => word.replace(/\..*/, ''));
  const meant = suggest(prefix, ['var', 'secret', ...prefixes]);
  // What follows these two is the user's own word.
  const isFree = rest.length > 0 && (meant === 'var' || meant === 'secret');
  const near = didYouMean(name, [...scope.names, ...(isFree ? [[meant, ...rest].join('.')] : [])]);
  return {
    code: 'unknown-placeholder',
    message: `\${${name}} is not a placeholder`,
    at: [{ path }],
    remedy: near ?? `Write $\${${name}} where the text itself is meant.`,
  };
}
