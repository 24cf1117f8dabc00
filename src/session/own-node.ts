import {
  type Board,
  type Candidate,
  expected,
  type SlotWorker,
  slotTimes,
  usableSlots,
} from './board.ts';
import { minHeap } from './min-heap.ts';

/** How long each worker is busy, per slot: with what runs in it, and its share of what waits for its node. */
export function loadsOf(queue: readonly Candidate[], board: Board): Map<string, number> {
  const backlog = new Map<string, number>();
  for (const { item, homes } of queue)
    if (item.node !== undefined && homes.length > 0)
      backlog.set(item.node, (backlog.get(item.node) ?? 0) + item.estimate);
  const slotsOf = (workers: readonly SlotWorker[]): number =>
    workers.reduce((sum, worker) => sum + usableSlots(worker, board.limits), 0);
  const perNode = new Map(
    [...board.byNode].map(([node, workers]) => [node, (backlog.get(node) ?? 0) / slotsOf(workers)]),
  );
  return new Map(
    board.workers.map((worker) => {
      const busy = worker.running.reduce(
        (sum, { endsAt }) => sum + expected(endsAt, board.now) - board.now,
        0,
      );
      const own = busy / usableSlots(worker, board.limits);
      return [worker.name, own + (perNode.get(worker.node) ?? 0)];
    }),
  );
}

/** When each item would start if every node did only its own, the most urgent first. */
export function ownStartsOf(
  queue: readonly Candidate[],
  board: Board,
): ReadonlyMap<string, number> {
  const slots = new Map(
    [...board.byNode].map(([node, workers]) => [node, minHeap(slotTimes(workers, board))]),
  );
  const starts = new Map<string, number>();
  for (const { item, homes } of queue) {
    const heap = item.node === undefined || homes.length === 0 ? undefined : slots.get(item.node);
    if (heap === undefined) continue;
    const start = heap.smallest();
    starts.set(item.name, start);
    heap.replaceSmallest(start + item.estimate);
  }
  return starts;
}
