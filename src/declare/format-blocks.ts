import { type CST, Parser } from 'yaml';

/** A key of a block map or a dash of a block list: where it stands, its column, and the one it should have. */
export interface BlockItem {
  readonly offset: number;
  readonly from: number;
  readonly to: number;
}

/** All block items of a text in their order; undefined when it is written in a way that is left alone. */
export function blockItems(text: string): readonly BlockItem[] | undefined {
  const items: BlockItem[] = [];
  for (const token of new Parser().parse(text)) {
    if (token.type === 'document' && !collect(text, token.value, 0, items)) return undefined;
  }
  return items;
}

function collect(
  text: string,
  token: CST.Token | undefined,
  to: number,
  items: BlockItem[],
): boolean {
  if (token?.type !== 'block-map' && token?.type !== 'block-seq') return true;
  for (const item of token.items) {
    const mark = item.start.find(({ type }) => !BETWEEN.has(type));
    if (mark?.type === 'explicit-key-ind') return false;
    const offset = mark?.offset ?? offsetOf(item.key);
    if (offset === undefined) {
      // What stands behind the last item: comments only.
      if (item.sep === undefined && item.value === undefined) continue;
      return false;
    }
    items.push({ offset, from: offset - (text.lastIndexOf('\n', offset - 1) + 1), to });
    if (!collect(text, item.value, to + 2, items)) return false;
  }
  return true;
}

const BETWEEN = new Set(['space', 'newline', 'comment']);

function offsetOf(key: CST.Token | null | undefined): number | undefined {
  if (key === null || key === undefined) return undefined;
  return key.type === 'flow-collection' ? key.start.offset : key.offset;
}
