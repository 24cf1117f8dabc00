import type { Declaration } from '../model/declaration.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Files } from '../model/ports.ts';

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
 * of the user's is a diagnostic; only a failure of `files` itself throws.
 */
export async function loadDeclaration(files: Files, options: LoadOptions): Promise<Loaded> {
  throw new Error(`not yet: ${typeof files} ${typeof options}`);
}
