import { isDeepStrictEqual } from 'node:util';
import type { Diagnostic } from '../model/diagnostic.ts';
import { alignComments, commentsOf } from './format-comments.ts';
import { orderBlocks, orderFlowMaps } from './format-order.ts';
import { canonicalQuantities } from './format-quantities.ts';
import { Shape } from './format-schema.ts';
import { layOutSpaces } from './format-spaces.ts';
import { makeLocator } from './locator.ts';
import { parseYaml } from './parse-yaml.ts';
import { plainValue } from './plain-value.ts';
import type { Source } from './source.ts';
import { toDiagnostics } from './to-diagnostics.ts';

export type Formatted =
  | { readonly kind: 'formatted'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly diagnostics: readonly Diagnostic[] };

/** Maps in braces inside each other that are brought into order; a declaration has no more. */
const MAX_FLOW_DEPTH = 8;

/**
 * One YAML file in Muster's layout: two spaces, the schema's order of keys, quantities as people write them. The
 * user's lines, comments, quotes and anchors are kept. Formatting twice changes nothing more. A step that would
 * change a value or lose a comment is left out.
 */
export function formatYaml(file: string, bytes: Uint8Array): Formatted {
  const before = parseYaml(file, bytes);
  const locator = makeLocator(before.source, new Map(), undefined);
  if (before.mistakes.length > 0)
    return { kind: 'unreadable', diagnostics: toDiagnostics(before.mistakes, locator) };
  const plain = plainValue(before.source);
  if (plain.mistakes.length > 0)
    return { kind: 'unreadable', diagnostics: toDiagnostics(plain.mistakes, locator) };
  const text = before.source.text.replace(/\r\n/g, '\n');
  const exact = canonicalQuantities(text, before.source.root, Shape.root);
  const spaced = step(exact, layOutSpaces);
  let ordered = spaced;
  for (let depth = 0; depth < MAX_FLOW_DEPTH; depth++) {
    const next = step(ordered, (from) => orderFlowMaps(from, read(from).root, Shape.root));
    if (next === ordered) break;
    ordered = next;
  }
  ordered = step(ordered, (from) => orderBlocks(from, read(from).root, Shape.root));
  // Keys that moved may have brought two empty lines together.
  const settled = step(ordered, layOutSpaces);
  return { kind: 'formatted', text: step(settled, (from) => alignComments(text, from)) };
}

function step(before: string, change: (text: string) => string): string {
  const after = change(before);
  if (after === before) return before;
  const isKept =
    isDeepStrictEqual(commentsOf(after), commentsOf(before)) &&
    isDeepStrictEqual(plainOf(after), plainOf(before));
  return isKept ? after : before;
}

/** Undefined for what can't be read. */
function plainOf(text: string): readonly [unknown] | undefined {
  const { source, mistakes } = parseYaml('', new TextEncoder().encode(text));
  const plain = plainValue(source);
  return mistakes.length + plain.mistakes.length > 0 ? undefined : [plain.value];
}

function read(text: string): Source {
  return parseYaml('', new TextEncoder().encode(text)).source;
}
