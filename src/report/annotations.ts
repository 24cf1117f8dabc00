import type { Diagnostic } from '../model/diagnostic.ts';
import { escapeTerminal } from './escape/terminal.ts';
import { commandProperty, commandText } from './escape/workflow.ts';

/** GitHub shows ten of a kind per step; more would only be in the log, where the text stands already. */
const MOST = 10;

/**
 * Diagnostics as annotations on the lines of a pull request. `folder` leads from the repository's root to the
 * project, with forward slashes; empty: it is the root.
 */
export function annotations(diagnostics: readonly Diagnostic[], folder: string): string {
  return (['error', 'warning'] as const)
    .flatMap((severity) => diagnostics.filter((each) => each.severity === severity).slice(0, MOST))
    .map((diagnostic) => `${annotation(diagnostic, folder)}\n`)
    .join('');
}

function annotation(
  { severity, code, message, labels, remedy }: Diagnostic,
  folder: string,
): string {
  const label = labels[0];
  const place =
    label === undefined
      ? []
      : [
          `file=${commandProperty(folder === '' ? label.file : `${folder}/${label.file}`)}`,
          `line=${label.line}`,
          `col=${label.column}`,
          ...(label.endLine === undefined ? [] : [`endLine=${label.endLine}`]),
          ...(label.endColumn === undefined ? [] : [`endColumn=${label.endColumn}`]),
        ];
  const properties = [...place, `title=${commandProperty(code)}`].join(',');
  const text = remedy === undefined ? message : `${message}. ${remedy}`;
  return `::${severity} ${properties}::${commandText(escapeTerminal(text))}`;
}
