import { choiceOf } from './flags.ts';
import type { Invocation } from './invocation.ts';

/** What a command that changes something reports as. */
export type ReportFormat = 'text' | 'markdown' | 'html';

export function reportFormat({ flags }: Pick<Invocation, 'flags'>): ReportFormat {
  return choiceOf(flags, 'format', ['text', 'markdown', 'html']) ?? 'text';
}

/** Plan and progress go to stderr when stdout is for one document. */
export function tellingBesides(invocation: Invocation): Invocation {
  if (reportFormat(invocation) === 'text') return invocation;
  const { context } = invocation;
  return { ...invocation, context: { ...context, stdout: context.stderr } };
}
