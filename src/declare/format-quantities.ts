import { isScalar, type Node } from 'yaml';
import { canonicalDuration, canonicalSize } from '../model/quantity.ts';
import { type Shape, walkShapes } from './format-schema.ts';
import { type Splice, splice } from './splice.ts';

/** The text with every size and duration as people write it: 6144MiB is 6GiB, 60m is 1h. Never another value. */
export function canonicalQuantities(text: string, root: unknown, shape: Shape): string {
  const splices: Splice[] = [];
  walkShapes(root, shape, (node, { quantity }) => {
    if (quantity === undefined || !isScalar(node)) return;
    const canonical = quantity === 'size' ? canonicalSize : canonicalDuration;
    const written = spelled(node, text);
    const better = written === undefined ? undefined : canonical(written.text);
    if (written !== undefined && better !== undefined)
      splices.push({
        start: written.start,
        end: written.start + written.text.length,
        text: better,
      });
  });
  return splice(text, splices);
}

/** A scalar's text in the file, without its quotes; undefined where it isn't written as it reads. */
function spelled(node: Node, text: string): { start: number; text: string } | undefined {
  if (!isScalar(node) || typeof node.value !== 'string') return undefined;
  const [start, end] = node.range ?? [0, 0];
  const raw = text.slice(start, end);
  if (raw === node.value) return { start, text: raw };
  const isQuoted = raw === `"${node.value}"` || raw === `'${node.value}'`;
  return isQuoted ? { start: start + 1, text: node.value } : undefined;
}
