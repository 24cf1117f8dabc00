import { jsonDocument } from '../report/escape/json.ts';
import { escapeTerminal } from '../report/escape/terminal.ts';
import { MAX_COLUMNS, widthOf, wrap } from '../report/layout.ts';
import type { Edited } from './edit-state.ts';
import { isSet } from './flags.ts';
import type { Invocation } from './invocation.ts';

/** Says what was done to the state, or with `--dry-run` what would be; `after` are hints on how to go on. */
export function tellEdit(
  { context, globals, flags }: Invocation,
  edited: Pick<Edited, 'after' | 'backup'>,
  lines: readonly string[],
  after: readonly string[] = [],
): number {
  const dryRun = isSet(flags, 'dry-run');
  const { backup } = edited;
  if (globals.json) {
    const { serial } = edited.after;
    context.stdout.write(jsonDocument({ done: lines, dryRun, serial, backup: backup ?? null }));
    return 0;
  }
  const closing = dryRun
    ? ['Nothing was written (--dry-run).']
    : backup === undefined
      ? []
      : [`State is at serial ${edited.after.serial}; as it was before:  ${backup}`];
  const all = [...lines, ...closing, ...(dryRun ? [] : after)].map(escapeTerminal);
  const text = all.flatMap((line) =>
    widthOf(line) <= MAX_COLUMNS ? [line] : wrap(line, MAX_COLUMNS),
  );
  context.stdout.write(text.map((line) => `${line}\n`).join(''));
  return 0;
}
