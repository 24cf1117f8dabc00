import { byCodeUnit } from '../model/json.ts';
import type { Place } from '../model/session.ts';
import type { WaitReason } from '../model/session-plan.ts';
import {
  type Board,
  type Candidate,
  candidateOf,
  hasRoom,
  openBoard,
  type PendingItem,
  type ScheduleLimits,
  type SlotWorker,
  take,
  usableSlots,
} from './board.ts';
import { boundOf } from './bound.ts';
import { byUrgency, type Chains, chainsOf } from './by-urgency.ts';
import { loadsOf, ownStartsOf } from './own-node.ts';

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

/** An item would end late when it ends after all else could, by this part of the time that is left until then. */
const LATE = 0.05;

/** A repository is scarce when it is busy for this part of the time that is left. */
const SCARCE = 0.9;

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
  const chains = chainsOf(possible, board);
  const queue = byUrgency(possible, chains);
  const assignments = board.totalFree === 0 ? [] : assign(queue, chains, board);
  const reasonOf = reasonsOf(board);
  const started = new Set(assignments.map(({ item }) => item));
  return {
    assignments,
    waiting: queue
      .filter(({ item }) => !started.has(item.name))
      .map((candidate) => ({ item: candidate.item.name, reason: reasonOf(candidate) })),
    impossible: all
      .filter(({ allowed }) => allowed.length === 0)
      .map(({ item }) => item.name)
      .sort(byCodeUnit),
  };
}

/** Two rounds: what has a claim on the slots that are free, then what may have those that are left. */
function assign(queue: readonly Candidate[], chains: Chains, board: Board): readonly Assignment[] {
  const loads = loadsOf(queue, board);
  const outlook = outlookOf(queue, chains, board);
  const assignments: Assignment[] = [];
  const start = (candidate: Candidate, workers: readonly SlotWorker[]): boolean => {
    if (!hasRoom(candidate.item, board)) return false;
    const worker = leastLoaded(workers, loads, board);
    if (worker === undefined) return false;
    take(candidate.item, worker, board);
    const own = candidate.item.estimate / usableSlots(worker, board.limits);
    loads.set(worker.name, (loads.get(worker.name) ?? 0) + own);
    assignments.push(assignmentOf(candidate.item, worker));
    return true;
  };
  const left = queue.filter((candidate) => {
    if (board.totalFree === 0) return false;
    if (start(candidate, candidate.homes)) return false;
    return !(isForAll(candidate, outlook) && start(candidate, candidate.allowed));
  });
  for (const candidate of left) {
    if (board.totalFree === 0) break;
    if (isSoonerElsewhere(candidate.item, outlook)) start(candidate, candidate.allowed);
  }
  return assignments;
}

/** What would come of it if every node did only its own. */
interface Outlook {
  /** When each item would start; empty but for `preferSameNode`. */
  readonly ownStarts: ReadonlyMap<string, number>;
  readonly now: number;
  /** When everything could be done. */
  readonly end: number;
  /** Repositories that do not take all that waits for them now. */
  readonly contended: ReadonlySet<string>;
  /** Repositories that everything waits for in the end: none of their room may stay unused. */
  readonly scarce: ReadonlySet<string>;
}

function outlookOf(queue: readonly Candidate[], chains: Chains, board: Board): Outlook {
  if (board.limits.placement !== 'preferSameNode') return ALL_AS_PLACED;
  const { now } = board;
  const items = queue.map(({ item }) => item);
  const end = boundOf(items, board).ms;
  const contended = contendedOf(items, board);
  const scarce = [...contended].filter(
    (name) => (chains.repositories.get(name) ?? 0) >= SCARCE * (end - now),
  );
  const ownStarts = ownStartsOf(queue, board);
  return { now, ownStarts, end, contended, scarce: new Set(scarce) };
}

function contendedOf(items: readonly PendingItem[], { room }: Board): ReadonlySet<string> {
  const waiting = new Map<string, number>();
  for (const { repository } of items)
    if (repository !== undefined) waiting.set(repository, (waiting.get(repository) ?? 0) + 1);
  const names = [...waiting].filter(([name, count]) => count > (room.get(name) ?? count));
  return new Set(names.map(([name]) => name));
}

const ALL_AS_PLACED: Outlook = {
  now: 0,
  ownStarts: new Map(),
  end: 0,
  contended: new Set(),
  scarce: new Set(),
};

/**
 * It has no node of its own here, would end there after everything else could be done, or would leave a scarce
 * repository idle: then any slot is as good as its own. A node that is free in a moment is worth waiting for,
 * unless a repository may be full by then.
 */
function isForAll({ item, homes }: Candidate, outlook: Outlook): boolean {
  const { ownStarts, now, end, contended, scarce } = outlook;
  if (homes.length === 0) return true;
  const start = ownStarts.get(item.name);
  if (start === undefined) return false;
  if (item.repository !== undefined && scarce.has(item.repository)) return true;
  const slack = Math.min(NETWORK_TOLL * item.estimate, LATE * (end - now));
  const isLate = start + item.estimate > end + slack;
  const mayFill = item.repository !== undefined && contended.has(item.repository);
  return isLate && (mayFill || isSoonerElsewhere(item, outlook));
}

function isSoonerElsewhere(
  { name, estimate }: PendingItem,
  { ownStarts, now }: Pick<Outlook, 'ownStarts' | 'now'>,
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

/** Why candidates wait; equal reasons are one object, so that they are quickly counted. */
function reasonsOf(board: Board): (candidate: Candidate) => WaitReason {
  const known = new Map<string, WaitReason>();
  const named = (kind: 'repository' | 'node', name: string): WaitReason => {
    const key = `${kind} ${name}`;
    const reason = known.get(key) ?? { kind, name };
    known.set(key, reason);
    return reason;
  };
  return ({ item, allowed, homes }) => {
    if (!allowed.some(({ ready }) => ready)) return LAUNCH;
    if (item.repository !== undefined && !hasRoom(item, board))
      return named('repository', item.repository);
    if (homes.length > 0 && !homes.some(({ ready }) => ready)) return LAUNCH;
    const waitsAtHome = homes.length > 0 && item.node !== undefined && board.totalFree > 0;
    return waitsAtHome && item.node !== undefined ? named('node', item.node) : SLOTS;
  };
}

const LAUNCH: WaitReason = { kind: 'launch' };
const SLOTS: WaitReason = { kind: 'slots' };
