import { isDeepStrictEqual } from 'node:util';
import { parseDocument } from 'yaml';
import type { Diagnostic } from '../model/diagnostic.ts';
import { makeLocator } from './locator.ts';
import { parseYaml } from './parse-yaml.ts';
import { plainValue } from './plain-value.ts';
import type { Source } from './source.ts';
import { toDiagnostics } from './to-diagnostics.ts';

export type Formatted =
  | { readonly kind: 'formatted'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly diagnostics: readonly Diagnostic[] };

/**
 * One YAML file in Muster's layout: two spaces, long lines kept, comments and anchors kept. Formatting twice
 * changes nothing more. A file whose values a new layout would change is left as it is.
 */
export function formatYaml(file: string, bytes: Uint8Array): Formatted {
  const before = parseYaml(file, bytes);
  const locator = makeLocator(before.source, new Map(), undefined);
  if (before.mistakes.length > 0)
    return { kind: 'unreadable', diagnostics: toDiagnostics(before.mistakes, locator) };
  const plain = plainValue(before.source);
  if (plain.mistakes.length > 0)
    return { kind: 'unreadable', diagnostics: toDiagnostics(plain.mistakes, locator) };
  const text = layOut(layOut(before.source.text));
  return { kind: 'formatted', text: isSame(before.source, text) ? text : before.source.text };
}

function layOut(text: string): string {
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    logLevel: 'silent',
  });
  const formatted = document.toString({
    lineWidth: 0,
    indent: 2,
    indentSeq: true,
    flowCollectionPadding: true,
  });
  return formatted.replace(/[ \t]+$/gm, '');
}

function isSame(before: Source, text: string): boolean {
  const after = parseYaml(before.file, new TextEncoder().encode(text));
  if (after.mistakes.length > 0) return false;
  return isDeepStrictEqual(plainValue(after.source).value, plainValue(before).value);
}
