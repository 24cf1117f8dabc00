import { byCodeUnit } from '../model/json.ts';
import type { Bound, BoundBy } from '../model/session-plan.ts';
import {
  allowedWorkers,
  type Board,
  expected,
  type PendingItem,
  type SlotWorker,
  slotTimes,
} from './board.ts';

/**
 * The earliest time at which these items can be done, whatever the order, and which limit it is: the longest
 * item, all work over all slots, over one repository's room, or (sameNode) over one node's slots.
 */
export function boundOf(items: readonly PendingItem[], board: Board): Bound {
  if (items.length === 0 || board.workers.length === 0)
    return { ms: board.now, by: { kind: 'launch' } };
  const slots = slotTimes(board.workers, board);
  const bounds: readonly Bound[] = [
    longestItem(items, board),
    { ms: levelOf(slots, sumOf(items)), by: { kind: 'slots' } },
    ...repositoryBounds(items, board, Math.min(...slots)),
    ...(board.limits.placement === 'sameNode' ? nodeBounds(items, board) : []),
  ];
  return bounds.reduce((latest, each) => (each.ms > latest.ms ? each : latest));
}

/** The time at which lanes that open at these times have taken so much work, when none of it is wasted. */
function levelOf(lanes: readonly number[], work: number): number {
  const sorted = [...lanes].sort((a, b) => a - b);
  let opened = 0;
  let sum = 0;
  for (const lane of sorted) {
    if (opened > 0 && work + sum <= lane * opened) break;
    opened += 1;
    sum += lane;
  }
  return opened === 0 ? Number.POSITIVE_INFINITY : (work + sum) / opened;
}

function sumOf(items: readonly PendingItem[]): number {
  return items.reduce((sum, { estimate }) => sum + estimate, 0);
}

function longestItem(items: readonly PendingItem[], board: Board): Bound {
  const openings = new Map<readonly SlotWorker[], number>();
  let latest = { ms: board.now, name: '' };
  for (const item of items) {
    const allowed = allowedWorkers(item, board);
    if (allowed.length === 0) continue;
    const known = openings.get(allowed);
    const opening = known ?? Math.min(...slotTimes(allowed, board));
    if (known === undefined) openings.set(allowed, opening);
    const ms = opening + item.estimate;
    if (ms > latest.ms || (ms === latest.ms && item.name < latest.name))
      latest = { ms, name: item.name };
  }
  return { ms: latest.ms, by: { kind: 'longest-item', name: latest.name } };
}

function repositoryBounds(
  items: readonly PendingItem[],
  board: Board,
  opening: number,
): readonly Bound[] {
  const work = groupedWork(items, ({ repository }) => repository);
  return sortedEntries(board.limits.repositories).flatMap(([name, room]) => {
    const own = work.get(name);
    if (own === undefined) return [];
    const busy = board.workers.flatMap(({ running }) =>
      running
        .filter(({ repository }) => repository === name)
        .map(({ endsAt }) => expected(endsAt, board.now)),
    );
    const idle = Array.from({ length: Math.max(0, room - busy.length) }, () => opening);
    const by: BoundBy = { kind: 'repository', name };
    return room > 0 ? [{ ms: levelOf([...busy, ...idle], own), by }] : [];
  });
}

function nodeBounds(items: readonly PendingItem[], board: Board): readonly Bound[] {
  const work = groupedWork(items, ({ node }) => node);
  return [...board.byNode]
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([name, workers]) => ({
      ms: levelOf(slotTimes(workers, board), work.get(name) ?? 0),
      by: { kind: 'node', name },
    }));
}

function groupedWork(
  items: readonly PendingItem[],
  groupOf: (item: PendingItem) => string | undefined,
): ReadonlyMap<string, number> {
  const work = new Map<string, number>();
  for (const item of items) {
    const group = groupOf(item);
    if (group !== undefined) work.set(group, (work.get(group) ?? 0) + item.estimate);
  }
  return work;
}

function sortedEntries<T>(record: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
  return Object.entries(record).sort(([a], [b]) => byCodeUnit(a, b));
}
