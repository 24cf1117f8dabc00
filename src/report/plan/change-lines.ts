import type { Change, Cost } from '../../model/plan.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { MAX_COLUMNS, padEnd, widthOf, wrap } from '../layout.ts';
import { formatLocation } from '../place.ts';
import { CAUSES } from '../words.ts';
import { diffSummary, textDiff } from './text-diff.ts';
import { asText, isLong, valueText } from './value-text.ts';

export interface ChangeLineOptions {
  /** Long texts as unified diffs, the place of each change, no upper limit. */
  readonly verbose: boolean;
  readonly indent: number;
}

/** What the short report shows of one worker. */
const MOST_CHANGES = 8;

const COSTS: Readonly<Record<Cost, string>> = {
  record: 'record only',
  'in-place': 'in-place',
  'cloud-init-rerun': 'in-place; cloud-init runs again',
  'power-off': 'in-place while powered off',
  'move-disk': 'moves the disk',
  migrate: 'migrates offline',
  rebuild: 'rebuild: destroys the VM, then deploys anew',
};

/** One line per attribute: path: before -> after, cause, cost. */
export function changeLines(
  changes: readonly Change[],
  options: ChangeLineOptions,
): readonly string[] {
  const shown = options.verbose ? changes : changes.slice(0, MOST_CHANGES);
  const rest = changes.length - shown.length;
  const heads = shown.map(headOf);
  const widths = heads.map(widthOf).filter((width) => width <= 44);
  const column = Math.max(24, ...widths) + 4;
  const lines = shown.flatMap((change, index) =>
    changeLine(change, heads[index] ?? '', column, options),
  );
  const more = `${' '.repeat(options.indent)}and ${rest} more: --verbose shows every attribute`;
  return rest > 0 ? [...lines, more] : lines;
}

/** "memory 6 GiB -> 8 GiB", for one-line mentions. */
export function changeWords(change: Change): string {
  return headOf(change).replace(': ', ' ');
}

function changeLine(
  change: Change,
  head: string,
  column: number,
  { indent, verbose }: ChangeLineOptions,
): readonly string[] {
  const place = verbose && change.at !== undefined ? `; ${formatLocation(change.at)}` : '';
  const note = noteOf(change) + place;
  const space = ' '.repeat(indent);
  const joined = `${space}${padEnd(head, column)}${note}`;
  const fits = widthOf(joined) <= MAX_COLUMNS && widthOf(head) < column;
  const lines = fits
    ? [joined]
    : [
        ...wrap(head, MAX_COLUMNS - indent).map((line) => `${space}${line}`),
        ...wrap(note, MAX_COLUMNS - indent - 4).map((line) => `${space}    ${line}`),
      ];
  if (!verbose || !hasLongText(change)) return lines;
  const diff = textDiff(asText(change.before), asText(change.after), MAX_COLUMNS - indent - 2);
  return [...lines, ...diff.map((line) => `${space}  ${line}`)];
}

function headOf(change: Change): string {
  const path = escapeTerminal(change.path);
  if (!hasLongText(change)) {
    return `${path}: ${valueText(change.path, change.before)} -> ${valueText(change.path, change.after)}`;
  }
  if (change.before === null) return `${path}: none -> set`;
  if (change.after === null) return `${path}: set -> none`;
  return `${path}: ${diffSummary(asText(change.before), asText(change.after))}`;
}

function hasLongText(change: Change): boolean {
  return isLong(change.before) || isLong(change.after);
}

function noteOf(change: Change): string {
  const causes = change.causes.map((cause) => {
    const applied = cause === 'drift' ? change.applied : undefined;
    if (applied === undefined || isLong(applied)) return CAUSES[cause];
    const changedBothWays = JSON.stringify(applied) !== JSON.stringify(change.before);
    return changedBothWays
      ? `${CAUSES[cause]}, was ${valueText(change.path, applied)} when last applied`
      : CAUSES[cause];
  });
  // Not an attribute that is written: what it takes is the action itself.
  if (change.path === 'power') return causes.join(' and ');
  const declaredOnly = change.causes.every((cause) => cause === 'declaration');
  if (change.cost === 'rebuild' && declaredOnly) return COSTS.rebuild;
  return [causes.join(' and '), COSTS[change.cost]].filter((part) => part !== '').join('; ');
}
