import { lookup } from '../model/lookup.ts';
import type { Estimate, SessionHistory, SessionItem } from '../model/session.ts';
import type { ExpandedItem } from './expand-items.ts';

/** For the very first run, when nothing at all is known. */
const DEFAULT_ITEM_MS = 10 * 60_000;

/** How long each item will take: by its own earlier runs, else as the mean of its session, else by default. */
export function withEstimates(
  items: readonly ExpandedItem[],
  history: SessionHistory | undefined,
): readonly SessionItem[] {
  const known = Object.values(history?.items ?? {}).map(({ ms }) => ms);
  const mean = known.reduce((sum, ms) => sum + ms, 0) / known.length;
  const guess: Estimate =
    known.length > 0
      ? { ms: Math.round(mean), from: 'session' }
      : { ms: DEFAULT_ITEM_MS, from: 'default' };
  return items.map((item) => {
    const before = history === undefined ? undefined : lookup(history.items, item.name);
    const estimate: Estimate = before === undefined ? guess : { ms: before.ms, from: 'item' };
    return {
      ...item,
      estimate: { ...estimate, ms: Math.max(1, Math.min(estimate.ms, item.timeout)) },
    };
  });
}
