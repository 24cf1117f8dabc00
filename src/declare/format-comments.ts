import { type Piece, piecesOf } from './format-spaces.ts';
import { type Splice, splice } from './splice.ts';

interface Trailing {
  readonly piece: Piece;
  /** Where its line begins. */
  readonly start: number;
  readonly column: number;
  /** The column behind what stands before it. */
  readonly free: number;
}

/**
 * Comments behind values, aligned as they were: those that stood in one column keep it where there is room,
 * every other one is a space away from its value.
 */
export function alignComments(before: string, after: string): string {
  const columns = new Map<string, number[]>();
  for (const { piece, column } of trailing(before).toReversed()) {
    const same = columns.get(piece.text);
    if (same === undefined) columns.set(piece.text, [column]);
    else same.push(column);
  }
  const wanted = trailing(after).map((comment) => {
    const column = columns.get(comment.piece.text)?.pop() ?? 0;
    return { ...comment, column: column > comment.free ? column : comment.free + 1 };
  });
  const together = new Map<number, number>();
  for (const { column } of wanted) together.set(column, (together.get(column) ?? 0) + 1);
  const splices = wanted.map(({ piece, start, free, column }): Splice => {
    const gap = ' '.repeat((together.get(column) ?? 0) > 1 ? column - free : 1);
    return { start: start + free, end: piece.offset, text: gap };
  });
  return splice(after, splices);
}

function trailing(text: string): Trailing[] {
  return piecesOf(text)
    .filter(({ kind, isFirst }) => kind === 'comment' && !isFirst)
    .map((piece) => {
      const start = text.lastIndexOf('\n', piece.offset) + 1;
      const free = text.slice(start, piece.offset).trimEnd().length;
      return { piece, start, column: piece.offset - start, free };
    });
}

/** The comments of a text, sorted: a layout loses none and invents none. */
export function commentsOf(text: string): readonly string[] {
  return piecesOf(text)
    .filter(({ kind }) => kind === 'comment')
    .map((piece) => piece.text.trimEnd())
    .sort();
}
