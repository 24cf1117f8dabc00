import { formatDuration } from '../../model/quantity.ts';
import { count, elapsed } from '../words.ts';
import { slug } from './page.ts';
import { text } from './worker-sections.ts';

/** What one worker did or will do. Times are ms from the beginning of the run. */
export interface Lane {
  readonly name: string;
  /** Sorted by start. */
  readonly spans: readonly Span[];
}

export interface Span {
  readonly text: string;
  readonly kind: 'launch' | 'done' | 'failed' | 'not done';
  readonly start: number;
  readonly end: number;
}

/** A page of thousands of bars helps nobody. */
const MOST_SPANS = 400;

/**
 * Bars on one scale, a box per worker. Their places are attributes of an SVG: the page's policy allows no style of
 * their own. The times stand beside them as text.
 */
export function timeline(lanes: readonly Lane[], totalMs: number): string {
  const last = Math.max(0, ...lanes.flatMap(({ spans }) => spans.map(({ end }) => end)));
  const scale = Math.max(1, totalMs, last);
  const boxes: string[] = [];
  let left = MOST_SPANS;
  for (const { name, spans } of lanes) {
    const shown = spans.slice(0, left);
    left -= shown.length;
    if (shown.length === 0) continue;
    const rows = shown.map((span) => row(span, scale)).join('');
    boxes.push(
      `<section class="lane"><h3>${text(name)}</h3><table><tbody>${rows}</tbody></table></section>`,
    );
  }
  const rest = lanes.reduce((sum, { spans }) => sum + spans.length, 0) - (MOST_SPANS - left);
  const more = rest > 0 ? `<p class="dim">${count(rest, 'more step')} not shown.</p>` : '';
  return `${boxes.join('\n')}${more}`;
}

function row(span: Span, scale: number): string {
  const { start, end, kind } = span;
  const took = Math.max(0, end - start);
  const x = (1000 * start) / scale;
  const width = Math.max(4, (1000 * took) / scale);
  const bar = `<svg class="bar k-${slug(kind)}" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect x="${Math.min(x, 996).toFixed(1)}" y="0" width="${width.toFixed(1)}" height="10"/></svg>`;
  const remark = kind === 'failed' || kind === 'not done' ? ` <b>${kind}</b>` : '';
  return `<tr><td class="at">${elapsed(start)}</td><td class="what">${text(span.text)}${remark}</td><td class="line">${bar}</td><td class="took">${formatDuration(took)}</td></tr>`;
}
