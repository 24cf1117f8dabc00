import { byCodeUnit } from '../model/json.ts';
import type { Placement } from '../model/session.ts';

/** What the scheduler knows. All times are ms on one clock of the caller's choice, `now` among them. */

/** A work item that waits for a slot. */
export interface PendingItem {
  readonly name: string;
  /** The node of its VM; absent when it has none. */
  readonly node?: string;
  readonly repository?: string;
  /** How long it will take, ms. */
  readonly estimate: number;
  /** Workers in which an attempt at it failed: others are tried first. */
  readonly avoid: readonly string[];
  /** Only this worker may run it. */
  readonly worker?: string;
}

export interface SlotWorker {
  readonly name: string;
  readonly node: string;
  /** Items at once, the reserve not taken off yet. */
  readonly slots: number;
  /** False while it is being launched. */
  readonly ready: boolean;
  /** When it was or should be ready. */
  readonly readyAt: number;
  readonly running: readonly RunningItem[];
}

export interface RunningItem {
  readonly name: string;
  readonly repository?: string;
  /** When it should end, by its estimate. */
  readonly endsAt: number;
}

export interface ScheduleLimits {
  readonly placement: Placement;
  /** Slots of each worker that stay free. */
  readonly reserve: number;
  /** Items at once, by repository; one that is not named here has no limit. */
  readonly repositories: Readonly<Record<string, number>>;
}

/** The workers' slots and the repositories' room while assignments are being made. */
export interface Board {
  readonly now: number;
  readonly limits: ScheduleLimits;
  /** Those with slots for this session, sorted by name. */
  readonly workers: readonly SlotWorker[];
  readonly byName: ReadonlyMap<string, readonly SlotWorker[]>;
  readonly byNode: ReadonlyMap<string, readonly SlotWorker[]>;
  /** When each slot should be free, by worker. */
  readonly slotTimes: ReadonlyMap<string, readonly number[]>;
  /** Slots that could take an item now, by worker. */
  readonly free: Map<string, number>;
  totalFree: number;
  /** Items that a limited repository could take now. */
  readonly room: Map<string, number>;
}

export function openBoard(
  workers: readonly SlotWorker[],
  limits: ScheduleLimits,
  now: number,
): Board {
  const usable = workers
    .filter((worker) => usableSlots(worker, limits) > 0)
    .sort((a, b) => byCodeUnit(a.name, b.name));
  const byName = new Map(usable.map((worker) => [worker.name, [worker]]));
  const byNode = new Map<string, SlotWorker[]>();
  for (const worker of usable) {
    const others = byNode.get(worker.node);
    if (others === undefined) byNode.set(worker.node, [worker]);
    else others.push(worker);
  }
  const free = new Map<string, number>();
  for (const worker of usable) {
    const slots = usableSlots(worker, limits) - worker.running.length;
    free.set(worker.name, worker.ready ? Math.max(0, slots) : 0);
  }
  const totalFree = [...free.values()].reduce((sum, slots) => sum + slots, 0);
  const room = roomOf(workers, limits);
  const times = new Map(usable.map((worker) => [worker.name, timesOf(worker, limits, now)]));
  return { now, limits, workers: usable, byName, byNode, slotTimes: times, free, totalFree, room };
}

export function usableSlots(worker: Pick<SlotWorker, 'slots'>, limits: ScheduleLimits): number {
  return Math.max(0, worker.slots - limits.reserve);
}

/** A waiting item and the workers that are in question for it. */
export interface Candidate {
  readonly item: PendingItem;
  readonly allowed: readonly SlotWorker[];
  /** Those on its own node, as far as that matters. */
  readonly homes: readonly SlotWorker[];
}

export function candidateOf(item: PendingItem, board: Board): Candidate {
  const allowed = allowedWorkers(item, board);
  return { item, allowed, homes: homesOf(item, allowed, board) };
}

/** The workers that may ever run an item: placement and retries considered, not whether they are free. */
export function allowedWorkers(item: PendingItem, board: Board): readonly SlotWorker[] {
  const all = candidatesOf(item, board);
  if (item.avoid.length === 0) return all;
  const others = all.filter(({ name }) => !item.avoid.includes(name));
  return others.length > 0 ? others : all;
}

/** The allowed workers on the item's own node; none where its node is of no matter. */
function homesOf(
  item: PendingItem,
  allowed: readonly SlotWorker[],
  board: Board,
): readonly SlotWorker[] {
  if (item.node === undefined || board.limits.placement === 'any') return [];
  if (board.limits.placement === 'sameNode') return allowed;
  if (item.avoid.length === 0 && item.worker === undefined)
    return board.byNode.get(item.node) ?? [];
  return allowed.filter(({ node }) => node === item.node);
}

/** True when the item's repository takes another item now. */
export function hasRoom(item: PendingItem, board: Board): boolean {
  return item.repository === undefined || (board.room.get(item.repository) ?? 1) > 0;
}

/** Takes a slot of that worker, and room in the repository. */
export function take(item: PendingItem, worker: SlotWorker, board: Board): void {
  board.free.set(worker.name, (board.free.get(worker.name) ?? 0) - 1);
  board.totalFree -= 1;
  const room = item.repository === undefined ? undefined : board.room.get(item.repository);
  if (item.repository !== undefined && room !== undefined)
    board.room.set(item.repository, room - 1);
}

/**
 * A time by the estimates, seen from now. What is overdue is expected to take as long again as it is overdue:
 * nothing is waited for for ever.
 */
export function expected(at: number, now: number): number {
  return at > now ? at : now + (now - at);
}

/** When each slot of these workers should be free, in no order; as it was before assignments were made. */
export function slotTimes(workers: readonly SlotWorker[], board: Board): readonly number[] {
  const times: number[] = [];
  for (const { name } of workers) times.push(...(board.slotTimes.get(name) ?? []));
  return times;
}

function timesOf(worker: SlotWorker, limits: ScheduleLimits, now: number): readonly number[] {
  const times = worker.running.map(({ endsAt }) => expected(endsAt, now));
  const ready = worker.ready ? now : expected(worker.readyAt, now);
  const slots = usableSlots(worker, limits);
  while (times.length < slots) times.push(ready);
  return times;
}

function candidatesOf({ node, worker }: PendingItem, board: Board): readonly SlotWorker[] {
  const isStrict = board.limits.placement === 'sameNode' && node !== undefined;
  if (worker !== undefined) return board.byName.get(worker) ?? [];
  return isStrict ? (board.byNode.get(node) ?? []) : board.workers;
}

/** Items of all workers count, those whose slots this session may not use any more too. */
function roomOf(workers: readonly SlotWorker[], limits: ScheduleLimits): Map<string, number> {
  const room = new Map(Object.entries(limits.repositories));
  for (const { running } of workers) {
    for (const { repository } of running) {
      const left = repository === undefined ? undefined : room.get(repository);
      if (repository !== undefined && left !== undefined) room.set(repository, left - 1);
    }
  }
  return room;
}
