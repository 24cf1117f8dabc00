import { type Diagnostic, DiagnosticsError } from '../model/diagnostic.ts';
import { failureDiagnostic } from '../report/failure-diagnostic.ts';
import { failedMarkdown } from '../report/markdown/failed-markdown.ts';
import type { Job } from '../report/markdown/plan-markdown.ts';
import type { About, Subject } from '../report/markdown/plan-title.ts';
import { jobOf } from './ci-job.ts';
import { integerOf, textOf } from './flags.ts';
import type { Invocation } from './invocation.ts';

/** What every Markdown report takes from the command line and the environment. */
export function markdownView({ context, flags }: Invocation): {
  readonly maxBytes?: number;
  readonly job?: Job;
} {
  const maxBytes = integerOf(flags, 'max-bytes', { from: 1_000, to: 100_000_000 });
  const job = jobOf(context.env);
  return { ...(maxBytes === undefined ? {} : { maxBytes }), ...(job === undefined ? {} : { job }) };
}

/**
 * Runs `work`. When it fails and Markdown was asked for, the comment that says so is written before the error goes
 * on its way: the comment of a plan that is void must not stay.
 */
export async function orFailedMarkdown(
  invocation: Invocation,
  about: About,
  work: () => Promise<number>,
): Promise<number> {
  const { globals } = invocation;
  if (textOf(invocation.flags, 'format') !== 'markdown') return work();
  try {
    return await work();
  } catch (error) {
    const known = failureDiagnostic(error);
    const diagnostics =
      error instanceof DiagnosticsError ? error.diagnostics : known === undefined ? [] : [known];
    const subject = { project: await projectName(invocation), environment: globals.environment };
    failedDocument(invocation, about, subject, diagnostics);
    throw error;
  }
}

/** What went wrong, in the comment's place, where Markdown was asked for. */
export function failedDocument(
  invocation: Invocation,
  about: About,
  subject: Subject,
  diagnostics: readonly Diagnostic[],
): void {
  if (textOf(invocation.flags, 'format') !== 'markdown') return;
  const view = { ...markdownView(invocation), about };
  invocation.context.stdout.write(failedMarkdown(subject, diagnostics, view));
}

/** Read without a parser: the declaration may be what is broken. Empty: it can't be told. */
async function projectName({ context, globals }: Invocation): Promise<string> {
  const bytes = await context.files(globals.root).read('muster.yaml');
  const text = new TextDecoder().decode(bytes ?? new Uint8Array());
  return /^project:[ \t]*(["']?)([A-Za-z0-9._-]+)\1[ \t]*(?:#.*)?$/m.exec(text)?.[2] ?? '';
}
