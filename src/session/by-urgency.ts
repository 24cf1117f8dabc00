import { byCodeUnit } from '../model/json.ts';
import { type Board, type Candidate, type PendingItem, usableSlots } from './board.ts';

/** How long what waits keeps each limited repository, and with `sameNode` each node, busy: ms. */
export interface Chains {
  readonly repositories: ReadonlyMap<string, number>;
  readonly nodes: ReadonlyMap<string, number>;
}

/** The longest first; an item of a limited repository counts for as long as that repository is busy with its like. */
export function byUrgency(
  candidates: readonly Candidate[],
  { repositories, nodes }: Chains,
): readonly Candidate[] {
  const ranked = candidates.map((candidate) => {
    const { repository, node, estimate } = candidate.item;
    const behind = repository === undefined ? 0 : (repositories.get(repository) ?? 0);
    const beside = node === undefined ? 0 : (nodes.get(node) ?? 0);
    return { candidate, item: candidate.item, urgency: Math.max(estimate, behind, beside) };
  });
  ranked.sort(
    (a, b) =>
      b.urgency - a.urgency ||
      b.item.estimate - a.item.estimate ||
      byCodeUnit(a.item.name, b.item.name),
  );
  return ranked.map(({ candidate }) => candidate);
}

export function chainsOf(candidates: readonly Candidate[], board: Board): Chains {
  const { limits, byNode } = board;
  const rooms = new Map(Object.entries(limits.repositories));
  const slots = new Map<string, number>();
  if (limits.placement === 'sameNode')
    for (const [node, workers] of byNode)
      slots.set(
        node,
        workers.reduce((sum, worker) => sum + usableSlots(worker, limits), 0),
      );
  return {
    repositories: chains(candidates, ({ repository }) => repository, rooms),
    nodes: chains(candidates, ({ node }) => node, slots),
  };
}

/** Work over how much of it can be done at once, where that is limited. */
function chains(
  candidates: readonly Candidate[],
  keyOf: (item: PendingItem) => string | undefined,
  lanes: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  if (lanes.size === 0) return lanes;
  const work = new Map<string, number>();
  for (const { item } of candidates) {
    const key = keyOf(item);
    if (key !== undefined && lanes.has(key)) work.set(key, (work.get(key) ?? 0) + item.estimate);
  }
  return new Map([...work].map(([key, ms]) => [key, ms / Math.max(1, lanes.get(key) ?? 1)]));
}
