import { declarationFiles } from '../../declare/declaration-files.ts';
import { formatYaml } from '../../declare/format-yaml.ts';
import { type Diagnostic, untouched } from '../../model/diagnostic.ts';
import type { Files } from '../../model/ports.ts';
import { escapeTerminal } from '../../report/escape/terminal.ts';
import { fileDiff } from '../../report/file-diff.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { isSet } from '../flags.ts';
import type { Invocation } from '../invocation.ts';

interface Reformatted {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** Lays out the YAML of a project, or with --check only says which files are not. A broken file stops all of it. */
export async function runFmt({ context, globals, flags }: Invocation): Promise<number> {
  const files = context.files(globals.root);
  const changed = await reformatted(files);
  const isCheck = isSet(flags, 'check');
  for (const { path, before, after } of changed) {
    context.stdout.write(`${escapeTerminal(path)}\n`);
    if (isSet(flags, 'diff')) context.stdout.write(fileDiff(path, before, after));
    if (!isCheck) await files.write(path, after, 0o644);
  }
  return isCheck && changed.length > 0 ? EXIT_CODES.stale : 0;
}

async function reformatted(files: Files): Promise<readonly Reformatted[]> {
  const changed: Reformatted[] = [];
  const mistakes: Diagnostic[] = [];
  for (const path of await declarationFiles(files)) {
    const bytes = await files.read(path);
    if (bytes === undefined) continue;
    const formatted = formatYaml(path, bytes);
    if (formatted.kind === 'unreadable') mistakes.push(...formatted.diagnostics);
    else {
      const before = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
      if (before !== formatted.text) changed.push({ path, before, after: formatted.text });
    }
  }
  if (mistakes.length > 0) throw untouched(mistakes);
  return changed;
}
