/** Text in columns of a fixed width. Everything here takes text that is escaped already. */

/** Reports are at most this wide, so that they read the same in a terminal, a log and a mail. */
export const MAX_COLUMNS = 100;

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Columns that a terminal needs: wide East Asian characters and emoji take two, combining marks none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    width +=
      character < '\u007f' ? 1 : /\p{Mn}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  }
  return width;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

/** At most `width` columns; what is cut off ends in "...". */
export function clip(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const character of text) {
    const next = used + widthOf(character);
    if (next > Math.max(0, width - 3)) break;
    kept += character;
    used = next;
  }
  return `${kept}...`;
}

/** Breaks at spaces so that each line has at most `width` columns; a longer word is broken anywhere. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  const words = text.split(' ').filter((word) => word !== '');
  for (const word of words.flatMap((each) => pieces(each, width))) {
    if (line === '') line = word;
    else if (widthOf(line) + 1 + widthOf(word) <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** A label in a column of its own, the text wrapped beside it. */
export function labelled(label: string, text: string, labelWidth = 11): readonly string[] {
  const lines = wrap(text, MAX_COLUMNS - labelWidth);
  return lines.map((line, index) =>
    `${padEnd(index === 0 ? label : '', labelWidth)}${line}`.trimEnd(),
  );
}

/** Text behind an indentation, wrapped. */
export function indented(text: string, indent: number): readonly string[] {
  return wrap(text, MAX_COLUMNS - indent).map((line) => `${' '.repeat(indent)}${line}`.trimEnd());
}

/** Rows as columns two spaces apart; empty columns vanish. The last column is not padded. */
export function table(
  rows: readonly (readonly string[])[],
  options: {
    readonly indent?: number;
    readonly gap?: number;
    readonly right?: readonly number[];
  } = {},
): readonly string[] {
  const { indent = 0, gap = 2, right = [] } = options;
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    });
  }
  return rows.map((row) => {
    const cells = row.flatMap((cell, column) => {
      const width = widths[column] ?? 0;
      if (width === 0) return [];
      return [right.includes(column) ? padStart(cell, width) : padEnd(cell, width)];
    });
    return `${' '.repeat(indent)}${cells.join(' '.repeat(gap))}`.trimEnd();
  });
}

function pieces(word: string, width: number): readonly string[] {
  if (widthOf(word) <= width) return [word];
  const parts: string[] = [];
  let part = '';
  let used = 0;
  for (const character of word) {
    const needed = widthOf(character);
    if (used + needed > width && part !== '') {
      parts.push(part);
      part = '';
      used = 0;
    }
    part += character;
    used += needed;
  }
  return [...parts, part];
}
