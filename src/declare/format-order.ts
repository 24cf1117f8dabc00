import { isMap, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import { orderOf, type Shape, shapeOf, walkShapes } from './format-schema.ts';
import { type Splice, splice } from './splice.ts';

/** Moves the keys of maps in braces into their order; one whole map at a time, so its inner ones need a further call. */
export function orderFlowMaps(text: string, root: unknown, shape: Shape): string {
  const splices: Splice[] = [];
  walkShapes(root, shape, (node, at) => {
    if (!isMap(node) || node.flow !== true) return;
    const [start, end] = node.range ?? [0, 0];
    if (start < (splices.at(-1)?.end ?? 0) || text.slice(start, end).includes('\n')) return;
    const order = orderOf(node.items, at);
    if (order === undefined) return;
    const spans = node.items.map(spanOf);
    for (const [place, index] of order.entries()) {
      const [here, from] = [spans[place], spans[index]];
      if (here === undefined || from === undefined) continue;
      splices.push({ start: here[0], end: here[1], text: text.slice(from[0], from[1]) });
    }
  });
  return splice(text, splices);
}

function spanOf({ key, value }: Pair): readonly [number, number] {
  const [start, keyEnd] = rangeOf(key);
  return [start, Math.max(keyEnd, rangeOf(value)[1])];
}

function rangeOf(node: unknown): readonly [number, number] {
  const [start, end] = (node as Node | null)?.range ?? [0, 0];
  return [start, end];
}

/** Lines of a text; `end` is exclusive. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** A key with what belongs to it: the comments above it, and everything below it that is indented further. */
interface Chunk {
  readonly pair: Pair;
  /** Its own line; the lines from `start` to it are comments and empty. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** Moves keys into their order, line by line, in a text whose levels are indented by two. */
export function orderBlocks(text: string, root: unknown, shape: Shape): string {
  const lines = text.split('\n');
  const orderer = new Orderer(text, lines);
  return orderer.ordered(root, shape, { start: 0, end: lines.length }).join('\n');
}

class Orderer {
  private readonly lines: readonly string[];
  private readonly starts: readonly number[];

  constructor(text: string, lines: readonly string[]) {
    this.lines = lines;
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.starts = starts;
  }

  ordered(node: unknown, shape: Shape | undefined, span: Span): readonly string[] {
    const isLeftAlone = shape === undefined || (node as { anchor?: string } | null)?.anchor;
    if (isLeftAlone) return this.lines.slice(span.start, span.end);
    if (isMap(node) && node.flow !== true) return this.orderedMap(node, shape, span);
    if (!isSeq(node) || node.flow === true) return this.lines.slice(span.start, span.end);
    const entries = node.items.map((entry) => this.lineOf(rangeOf(entry)[0]));
    const result: string[] = this.lines.slice(span.start, entries[0]);
    for (const [index, entry] of node.items.entries()) {
      const end = entries[index + 1] ?? span.end;
      result.push(...this.ordered(entry, shape.entry, { start: entries[index] ?? end, end }));
    }
    return result;
  }

  private orderedMap(map: YAMLMap, shape: Shape, span: Span): readonly string[] {
    const [first] = map.items;
    const column = first === undefined ? 0 : this.columnOf(rangeOf(first.key)[0]);
    const chunks = this.chunks(map.items, column, span);
    const texts = chunks.map((chunk) => this.chunkLines(chunk, shape));
    const head = this.lines.slice(span.start, chunks[0]?.start);
    const tail = this.lines.slice(chunks.at(-1)?.end, span.end);
    const order = orderOf(map.items, shape) ?? [];
    const moved = order.map((index) => texts[index] ?? []);
    const isMoved = order.length > 0 && moved[0] !== texts[0];
    const placed = isMoved ? withNewFirst(moved, texts[0] ?? [], column) : moved;
    return [...head, ...(order.length > 0 ? (placed ?? texts) : texts).flat(), ...tail];
  }

  private chunks(pairs: readonly Pair[], column: number, span: Span): readonly Chunk[] {
    const lines = pairs.map(({ key }) => this.lineOf(rangeOf(key)[0]));
    const bounds = lines.map((line, index) => this.leadOf(line, lines[index - 1], column, span));
    const last = this.leadOf(span.end, lines.at(-1), column, span);
    return pairs.map((pair, index) => ({
      pair,
      line: lines[index] ?? 0,
      start: bounds[index] ?? 0,
      end: bounds[index + 1] ?? last,
    }));
  }

  /** Where the comments begin that belong to the key in this line. What stands deeper belongs to the key before. */
  private leadOf(line: number, previous: number | undefined, column: number, span: Span): number {
    let start = line;
    while (start - 1 > (previous ?? span.start - 1) && this.isLead(start - 1, column)) start--;
    // The comment that begins a file is about the file.
    if (previous !== undefined || start > 0) return start;
    return this.lines[0]?.startsWith('#') === true ? this.behindHeader(line) : start;
  }

  private behindHeader(line: number): number {
    const blank = this.lines.slice(0, line).lastIndexOf('');
    return blank < 0 ? line : blank + 1;
  }

  private isLead(line: number, column: number): boolean {
    const text = this.lines[line] ?? '';
    const indent = text.search(/\S/);
    return indent < 0 || (text[indent] === '#' && indent <= column);
  }

  private chunkLines({ pair, line, start, end }: Chunk, shape: Shape): readonly string[] {
    const own = this.lines.slice(start, line + 1);
    const inner = { start: line + 1, end };
    const begin = this.lineOf(rangeOf(pair.value)[0]);
    const rest =
      begin > line
        ? this.ordered(pair.value, shapeOf(pair, shape), inner)
        : this.lines.slice(line + 1, end);
    return [...own, ...rest];
  }

  private columnOf(offset: number): number {
    return offset - (this.starts[this.lineOf(offset)] ?? 0);
  }

  private lineOf(offset: number): number {
    let [low, high] = [0, this.starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/**
 * Another key is the first now: the empty line above it goes to the one that was, and so does the dash before it
 * in a list. Undefined where a comment above the key would come behind the dash.
 */
function withNewFirst(
  chunks: readonly (readonly string[])[],
  old: readonly string[],
  column: number,
): readonly (readonly string[])[] | undefined {
  const [first = [], ...rest] = chunks;
  const dash = old[0]?.slice(0, column) ?? '';
  const isEntry = /^ *- +$/.test(dash);
  const blank = first.findIndex((line) => line !== '');
  const lines = first.slice(blank);
  if (isEntry && lines[0]?.trimStart().startsWith('#')) return undefined;
  const head = isEntry ? [`${dash}${lines[0]?.slice(column) ?? ''}`, ...lines.slice(1)] : lines;
  const oldLines = isEntry
    ? [`${' '.repeat(column)}${old[0]?.slice(column) ?? ''}`, ...old.slice(1)]
    : old;
  const gap = blank > 0 ? [''] : [];
  return [head, ...rest.map((chunk) => (chunk === old ? [...gap, ...oldLines] : chunk))];
}
