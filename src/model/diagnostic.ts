/** A place in a text file of the user's. Lines and columns count from 1; the end is exclusive. */
export interface Location {
  /** Relative to the project's root, with forward slashes. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine?: number;
  readonly endColumn?: number;
}

/** One place that a diagnostic shows, with a word under its marker. */
export interface Label extends Location {
  readonly text?: string;
  /** The lines around it, as they stand in the file: [line number, text]. */
  readonly frame?: readonly (readonly [number, string])[];
}

/** A user-facing problem: what, where, why, how to mend it. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** Stable kebab-case id, such as `unknown-key`. */
  readonly code: string;
  /** One sentence without a full stop: what is wrong. */
  readonly message: string;
  readonly labels: readonly Label[];
  /** Further lines: why it matters, what was seen. */
  readonly detail?: readonly string[];
  /** What to do, as an imperative sentence. */
  readonly remedy?: string;
}

/** Thrown where a user's mistake ends the command; never shows a stack. */
export class DiagnosticsError extends Error {
  readonly diagnostics: readonly Diagnostic[];
  /** The exit code this mistake asks for (design section 10); 1 unless said otherwise. */
  readonly exitCode: number;
  /** What that means for the world, where it is known: a sentence behind the count. */
  readonly consequence: string;
  constructor(diagnostics: readonly Diagnostic[], exitCode = 1, consequence = '') {
    super(diagnostics.map((diagnostic) => diagnostic.message).join('; '));
    this.name = 'DiagnosticsError';
    this.diagnostics = diagnostics;
    this.exitCode = exitCode;
    this.consequence = consequence;
  }
}

/** Mistakes in files of the user's, found before anything else was looked at. */
export function untouched(diagnostics: readonly Diagnostic[]): DiagnosticsError {
  const consequence = 'The cluster was not contacted, nothing was changed.';
  return new DiagnosticsError(diagnostics, 1, consequence);
}

/** An error diagnostic without a place in the YAML. */
export function problem(
  code: string,
  message: string,
  remedy?: string,
  detail?: readonly string[],
): Diagnostic {
  return {
    severity: 'error',
    code,
    message,
    labels: [],
    ...(detail === undefined ? {} : { detail }),
    ...(remedy === undefined ? {} : { remedy }),
  };
}
