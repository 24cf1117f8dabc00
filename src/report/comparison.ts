import type { Location } from '../model/diagnostic.ts';
import type { Json } from '../model/json.ts';
import { byteLength, column, fenced } from './escape/markdown.ts';
import { escapeTerminal } from './escape/terminal.ts';
import { clip, MAX_COLUMNS } from './layout.ts';
import { DEFAULT_MAX_BYTES } from './markdown/plan-markdown.ts';
import { heading, marker, type Subject } from './markdown/plan-title.ts';
import { formatLocation } from './place.ts';
import { isLong, valueText } from './plan/value-text.ts';
import { count } from './words.ts';

/** Two declarations compared; the shape that `plan/compare-declarations` gives. */
export interface ComparisonView {
  readonly workers: readonly {
    readonly worker: string;
    readonly kind: 'removed' | 'changed' | 'renamed' | 'dropped' | 'added';
    readonly from?: string;
    readonly declaredAt: Location;
    readonly changes: readonly DifferenceView[];
  }[];
  readonly others: readonly DifferenceView[];
}

interface DifferenceView {
  readonly path: string;
  readonly before: Json;
  readonly after: Json;
}

const NOTE =
  'Declaration only: neither cluster, state nor secrets were read. What would really be done, a plan with the cluster shows.';

const KINDS = {
  removed: ['-', 'not declared any more: its VM would be destroyed'],
  changed: ['~', 'declared otherwise'],
  renamed: ['~', 'renamed'],
  dropped: ['.', 'listed under "removed": its VM stays'],
  added: ['+', 'declared anew'],
} as const;

/** For the terminal. */
export function comparisonText(comparison: ComparisonView): string {
  return `${[NOTE, '', `Compared: ${verdictOf(comparison)}.`, ...bodyLines(comparison, ' ')].join('\n')}\n`;
}

/** The comment for a pull request that may not see the cluster. */
export function comparisonMarkdown(
  comparison: ComparisonView,
  subject: Subject,
  maxBytes = DEFAULT_MAX_BYTES,
): string {
  const lines = bodyLines(comparison, '');
  const render = (shown: number) => {
    const rest = lines.length - shown;
    const title = heading('plan', subject, `declaration only: ${verdictOf(comparison)}`);
    const blocks = [
      `${marker('plan', subject)}\n${title}`,
      NOTE,
      ...(shown === 0
        ? []
        : [
            fenced(
              'diff',
              lines.slice(0, shown).map((line) => line.trimEnd()),
            ),
          ]),
      ...(rest === 0 ? [] : [`${count(rest, 'more line')} in the log.`]),
    ];
    return `${blocks.join('\n\n')}\n`;
  };
  let shown = lines.length;
  while (shown > 0 && byteLength(render(shown)) > maxBytes) shown = Math.floor(shown / 2);
  return render(shown);
}

function verdictOf({ workers, others }: ComparisonView): string {
  const number = (...kinds: readonly string[]) =>
    workers.filter(({ kind }) => kinds.includes(kind)).length;
  const pairs: readonly (readonly [number, string])[] = [
    [number('removed'), 'removed'],
    [number('changed', 'renamed'), 'changed'],
    [number('dropped'), 'left alone'],
    [number('added'), 'added'],
  ];
  const parts = pairs.filter(([n]) => n > 0).map(([n, word]) => `${count(n, 'worker')} ${word}`);
  const besides = others.length === 0 ? [] : [`${count(others.length, 'other change')}`];
  return [...parts, ...besides].join(', ') || 'no difference';
}

function bodyLines({ workers, others }: ComparisonView, indent: string): readonly string[] {
  const rows = workers.flatMap(({ worker, kind, from, declaredAt, changes }) => {
    const [sign, words] = KINDS[kind];
    const name = column(escapeTerminal(worker), 24);
    const was = from === undefined ? '' : `, was ${escapeTerminal(from)}`;
    const head = `${indent}${sign} ${name} ${words}${was}   ${formatLocation(declaredAt)}`;
    return [clip(head, MAX_COLUMNS), ...changes.map((change) => changeLine(change, indent))];
  });
  if (others.length === 0) return rows;
  return [...rows, `${indent}! besides workers`, ...others.map((each) => changeLine(each, indent))];
}

function changeLine({ path, before, after }: DifferenceView, indent: string): string {
  const value = (each: Json) => (isLong(each) ? '(a text)' : valueText(path, each));
  return clip(
    `${indent}    ${escapeTerminal(path)}: ${value(before)} -> ${value(after)}`,
    MAX_COLUMNS,
  );
}
