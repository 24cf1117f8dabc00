import { byCodeUnit } from '../model/json.ts';
import type { Place } from '../model/session.ts';
import type { WaitReason } from '../model/session-plan.ts';
import {
  allowedWorkers,
  type Board,
  expected,
  hasRoom,
  homesOf,
  openBoard,
  type PendingItem,
  type ScheduleLimits,
  type SlotWorker,
  slotTimes,
  take,
  usableSlots,
} from './board.ts';
import { boundOf } from './bound.ts';
import { minHeap } from './min-heap.ts';

/** What starts now. */
export interface Assignment {
  readonly item: string;
  readonly worker: string;
  readonly place: Place;
}

export interface Schedule {
  /** The most urgent first. */
  readonly assignments: readonly Assignment[];
  /** Items that stay waiting, and what for. */
  readonly waiting: readonly { readonly item: string; readonly reason: WaitReason }[];
  /** Items that no worker of this session can ever run, sorted. */
  readonly impossible: readonly string[];
}

/**
 * Reading a VM's disks from another node is taken to cost this part of an item's time on top: an item waits for
 * its own node as long as it is done sooner there, so measured.
 */
const NETWORK_TOLL = 0.25;

/**
 * Which of the waiting items start now, and where (design section 9). The most urgent first: the longest, and
 * before it what a limited repository has most left of. An item takes a slot of its own node; `sameNode` waits
 * for one; `preferSameNode` goes elsewhere when that is sooner, or when its own node would end last. It is asked
 * again whenever something ends or gets ready; the same answer on the same input, whatever its order.
 */
export function schedule(
  items: readonly PendingItem[],
  workers: readonly SlotWorker[],
  limits: ScheduleLimits,
  now: number,
): Schedule {
  const board = openBoard(workers, limits, now);
  const all = items.map((item) => candidateOf(item, board));
  const possible = all.filter(({ allowed }) => allowed.length > 0);
  const queue = byUrgency(possible, board);
  const assignments = board.totalFree === 0 ? [] : assign(queue, board);
  const started = new Set(assignments.map(({ item }) => item));
  return {
    assignments,
    waiting: queue
      .filter(({ item }) => !started.has(item.name))
      .map((candidate) => ({ item: candidate.item.name, reason: reasonOf(candidate, board) })),
    impossible: all
      .filter(({ allowed }) => allowed.length === 0)
      .map(({ item }) => item.name)
      .sort(byCodeUnit),
  };
}

interface Candidate {
  readonly item: PendingItem;
  readonly allowed: readonly SlotWorker[];
  /** Workers on its own node, as far as that matters. */
  readonly homes: readonly SlotWorker[];
}

function candidateOf(item: PendingItem, board: Board): Candidate {
  const allowed = allowedWorkers(item, board);
  return { item, allowed, homes: homesOf(item, allowed, board) };
}

/** Two rounds: what has a claim on the slots that are free, then what may have those that are left. */
function assign(queue: readonly Candidate[], board: Board): readonly Assignment[] {
  const loads = loadsOf(queue, board);
  const ownStarts = board.limits.placement === 'preferSameNode' ? ownStartsOf(queue, board) : NONE;
  const end = boundOf(
    queue.map(({ item }) => item),
    board,
  ).ms;
  const assignments: Assignment[] = [];
  const start = (candidate: Candidate, workers: readonly SlotWorker[]): boolean => {
    const worker = leastLoaded(workers, loads, board);
    if (worker === undefined || !hasRoom(candidate.item, board)) return false;
    take(candidate.item, worker, board);
    const own = candidate.item.estimate / usableSlots(worker, board.limits);
    loads.set(worker.name, (loads.get(worker.name) ?? 0) + own);
    assignments.push(assignmentOf(candidate.item, worker));
    return true;
  };
  const left = queue.filter((candidate) => {
    if (board.totalFree === 0) return false;
    const isHomeless = candidate.homes.length === 0 || endsLate(candidate.item, ownStarts, end);
    return !(
      start(candidate, candidate.homes) ||
      (isHomeless && start(candidate, candidate.allowed))
    );
  });
  for (const candidate of left) {
    if (board.totalFree === 0) break;
    if (isSoonerElsewhere(candidate.item, ownStarts, board.now))
      start(candidate, candidate.allowed);
  }
  return assignments;
}

const NONE: ReadonlyMap<string, number> = new Map();

/** On its own node it would end after everything else could be done: then it is one for all. */
function endsLate(
  { name, estimate }: PendingItem,
  ownStarts: ReadonlyMap<string, number>,
  end: number,
): boolean {
  const start = ownStarts.get(name);
  return start !== undefined && start + estimate > end + NETWORK_TOLL * estimate;
}

function isSoonerElsewhere(
  { name, estimate }: PendingItem,
  ownStarts: ReadonlyMap<string, number>,
  now: number,
): boolean {
  const start = ownStarts.get(name);
  return start !== undefined && start > now + NETWORK_TOLL * estimate;
}

function assignmentOf({ name, node }: PendingItem, worker: SlotWorker): Assignment {
  const place: Place =
    node === undefined ? 'no-vm' : node === worker.node ? 'same-node' : 'other-node';
  return { item: name, worker: worker.name, place };
}

function leastLoaded(
  workers: readonly SlotWorker[],
  loads: ReadonlyMap<string, number>,
  board: Board,
): SlotWorker | undefined {
  let best: SlotWorker | undefined;
  for (const worker of workers) {
    if ((board.free.get(worker.name) ?? 0) <= 0) continue;
    const isBetter =
      best === undefined || (loads.get(worker.name) ?? 0) < (loads.get(best.name) ?? 0);
    if (isBetter) best = worker;
  }
  return best;
}

/** How long each worker is busy, per slot: with what runs in it, and its share of what waits for its node. */
function loadsOf(queue: readonly Candidate[], board: Board): Map<string, number> {
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
function ownStartsOf(queue: readonly Candidate[], board: Board): ReadonlyMap<string, number> {
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

/** The longest first; an item of a limited repository counts for as long as that repository is busy with its like. */
function byUrgency(candidates: readonly Candidate[], board: Board): readonly Candidate[] {
  const chains = chainsOf(candidates, board);
  const urgency = new Map(
    candidates.map(({ item }) => [
      item,
      Math.max(
        item.estimate,
        chains.get(chainKey('repository', item.repository)) ?? 0,
        chains.get(chainKey('node', item.node)) ?? 0,
      ),
    ]),
  );
  const of = (item: PendingItem): number => urgency.get(item) ?? 0;
  return [...candidates].sort(
    ({ item: a }, { item: b }) =>
      of(b) - of(a) || b.estimate - a.estimate || byCodeUnit(a.name, b.name),
  );
}

/** How long each limited repository, and with sameNode each node, has to work on what waits for it. */
function chainsOf(candidates: readonly Candidate[], board: Board): ReadonlyMap<string, number> {
  const { repositories, placement } = board.limits;
  const lanes = new Map<string, number>();
  for (const [name, room] of Object.entries(repositories))
    lanes.set(chainKey('repository', name), room);
  if (placement === 'sameNode')
    for (const [node, workers] of board.byNode)
      lanes.set(
        chainKey('node', node),
        workers.reduce((sum, worker) => sum + usableSlots(worker, board.limits), 0),
      );
  const chains = new Map<string, number>();
  for (const { item } of candidates) {
    for (const key of [chainKey('repository', item.repository), chainKey('node', item.node)]) {
      const room = lanes.get(key);
      if (room !== undefined && room > 0)
        chains.set(key, (chains.get(key) ?? 0) + item.estimate / room);
    }
  }
  return chains;
}

function chainKey(kind: 'repository' | 'node', name: string | undefined): string {
  return `${kind} ${name ?? ''}`;
}

function reasonOf({ item, allowed, homes }: Candidate, board: Board): WaitReason {
  if (!allowed.some(({ ready }) => ready)) return { kind: 'launch' };
  if (item.repository !== undefined && !hasRoom(item, board))
    return { kind: 'repository', name: item.repository };
  const waitsAtHome = homes.length > 0 && item.node !== undefined && board.totalFree > 0;
  return waitsAtHome ? { kind: 'node', name: item.node ?? '' } : { kind: 'slots' };
}
