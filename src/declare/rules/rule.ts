import type { DeclarationDocument, Worker } from '../../generated/declaration-document.ts';
import { type PlainMap, valueAt } from '../merge-sources.ts';
import type { Mistake, Path } from '../source.ts';

/** What the rules beyond the schema look at. */
export interface RuleContext {
  /** Entries that the schema found wrong are left out. */
  readonly document: DeclarationDocument;
  /** Everything as written: for what exists at all, so that one mistake does not cause others. */
  readonly whole: PlainMap;
  /** Muster's own version; undefined: not to be checked. */
  readonly version: string | undefined;
}

export type Rule = (context: RuleContext) => readonly Mistake[];

/** One place where worker fields stand. */
export interface Layer {
  readonly kind: 'defaults' | 'worker' | 'set' | 'perNode';
  readonly path: Path;
  readonly fields: Worker;
}

/** Every place where worker fields stand, one by one. */
export function layersOf({ document }: RuleContext): readonly Layer[] {
  const { defaults, workers = {}, workerSets = {} } = document;
  return [
    ...(defaults === undefined ? [] : [layer('defaults', ['defaults'], defaults)]),
    ...Object.entries(workers).map(([name, fields]) => layer('worker', ['workers', name], fields)),
    ...Object.entries(workerSets).flatMap(([set, { worker, perNode = {} }]) => [
      ...(worker === undefined ? [] : [layer('set', ['workerSets', set, 'worker'], worker)]),
      ...Object.entries(perNode).map(([node, fields]) =>
        layer('perNode', ['workerSets', set, 'perNode', node], fields),
      ),
    ]),
  ];
}

/** The names that a section declares, wrong entries included. */
export function namesIn({ whole }: RuleContext, section: string): ReadonlySet<string> {
  const entries = whole[section];
  return new Set(entries !== null && typeof entries === 'object' ? Object.keys(entries) : []);
}

/** Whether a text still holds a placeholder, so that its value isn't known yet. */
export function isOpen(text: string): boolean {
  return text.includes('${');
}

/** Whether a key stands in the files, with a right value or a wrong one. */
export function isWritten(whole: PlainMap, path: Path): boolean {
  return valueAt(whole, path) !== undefined;
}

function layer(kind: Layer['kind'], path: Path, fields: Worker): Layer {
  return { kind, path, fields };
}
