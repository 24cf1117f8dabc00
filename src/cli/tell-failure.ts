import { type Diagnostic, DiagnosticsError, problem } from '../model/diagnostic.ts';
import { Fenced, StateLocked, StateMoved } from '../model/errors.ts';
import { diagnosticsText } from '../report/diagnostic-text.ts';
import { escapeLines } from '../report/escape/terminal.ts';
import { failureDiagnostic } from '../report/failure-diagnostic.ts';
import { paint } from '../report/paint.ts';
import { diagnosticMessage } from '../report/progress/json-message.ts';
import { wantsColour } from './colour.ts';
import type { CliContext } from './context.ts';
import { EXIT_CODES } from './exit-code.ts';
import { messageLine } from './message-line.ts';

export interface FailureView {
  readonly context: Pick<
    CliContext,
    'clock' | 'stdout' | 'stderr' | 'env' | 'interrupts' | 'version' | 'annotate'
  >;
  readonly json: boolean;
  /** False after --no-color. */
  readonly colour: unknown;
}

/** Prints what went wrong and returns the exit code. Errors that are not known are bugs and show their stack. */
export function tellFailure(error: unknown, view: FailureView): number {
  const { context } = view;
  if (context.interrupts.first.aborted) {
    tell([problem('interrupted', 'interrupted')], '', view);
    return EXIT_CODES.interrupted;
  }
  if (error instanceof DiagnosticsError) {
    const inText = error.diagnostics.some(({ labels }) => labels.length > 0);
    tell(error.diagnostics, inText ? error.consequence : '', view);
    return error.exitCode;
  }
  const diagnostic = failureDiagnostic(error);
  if (diagnostic !== undefined) {
    tell([diagnostic], '', view);
    return codeOf(error);
  }
  tellBug(error, view);
  return EXIT_CODES.impossible;
}

/** Warnings and errors as text on stderr, or one JSON object per line on stdout. */
export function tell(
  diagnostics: readonly Diagnostic[],
  consequence: string,
  { context, json, colour }: FailureView,
): void {
  if (json) {
    for (const diagnostic of diagnostics)
      context.stdout.write(messageLine(diagnosticMessage(diagnostic), context.clock));
    return;
  }
  const coloured = paint(wantsColour(context.stderr, context.env, colour));
  const lines = diagnosticsText(diagnostics, consequence, coloured);
  context.stderr.write(`${lines.join('\n').trimEnd()}\n`);
  context.annotate?.(diagnostics);
}

function codeOf(error: unknown): number {
  if (error instanceof StateLocked || error instanceof StateMoved) return EXIT_CODES.locked;
  return error instanceof Fenced ? EXIT_CODES.incomplete : EXIT_CODES.impossible;
}

function tellBug(error: unknown, view: FailureView): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (view.json) tell([problem('bug', text)], '', view);
  else {
    const { stderr, version } = view.context;
    stderr.write('Error: this is a bug in Muster. Please report it with the lines below.\n\n');
    stderr.write(`  muster ${version}\n`);
    for (const line of escapeLines(text)) stderr.write(`  ${line}\n`);
  }
}
