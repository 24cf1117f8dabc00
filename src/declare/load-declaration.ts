import type { Declaration } from '../model/declaration.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Files } from '../model/ports.ts';
import { didYouMean } from '../model/suggest.ts';
import { buildDeclaration } from './build-declaration.ts';
import { checkSchema } from './check-schema.ts';
import { expandVariables } from './expand-variables.ts';
import { makeLocator } from './locator.ts';
import { isPlainMap, mergeParts, overlay } from './merge-sources.ts';
import { namedPathMistakes } from './named-paths.ts';
import { readContents } from './read-contents.ts';
import { readProject } from './read-project.ts';
import { checkRules } from './rules/check-rules.ts';
import type { Mistake } from './source.ts';
import { toDiagnostics } from './to-diagnostics.ts';

export interface LoadOptions {
  /** `-e NAME`: lays environments/NAME.yaml over the declaration. Empty or absent: none. */
  readonly environment?: string;
  /** Values of variables from --var, --var-file and MUSTER_VAR_x, already merged in that order of precedence. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Those of `vars` that were given on purpose (--var, --var-file): one that no variable declares is an error. */
  readonly givenVars?: readonly string[];
  /** The session that this command runs: its variables must have values. */
  readonly session?: string;
  /** Muster's own version, for `requiredVersion`. Absent: not checked. */
  readonly version?: string;
}

export interface Loaded {
  /** Absent exactly when there is a diagnostic with severity `error`. */
  readonly declaration?: Declaration;
  /** Sorted by file, line and column. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads muster.yaml, what its `include:` names and the chosen environment, and checks all of it. Every mistake
 * of the user's is a diagnostic; only a failure of `files` itself throws. The declaration keeps the parsed files
 * for `locate`.
 */
export async function loadDeclaration(files: Files, options: LoadOptions): Promise<Loaded> {
  const { environment = '', vars = {}, givenVars = [], session, version } = options;
  const { main, included, top, mistakes: unreadable } = await readProject(files, environment);
  const bare = makeLocator(main.source, new Map(), undefined);
  // What can't be read can't be judged: rules would report what isn't missing.
  if (hasErrors(unreadable)) return { diagnostics: toDiagnostics(unreadable, bare) };
  const merged = mergeParts([main, ...included], bare.spotIn);
  const locator = makeLocator(main.source, merged.origins, top?.source);
  const expanded = expandVariables(overlay(merged.document, top?.value ?? {}), {
    given: vars,
    session,
  });
  const { document, whole, mistakes: malformed } = checkSchema(expanded);
  const context = { document, whole, version };
  const contents = await readContents(files, context, locator);
  const mistakes = [
    ...unreadable,
    ...merged.mistakes,
    ...expanded.mistakes,
    ...unknownGivenVariables(givenVars, whole.variables),
    ...malformed,
    ...namedPathMistakes(document, locator),
    ...contents.mistakes,
    ...checkRules(context),
  ];
  const diagnostics = toDiagnostics(mistakes, locator);
  if (hasErrors(mistakes)) return { diagnostics };
  return {
    declaration: buildDeclaration({ document, environment, contents, locator }),
    diagnostics,
  };
}

function hasErrors(mistakes: readonly Mistake[]): boolean {
  return mistakes.some(({ severity = 'error' }) => severity === 'error');
}

function unknownGivenVariables(names: readonly string[], variables: unknown): readonly Mistake[] {
  const declared = isPlainMap(variables) ? Object.keys(variables) : [];
  return names
    .filter((name) => !declared.includes(name))
    .map((name) => ({
      code: 'unknown-variable',
      message: `a value is given for the variable "${name}", which is not declared`,
      at: [],
      remedy: didYouMean(name, declared) ?? `Declare it: variables: { ${name}: {} }.`,
    }));
}
