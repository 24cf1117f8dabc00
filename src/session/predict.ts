import { byCodeUnit } from '../model/json.ts';
import type { Place, SessionItem } from '../model/session.ts';
import type { Bound, PlannedRun, WaitPeriod, WaitReason } from '../model/session-plan.ts';
import { openBoard, type PendingItem, type ScheduleLimits, type SlotWorker } from './board.ts';
import { boundOf } from './bound.ts';
import { type Schedule, schedule } from './schedule.ts';

/** A worker as a prediction sees it; times are ms from the session's start. */
export interface PredictedWorker {
  readonly name: string;
  readonly node: string;
  /** As declared, the reserve not taken off. */
  readonly slots: number;
  readonly readyAt: number;
  /** How long it takes to power off. */
  readonly stopMs: number;
}

export interface Prediction {
  /** By item; those that no worker can run are missing. */
  readonly runs: ReadonlyMap<string, PlannedRun>;
  readonly itemsEndMs: number;
  readonly totalMs: number;
  readonly bound: Bound;
  readonly waits: readonly WaitPeriod[];
}

/**
 * Runs a session on paper: everything takes as long as estimated and nothing fails. It asks the same
 * `schedule` as a run does, whenever a worker gets ready or an item ends.
 */
export function predict(
  items: readonly PendingItem[],
  workers: readonly PredictedWorker[],
  limits: ScheduleLimits,
): Prediction {
  const course = openCourse(items, workers);
  const waits = openWaits();
  const waitedFor = new Map<string, WaitReason>();
  for (let now = 0; now < Number.POSITIVE_INFINITY; now = nextEvent(course, now)) {
    endItems(course, now);
    const next = schedule([...course.pending.values()], slotsAt(course, now), limits, now);
    startItems(course, next, waitedFor, now);
    waits.note(now, next);
    for (const { item, reason } of next.waiting) waitedFor.set(item, reason);
  }
  const itemsEndMs = Math.max(0, ...[...course.runs.values()].map(({ end }) => end));
  const allReady = Math.max(0, ...workers.map(({ readyAt }) => readyAt));
  const stopMs = Math.max(0, ...workers.map((worker) => worker.stopMs));
  const board = openBoard(slotsAt(openCourse([], workers), 0), limits, 0);
  const { ms, by } = boundOf(items, board);
  return {
    runs: course.runs,
    itemsEndMs,
    totalMs: Math.max(itemsEndMs, allReady) + stopMs,
    bound: { ms: Math.round(ms) + Math.min(stopMs, ...workers.map((worker) => worker.stopMs)), by },
    waits: waits.periods(),
  };
}

/** A session's item as the scheduler sees it before its first attempt. */
export function toPending({ name, vm, repository, estimate, worker }: SessionItem): PendingItem {
  return {
    name,
    ...(vm === undefined ? {} : { node: vm.node }),
    ...(repository === undefined ? {} : { repository }),
    ...(worker === undefined ? {} : { worker }),
    estimate: estimate.ms,
    avoid: [],
  };
}

interface Course {
  readonly workers: readonly PredictedWorker[];
  readonly pending: Map<string, PendingItem>;
  readonly running: Map<string, Running>;
  readonly runs: Map<string, PlannedRun>;
}

interface Running {
  readonly item: PendingItem;
  readonly worker: string;
  readonly endsAt: number;
}

/** The longest first: what `schedule` sorts is then nearly sorted. */
function openCourse(items: readonly PendingItem[], workers: readonly PredictedWorker[]): Course {
  const sorted = [...items].sort((a, b) => b.estimate - a.estimate || byCodeUnit(a.name, b.name));
  const pending = new Map(sorted.map((item) => [item.name, item]));
  return { workers, pending, running: new Map(), runs: new Map() };
}

function slotsAt({ workers, running }: Course, now: number): readonly SlotWorker[] {
  const byWorker = new Map<string, Running[]>(workers.map(({ name }) => [name, []]));
  for (const each of running.values()) byWorker.get(each.worker)?.push(each);
  return workers.map(({ name, node, slots, readyAt }) => ({
    name,
    node,
    slots,
    readyAt,
    ready: readyAt <= now,
    running: (byWorker.get(name) ?? []).map(({ item, endsAt }) => ({
      name: item.name,
      ...(item.repository === undefined ? {} : { repository: item.repository }),
      endsAt,
    })),
  }));
}

function endItems({ running }: Course, now: number): void {
  for (const [name, { endsAt }] of running) if (endsAt <= now) running.delete(name);
}

function startItems(
  { pending, running, runs, workers }: Course,
  { assignments }: Schedule,
  waitedFor: ReadonlyMap<string, WaitReason>,
  now: number,
): void {
  const nodes = new Map(workers.map(({ name, node }) => [name, node]));
  for (const { item: name, worker, place } of assignments) {
    const item = pending.get(name);
    if (item === undefined) continue;
    pending.delete(name);
    const endsAt = now + item.estimate;
    running.set(name, { item, worker, endsAt });
    const reason = waitedFor.get(name);
    runs.set(name, runOf(worker, nodes.get(worker) ?? '', place, now, endsAt, reason));
  }
}

function runOf(
  worker: string,
  node: string,
  place: Place,
  start: number,
  end: number,
  reason: WaitReason | undefined,
): PlannedRun {
  const run = { worker, node, place, start, end };
  return reason === undefined ? run : { ...run, waitedFor: reason };
}

function nextEvent({ workers, running, pending }: Course, now: number): number {
  if (pending.size === 0) return Number.POSITIVE_INFINITY;
  let next = Number.POSITIVE_INFINITY;
  for (const { endsAt } of running.values()) next = Math.min(next, endsAt);
  for (const { readyAt } of workers) if (readyAt > now) next = Math.min(next, readyAt);
  return next;
}

/** Between two events, what most items wait for. */
function openWaits(): {
  note(now: number, next: Schedule): void;
  periods(): readonly WaitPeriod[];
} {
  const periods: WaitPeriod[] = [];
  let open: Omit<WaitPeriod, 'to'> | undefined;
  const close = (now: number): void => {
    if (open === undefined || now <= open.from) return;
    const last = periods.at(-1);
    const goesOn = last?.to === open.from && keyOf(last.reason) === keyOf(open.reason);
    if (!goesOn) periods.push({ ...open, to: now });
    else periods.splice(-1, 1, { ...last, to: now, items: Math.max(last.items, open.items) });
  };
  return {
    note: (now, { waiting }) => {
      close(now);
      const most = mostCommon(waiting.map(({ reason }) => reason));
      open = most === undefined ? undefined : { from: now, ...most };
    },
    periods: () => periods,
  };
}

function mostCommon(
  reasons: readonly WaitReason[],
): { readonly reason: WaitReason; readonly items: number } | undefined {
  const counts = new Map<WaitReason, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const [most] = [...counts].sort(([a, m], [b, n]) => n - m || byCodeUnit(keyOf(a), keyOf(b)));
  return most === undefined ? undefined : { reason: most[0], items: most[1] };
}

function keyOf(reason: WaitReason): string {
  return 'name' in reason ? `${reason.kind} ${reason.name}` : reason.kind;
}
