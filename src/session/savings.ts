import { byCodeUnit } from '../model/json.ts';
import type { Saving } from '../model/session-plan.ts';
import type { PendingItem, ScheduleLimits } from './board.ts';
import { type PredictedWorker, type Prediction, predict } from './predict.ts';

/**
 * What one more slot (in the worker that ends last), one more worker (on the node with most work for its slots)
 * or one more slot of a repository that items wait for would bring: each is predicted anew. Only what saves
 * time, the most first.
 */
export function savingsOf(
  items: readonly PendingItem[],
  workers: readonly PredictedWorker[],
  limits: ScheduleLimits,
  prediction: Prediction,
): readonly Saving[] {
  const savings: Saving[] = [];
  const tryOut = (what: Saving['what'], change: Partial<Setting>): void => {
    const setting = { workers, limits, ...change };
    const { totalMs } = predict(items, setting.workers, setting.limits);
    if (totalMs < prediction.totalMs) savings.push({ what, ms: prediction.totalMs - totalMs });
  };
  const last = lastBusy(prediction, workers);
  if (last !== undefined)
    tryOut(
      { kind: 'slot', worker: last },
      {
        workers: workers.map((worker) =>
          worker.name === last ? { ...worker, slots: worker.slots + 1 } : worker,
        ),
      },
    );
  const twin = mostLoaded(items, workers, limits);
  if (twin !== undefined)
    tryOut(
      { kind: 'worker', node: twin.node },
      { workers: [...workers, { ...twin, name: `${twin.name}\u0000` }] },
    );
  for (const name of waitedForRepositories(prediction)) {
    const room = (limits.repositories[name] ?? 0) + 1;
    tryOut(
      { kind: 'repository-slot', name },
      { limits: { ...limits, repositories: { ...limits.repositories, [name]: room } } },
    );
  }
  return savings.sort((a, b) => b.ms - a.ms || byCodeUnit(a.what.kind, b.what.kind));
}

interface Setting {
  readonly workers: readonly PredictedWorker[];
  readonly limits: ScheduleLimits;
}

function lastBusy({ runs }: Prediction, workers: readonly PredictedWorker[]): string | undefined {
  const ends = new Map(workers.map(({ name }) => [name, 0]));
  for (const { worker, end } of runs.values())
    ends.set(worker, Math.max(ends.get(worker) ?? 0, end));
  return [...ends].sort(([a, m], [b, n]) => n - m || byCodeUnit(a, b))[0]?.[0];
}

/** A worker of the node that has most work of its own for its slots. */
function mostLoaded(
  items: readonly PendingItem[],
  workers: readonly PredictedWorker[],
  limits: ScheduleLimits,
): PredictedWorker | undefined {
  const loadOf = (node: string): number => {
    const own = items.filter((item) => item.node === node);
    const slots = workers
      .filter((worker) => worker.node === node)
      .reduce((sum, worker) => sum + Math.max(0, worker.slots - limits.reserve), 0);
    return own.reduce((sum, { estimate }) => sum + estimate, 0) / Math.max(1, slots);
  };
  const loads = new Map(
    [...new Set(workers.map(({ node }) => node))].map((node) => [node, loadOf(node)]),
  );
  return [...workers].sort(
    (a, b) => (loads.get(b.node) ?? 0) - (loads.get(a.node) ?? 0) || byCodeUnit(a.name, b.name),
  )[0];
}

/** At most three: each costs a prediction. */
function waitedForRepositories({ waits, bound }: Prediction): readonly string[] {
  const names = [
    ...(bound.by.kind === 'repository' ? [bound.by.name] : []),
    ...waits.flatMap(({ reason }) => (reason.kind === 'repository' ? [reason.name] : [])),
  ];
  return [...new Set(names)].slice(0, 3);
}
