import { clip, widthOf } from '../layout.ts';
import { escapeLines, escapeTerminal } from './terminal.ts';

/**
 * Markdown has no way to make prose inert everywhere: entities are resolved before mentions, issue numbers and
 * addresses are looked for. Code is inert in every renderer, so whatever comes from YAML, Proxmox or a guest is
 * only ever put into a code span or a fence.
 */

/** Text as a code span, also inside a table's cell. At most `width` columns. */
export function codeSpan(text: string, width = 120): string {
  // How a pipe in code is escaped in a table differs between renderers.
  const shown = clip(escapeTerminal(text), width).replaceAll('|', '\\x7c');
  if (shown.trim() === '') return '(empty)';
  const ticks = '`'.repeat(longestRun(shown) + 1);
  const space = /^[` ]|[` ]$/.test(shown) ? ' ' : '';
  return `${ticks}${space}${shown}${space}${ticks}`;
}

/** Lines as a fenced block that none of them can end. Control characters are shown, not sent. */
export function fenced(language: 'diff' | 'text' | 'sh', lines: readonly string[]): string {
  const escaped = lines.flatMap(escapeLines);
  const longest = Math.max(0, ...escaped.map(longestRun));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return [`${fence}${language}`, ...escaped, fence].join('\n');
}

/** A part that opens on a click. `title` is ours, `body` is Markdown. */
export function folded(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}

/** For an HTML comment: what could end it, or be read as another key, is percent-encoded. */
export function markerWord(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9._]/.test(character) || (character === '-' && !text.includes('--')))
      return character;
    return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

/** Rows as a table. Cells are Markdown already. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`.replace(/ {2,}\|/g, ' |');
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** Bytes that a text takes on the wire. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

/** Text padded for a fence, where columns line up. */
export function column(text: string, width: number): string {
  return text + ' '.repeat(Math.max(1, width - widthOf(text)));
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}
