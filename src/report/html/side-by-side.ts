import type { Change } from '../../model/plan.ts';
import { escapeXml } from '../escape/xml.ts';
import { textDiff } from '../plan/text-diff.ts';
import { asText, isLong, valueText } from '../plan/value-text.ts';
import { CAUSES } from '../words.ts';

const WIDTH = 400;

interface Pair {
  readonly before: string;
  readonly after: string;
  readonly kind: 'same' | 'changed';
}

/** One attribute as a row: its path, then both values beside each other; long texts line by line. */
export function changeRow(change: Change): string {
  const causes = change.causes.map((cause) => CAUSES[cause]);
  const remark = [...causes, change.cost].join(', ');
  const head = `<th scope="row"><code>${escapeXml(change.path)}</code><small>${escapeXml(remark)}</small></th>`;
  const pairs = pairsOf(change);
  const before = pairs.map(({ before, kind }) => line('del', before, kind)).join('');
  const after = pairs.map(({ after, kind }) => line('ins', after, kind)).join('');
  return `<tr>${head}<td>${before}</td><td>${after}</td></tr>`;
}

function pairsOf({ path, before, after }: Change): readonly Pair[] {
  if (!isLong(before) && !isLong(after))
    return [{ before: valueText(path, before), after: valueText(path, after), kind: 'changed' }];
  return aligned(textDiff(asText(before), asText(after), WIDTH));
}

/** A unified diff's lines as pairs: removed lines stand beside the added ones that follow them. */
function aligned(lines: readonly string[]): readonly Pair[] {
  const pairs: Pair[] = [];
  let removed: string[] = [];
  let added: string[] = [];
  const flush = () => {
    for (let index = 0; index < Math.max(removed.length, added.length); index += 1)
      pairs.push({ before: removed[index] ?? '', after: added[index] ?? '', kind: 'changed' });
    removed = [];
    added = [];
  };
  for (const text of lines) {
    if (text.startsWith('-')) {
      if (added.length > 0) flush();
      removed.push(text.slice(1));
    } else if (text.startsWith('+')) added.push(text.slice(1));
    else {
      flush();
      const same = text.startsWith(' ') ? text.slice(1) : text;
      pairs.push({ before: same, after: same, kind: 'same' });
    }
  }
  flush();
  return pairs;
}

function line(tag: 'del' | 'ins', text: string, kind: Pair['kind']): string {
  const shown = text === '' ? '&nbsp;' : escapeXml(text);
  return kind === 'same' || text === '' ? `<span>${shown}</span>` : `<${tag}>${shown}</${tag}>`;
}
