import { escapeTerminal } from './escape/terminal.ts';
import { MAX_COLUMNS, wrap } from './layout.ts';
import { count } from './words.ts';

export interface OrphansView {
  readonly orphans: readonly {
    readonly kind: string;
    readonly what: string;
    readonly worker?: string;
    readonly proof: string;
    readonly remedy: string;
    readonly command?: string;
  }[];
  readonly unread: readonly string[];
  /** How commands to type begin: "muster -e production". */
  readonly program: string;
}

const LABELS: Readonly<Record<string, string>> = { ours: 'orphan', 'other-lineage': 'other state' };

/** One entry each: what it is, what proves it, how to mend it. */
export function orphansText({ orphans, unread, program }: OrphansView): readonly string[] {
  const head =
    orphans.length === 0
      ? 'Nothing is left over: every VM with marks is recorded, no stray disk, no stale lock.'
      : `${count(orphans.length, 'leftover')}:`;
  const blind = unread.map((each) => `Not looked into: ${escapeTerminal(each)}`);
  return [
    head,
    ...orphans.flatMap(({ kind, what, worker, proof, remedy, command }) => [
      '',
      `  ${LABELS[kind] ?? kind}: ${escapeTerminal(what)}${worker === undefined ? '' : `, ${escapeTerminal(worker)}`}`,
      ...entry('proof', proof),
      ...entry('mend', remedy),
      // Whole, to be copied.
      ...(command === undefined
        ? []
        : [`           ${escapeTerminal(command.replace(/^muster /, `${program} `))}`]),
    ]),
    ...(blind.length === 0 ? [] : ['', ...blind]),
  ];
}

function entry(label: string, text: string): readonly string[] {
  const lines = wrap(escapeTerminal(text), MAX_COLUMNS - 11);
  return lines.map((line, index) => `    ${(index === 0 ? label : '').padEnd(7)}${line}`);
}
