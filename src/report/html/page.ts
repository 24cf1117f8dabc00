import { createHash } from 'node:crypto';
import { escapeLines } from '../escape/terminal.ts';
import { escapeXml } from '../escape/xml.ts';
import { SCRIPT, STYLE } from './page-parts.ts';

/** What stands on a page. All of it is HTML already. */
export interface PageContent {
  readonly title: string;
  readonly header: string;
  /** Empty parts are left out. */
  readonly parts: readonly string[];
  readonly footer: string;
}

/**
 * One page that loads nothing: everything readable without its script, which only filters. The policy allows this
 * one style and this one script, so that nothing that comes from outside could run.
 */
export function page({ title, header, parts, footer }: PageContent): string {
  return `${[
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy()}">`,
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${title}</title><style>${STYLE}</style></head><body>`,
    `<header><h1>${title}</h1>${header}</header><main>`,
    ...parts,
    `</main><footer class="dim">${footer}</footer>`,
    `<script>${SCRIPT}</script></body></html>`,
  ]
    .filter((part) => part !== '')
    .join('\n')}\n`;
}

/** Lines of text as they are. */
export function block(lines: readonly string[]): string {
  return `<pre>${lines.flatMap(escapeLines).map(escapeXml).join('\n')}</pre>`;
}

/** A field and one button per kind, for the rows of one table; `kinds` are those of its rows. */
export function filterTools(kinds: readonly string[], what: string): string {
  const buttons = [...new Set(kinds)].map((kind) => {
    const number = kinds.filter((each) => each === kind).length;
    return `<button type="button" data-kind="${slug(kind)}" aria-pressed="false">${number} ${kind}</button>`;
  });
  const field = `<input id="filter" type="search" aria-label="Filter ${what}" placeholder="Filter: name, node, vmid, reason ( / )">`;
  const shown = '<p id="shown" class="dim" role="status"></p>';
  return `<div id="tools" hidden><div class="tools">${field}${buttons.join('')}</div>${shown}</div>`;
}

/** One row of a table that the filter hides as a whole: a table body of its own. A planned one it leaves alone. */
export function filterRow(kind: string, search: string, rows: string, role?: 'planned'): string {
  const words = escapeXml(search.toLowerCase());
  const name = role ?? 'worker';
  return `<tbody class="${name}" data-kind="${slug(kind)}" data-search="${words}">${rows}</tbody>`;
}

export function listTable(names: readonly string[], bodies: readonly string[]): string {
  const head = names.map((name) => `<th scope="col">${name}</th>`).join('');
  return `<table class="list"><thead><tr>${head}</tr></thead>\n${bodies.join('\n')}</table>`;
}

/** The coloured dot before a name; the word for it stands elsewhere in the row. */
export function mark(kind: string): string {
  return `<span class="mark k-${slug(kind)}" aria-hidden="true"></span>`;
}

export function slug(kind: string): string {
  return kind.replaceAll(' ', '-');
}

function policy(): string {
  const digest = (content: string) =>
    `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
  return [
    "default-src 'none'",
    `style-src ${digest(STYLE)}`,
    `script-src ${digest(SCRIPT)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}
