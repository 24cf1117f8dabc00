import { Lexer } from 'yaml';
import { type BlockItem, blockItems } from './format-blocks.ts';

/** One piece of a text as the lexer cuts it; all pieces together are the text. */
export interface Piece {
  readonly text: string;
  readonly offset: number;
  readonly kind: 'scalar' | 'comment' | 'newline' | 'space' | 'other';
  /** Whether only white space stands before it in its line. */
  readonly isFirst: boolean;
}

/** What the lexer puts between pieces and that is not in the text. */
const CONTROLS = new Set(['\x02', '\x18', '\x1f']);

export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let [offset, isFirst, isScalar] = [0, true, false];
  for (const token of new Lexer().lex(text)) {
    if (CONTROLS.has(token)) {
      isScalar = token === '\x1f';
      continue;
    }
    const kind = isScalar ? 'scalar' : kindOf(token);
    pieces.push({ text: token, offset, kind, isFirst });
    offset += token.length;
    if (kind === 'newline' || token.endsWith('\n')) isFirst = true;
    else if (kind !== 'space') isFirst = false;
    isScalar = false;
  }
  return pieces;
}

function kindOf(token: string): Piece['kind'] {
  if (token === '\n') return 'newline';
  if (token.startsWith('#')) return 'comment';
  return /^[ \t]+$/.test(token) ? 'space' : 'other';
}

/**
 * The text with two spaces per level, lists indented in their keys, one space between words, `{ a: 1 }` and
 * `[a, b]`, at most one empty line. The user's line breaks stay.
 */
export function layOutSpaces(text: string): string {
  const items = blockItems(text);
  if (items === undefined) return text;
  const pieces = piecesOf(text);
  const lines = new Layout(items);
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind !== 'space') lines.add(piece, pieces[index - 1]?.kind === 'space');
  }
  return lines.end();
}

class Layout {
  private readonly out: string[] = [];
  /** Line breaks at the end of what is laid out; the start counts as one that has an empty line before it. */
  private breaks = 2;
  private last: Piece | undefined;
  private flowDepth = 0;
  /** The item that the current place belongs to is the one before this index. */
  private next = 0;
  /** Of each level that the current place is in, the item that holds it. */
  private readonly open: BlockItem[] = [];
  private readonly items: readonly BlockItem[];

  constructor(items: readonly BlockItem[]) {
    this.items = items;
  }

  add(piece: Piece, afterSpace: boolean): void {
    this.enter(piece);
    const item = this.items[this.next - 1];
    const shift = item === undefined ? 0 : item.to - item.from;
    if (piece.kind === 'newline') this.breakLine();
    else if (piece.isFirst && piece.kind === 'scalar' && piece.text.includes('\n'))
      this.push(shifted(`\n${piece.text}`, shift).slice(1));
    else {
      const before = piece.isFirst
        ? ' '.repeat(Math.max(0, this.indent(piece, item, shift)))
        : this.gap(piece, afterSpace);
      this.push(before + (piece.text.includes('\n') ? shifted(piece.text, shift) : piece.text));
    }
    if (piece.kind === 'other') this.flowDepth += flowStep(piece.text);
    this.last = piece;
  }

  end(): string {
    const text = this.out.join('');
    return text === '' || text.endsWith('\n') ? text : `${text}\n`;
  }

  private enter(piece: Piece): void {
    for (let item = this.items[this.next]; item !== undefined; item = this.items[this.next]) {
      if (item.offset > piece.offset) return;
      while ((this.open.at(-1)?.from ?? -1) >= item.from) this.open.pop();
      this.open.push(item);
      this.next++;
    }
  }

  private push(text: string): void {
    this.out.push(text);
    this.breaks = text.endsWith('\n') ? 1 : 0;
  }

  private breakLine(): void {
    if (this.breaks > 1 && this.last?.kind !== 'scalar') return;
    this.out.push('\n');
    this.breaks++;
  }

  private indent(piece: Piece, item: BlockItem | undefined, shift: number): number {
    if (item?.offset === piece.offset) return item.to;
    const column = this.column(piece);
    if (piece.kind === 'comment' && this.flowDepth === 0) return this.commentIndent(column);
    return column + shift;
  }

  private column(piece: Piece): number {
    return this.last === undefined || this.last.kind === 'newline'
      ? piece.offset - (this.last === undefined ? 0 : this.last.offset + this.last.text.length)
      : piece.offset - this.last.offset - this.last.text.length;
  }

  /** A comment goes with the level that it stood at: the one that follows, or one that is open above it. */
  private commentIndent(column: number): number {
    const following = this.items[this.next];
    if (following?.from === column) return following.to;
    const level = this.open.findLast(({ from }) => from <= column);
    if (level !== undefined)
      return level.from < column && level === this.open.at(-1) ? level.to + 2 : level.to;
    return following?.to ?? 0;
  }

  private gap(piece: Piece, afterSpace: boolean): string {
    const [before, after] = [markOf(this.last), markOf(piece)];
    if (piece.kind === 'comment') return ' ';
    if (after === ',' || after === ']' || before === '[') return '';
    if (before === '{') return after === '}' ? '' : ' ';
    return afterSpace || after === '}' || before === ',' ? ' ' : '';
  }
}

function markOf(piece: Piece | undefined): string {
  return piece?.kind === 'other' ? piece.text : '';
}

function flowStep(text: string): number {
  if (text === '{' || text === '[') return 1;
  return text === '}' || text === ']' ? -1 : 0;
}

/** Every line but the first, moved by so many columns. */
function shifted(text: string, by: number): string {
  if (by >= 0) return text.replace(/\n(?=[^\n])/g, `\n${' '.repeat(by)}`);
  return text.replace(new RegExp(`\n {0,${-by}}`, 'g'), '\n');
}
