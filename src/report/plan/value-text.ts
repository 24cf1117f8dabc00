import { canonicalJson, type Json } from '../../model/json.ts';
import { formatDuration, formatSize } from '../../model/quantity.ts';
import { escapeTerminal } from '../escape/terminal.ts';

const SIZES = /^(memory|disk\.size)$/;
const DURATIONS = /^(timeouts\.\w+|patch\.maxAge|checks\[\d+\]\.timeout)$/;

/** An attribute's value for people, on one line: "6 GiB", "30 m", "none", "[a, b]". Escaped. */
export function valueText(path: string, value: Json): string {
  if (value === null) return 'none';
  if (typeof value === 'number' && SIZES.test(path)) return formatSize(value);
  if (typeof value === 'number' && DURATIONS.test(path)) return formatDuration(value);
  if (typeof value === 'string') return value === '' ? '""' : escapeTerminal(value);
  if (Array.isArray(value)) return `[${value.map((each) => valueText('', each)).join(', ')}]`;
  return escapeTerminal(canonicalJson(value));
}

/** Texts that are shown as a diff: they hold a line end, or don't fit on a line beside their other half. */
export function isLong(value: Json): boolean {
  if (Array.isArray(value)) return value.some(isLong) || canonicalJson(value).length > 60;
  return typeof value === 'string' && (value.includes('\n') || value.length > 60);
}

/** A long value as lines: a list has one member a line. */
export function asText(value: Json): string {
  if (value === null) return '';
  if (Array.isArray(value)) return value.map((each) => `${asText(each)}\n`).join('');
  return typeof value === 'string' ? value : canonicalJson(value);
}
