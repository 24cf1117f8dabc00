import { resolve } from 'node:path';
import { loadDeclaration } from '../declare/load-declaration.ts';
import type { Declaration } from '../model/declaration.ts';
import { type Diagnostic, untouched } from '../model/diagnostic.ts';
import { compareDeclarations } from '../plan/compare-declarations.ts';
import { comparisonMarkdown, comparisonText } from '../report/comparison.ts';
import { jsonDocument } from '../report/escape/json.ts';
import { exitCodeOf } from './exit-code.ts';
import { choiceOf, isSet } from './flags.ts';
import type { Invocation } from './invocation.ts';
import { loadProject } from './load-project.ts';
import { markdownView, orFailedMarkdown } from './markdown-view.ts';
import { readVariables } from './variables.ts';

/** `plan --against DIR`: what this declaration says otherwise than the one there. Opens neither cluster nor state. */
export async function planAgainst(invocation: Invocation, folder: string): Promise<number> {
  const format = choiceOf(invocation.flags, 'format', ['text', 'markdown', 'json']);
  const kind = format ?? (invocation.globals.json ? 'json' : 'text');
  const work = () => compareAndShow(invocation, folder, kind);
  return orFailedMarkdown(invocation, 'plan', work);
}

async function compareAndShow(
  invocation: Invocation,
  folder: string,
  format: 'text' | 'markdown' | 'json',
): Promise<number> {
  const { context, flags } = invocation;
  const { declaration } = await loadProject(invocation);
  const comparison = compareDeclarations(await loadOther(invocation, folder), declaration);
  const { project, environment } = declaration;
  const { maxBytes } = markdownView(invocation);
  const text = {
    text: () => comparisonText(comparison),
    markdown: () => comparisonMarkdown(comparison, { project, environment }, maxBytes),
    json: () => jsonDocument({ declarationOnly: true, ...comparison }),
  }[format]();
  context.stdout.write(text);
  const isDifferent = comparison.workers.length > 0 || comparison.others.length > 0;
  return exitCodeOf({ changes: isSet(flags, 'detailed-exitcode') && isDifferent });
}

/** Its mistakes are shown at their places in that folder. */
async function loadOther(invocation: Invocation, folder: string): Promise<Declaration> {
  const { context, globals } = invocation;
  const { vars } = await readVariables(invocation);
  const { environment } = globals;
  const files = context.files(resolve(globals.root, folder));
  const { declaration, diagnostics } = await loadDeclaration(files, { environment, vars });
  if (declaration === undefined) throw untouched(diagnostics.map(placed(folder)));
  return declaration;
}

function placed(folder: string): (diagnostic: Diagnostic) => Diagnostic {
  const there = (file: string) => `${folder.replace(/\/+$/, '')}/${file}`;
  return (diagnostic) => ({
    ...diagnostic,
    labels: diagnostic.labels.map((label) => ({ ...label, file: there(label.file) })),
  });
}
