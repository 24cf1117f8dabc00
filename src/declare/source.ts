import type { LineCounter, Node, ParsedNode, Range } from 'yaml';

/** One YAML file of the declaration, parsed. */
export interface Source {
  /** Relative to the project's root, with forward slashes. */
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
  /** null: the file holds nothing but comments. */
  readonly root: ParsedNode | null;
  /** What an alias stands for; filled while the file is read. */
  readonly targets: WeakMap<object, Node>;
}

/** A piece of a source, by offsets; `end` is exclusive. */
export interface Spot {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
  readonly text?: string;
}

export type Path = readonly (string | number)[];

/** A value of the merged document, or the key that leads to it. */
export interface Place {
  readonly path: Path;
  readonly part?: 'key' | 'value';
  /** A word under the marker. */
  readonly text?: string;
}

/** A user's mistake before its place is looked up: that costs something, so it is done for mistakes only. */
export interface Mistake {
  readonly severity?: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly at: readonly (Spot | Place)[];
  readonly detail?: readonly string[];
  readonly remedy?: string;
}

/** The spot of a parsed node, without the white space and comments behind it. */
export function spotOf(
  source: Source,
  node: { range?: Range | null | undefined },
  text?: string,
): Spot {
  const [start, end] = node.range ?? [0, 0];
  return { source, start, end, ...(text === undefined ? {} : { text }) };
}
