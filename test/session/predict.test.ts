import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionItem } from '../../src/model/session.ts';
import { emptyState, type State } from '../../src/model/state.ts';
import type { PendingItem, ScheduleLimits } from '../../src/session/board.ts';
import { type PredictedWorker, predict, toPending } from '../../src/session/predict.ts';
import { savingsOf } from '../../src/session/savings.ts';
import { isOver, nextAssignments } from '../../src/session/session-items.ts';
import {
  addSession,
  beginAttempt,
  endAttempt,
  enterPhase,
  joinWorker,
  requireLive,
} from '../../src/session/session-state.ts';
import {
  limits,
  liveSession,
  MINUTE,
  NOW,
  pending,
  predicted,
  seeded,
  sessionItem,
  sessionSpec,
} from './support.ts';

describe('a prediction', () => {
  it('lets items wait until their worker is launched, and counts the power-off', () => {
    const { runs, totalMs, bound } = predict(
      [pending('a', { node: 'pve1' })],
      [predicted('w1', 'pve1')],
      limits(),
    );
    expect(runs.get('a')).toEqual({
      worker: 'w1',
      node: 'pve1',
      place: 'same-node',
      start: 20_000,
      end: 20_000 + 10 * MINUTE,
      waitedFor: { kind: 'launch' },
    });
    expect(totalMs).toBe(25_000 + 10 * MINUTE);
    expect(bound).toEqual({ ms: totalMs, by: { kind: 'longest-item', name: 'a' } });
  });

  it('names the limit that binds, and when: a cap that nobody sees costs nobody a night (W17)', () => {
    const items = Array.from({ length: 6 }, (_, index) =>
      pending(`i${index}`, { repository: 'pbs' }),
    );
    const { bound, waits } = predict(
      items,
      [predicted('w1', 'pve1', { slots: 8, readyAt: 0 })],
      limits({ repositories: { pbs: 2 } }),
    );
    expect(bound.by).toEqual({ kind: 'repository', name: 'pbs' });
    expect(waits).toEqual([
      { from: 0, to: 20 * MINUTE, reason: { kind: 'repository', name: 'pbs' }, items: 4 },
    ]);
  });

  it('leaves out what no worker can run', () => {
    const { runs } = predict(
      [pending('a', { node: 'pve9' })],
      [predicted('w1', 'pve1')],
      limits({ placement: 'sameNode' }),
    );
    expect(runs.size).toBe(0);
  });

  it('of nothing, or without workers, ends at once', () => {
    expect(predict([], [], limits())).toMatchObject({ totalMs: 0, itemsEndMs: 0 });
    expect(predict([pending('a')], [], limits()).runs.size).toBe(0);
  });

  it('says what one more slot, worker or place in a repository would bring', () => {
    const items = Array.from({ length: 8 }, (_, index) => pending(`i${index}`, { node: 'pve1' }));
    const workers = [predicted('w1', 'pve1', { slots: 1, readyAt: 0 })];
    const savings = savingsOf(items, workers, limits(), predict(items, workers, limits()));
    expect(savings).toEqual([
      { what: { kind: 'slot', worker: 'w1' }, ms: 40 * MINUTE },
      { what: { kind: 'worker', node: 'pve1' }, ms: 40 * MINUTE },
    ]);
    const narrow = limits({ repositories: { pbs: 1 } });
    const limited = items.map((item) => ({ ...item, repository: 'pbs' }));
    const wide = [predicted('w1', 'pve1', { slots: 8, readyAt: 0 })];
    expect(savingsOf(limited, wide, narrow, predict(limited, wide, narrow))).toEqual([
      { what: { kind: 'repository-slot', name: 'pbs' }, ms: 40 * MINUTE },
    ]);
  });
});

/** A night of 8 workers with 4 slots and 200 VMs, some nodes with more VMs than others. */
function night(seed: number, skew: number) {
  const random = seeded(seed);
  const workers = Array.from({ length: 8 }, (_, index) =>
    predicted(`w${index}`, `pve${index}`, { readyAt: Math.round(40_000 + random() * 80_000) }),
  );
  const items = Array.from({ length: 200 }, (_, index) =>
    pending(`vm-${index}`, {
      node: `pve${Math.floor(random() ** skew * 8)}`,
      estimate: Math.round(5 * MINUTE * Math.exp((random() + random() + random() - 1.5) * 1.6)),
      ...(index % 3 === 0 ? {} : { repository: 'pbs' }),
    }),
  );
  return { workers, items };
}

describe('a session of 8 workers and 200 items', () => {
  const cases: readonly (readonly [string, Partial<ScheduleLimits>])[] = [
    ['by slots alone', {}],
    ['with a repository that takes 16 at once', { repositories: { pbs: 16 } }],
    ['with a repository and slots that bind alike', { repositories: { pbs: 20 } }],
    ['with items on their own nodes only', { placement: 'sameNode' }],
    ['with placement: any', { placement: 'any' }],
  ];
  it.each(cases)('takes at most 1.1 of the lower bound on average: %s', (_, parts) => {
    const ratios = Array.from({ length: 6 }, (_, seed) => {
      const { workers, items } = night(seed, 1 + (seed % 3) * 0.5);
      const { totalMs, bound, runs } = predict(items, workers, limits(parts));
      expect(runs.size).toBe(200);
      return totalMs / bound.ms;
    });
    expect(Math.min(...ratios)).toBeGreaterThanOrEqual(1);
    expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeLessThan(1.1);
  });

  it('reads most VMs on their own node', () => {
    const { workers, items } = night(3, 1);
    const runs = [...predict(items, workers, limits()).runs.values()];
    expect(runs.filter(({ place }) => place === 'same-node').length).toBeGreaterThan(120);
  });
});

/** Runs a recorded session to its end on a clock that jumps from event to event; nothing fails. */
function runThrough(
  items: readonly SessionItem[],
  workers: readonly PredictedWorker[],
  limit: ScheduleLimits,
) {
  const { items: _, ...spec } = sessionSpec({ placement: limit.placement, reserve: limit.reserve });
  const repositories = Object.fromEntries(
    Object.entries(limit.repositories).map(([name, maxConcurrent]) => [
      name,
      { address: name, maxConcurrent },
    ]),
  );
  const id = 'nightly-1';
  let state: State = addSession(
    emptyState('l', 'backup', ''),
    liveSession({ id, spec, repositories, items }),
  );
  for (const { name, node, slots, readyAt } of workers)
    state = joinWorker(state, id, name, { node, slots, expectedAt: NOW + readyAt });
  const order: string[] = [];
  const ends = new Map<string, number>();
  let now = NOW;
  for (let step = 0; step < 10_000; step += 1) {
    for (const { name, readyAt } of workers)
      if (NOW + readyAt <= now) state = enterPhase(state, id, name, 'work', NOW + readyAt);
    for (const [item, end] of ends) {
      if (end > now) continue;
      state = endAttempt(state, id, { item, attempt: 1, at: now, result: 'ok', exitCode: 0 });
      ends.delete(item);
    }
    const session = requireLive(state, id);
    if (isOver(session)) break;
    for (const { item, worker, place } of nextAssignments(session, state, now).assignments) {
      state = beginAttempt(state, id, { item, worker, vmid: 9100, place, at: now });
      order.push(`${now - NOW} ${item} ${worker}`);
      ends.set(item, now + (items.find(({ name }) => name === item)?.estimate.ms ?? 0));
    }
    const events = [...ends.values(), ...workers.map(({ readyAt }) => NOW + readyAt)];
    const next = Math.min(...events.filter((at) => at > now));
    if (next === Number.POSITIVE_INFINITY) break;
    now = next;
  }
  return order;
}

describe('a run in which nothing fails', () => {
  it('starts the same items at the same times in the same workers as predicted', () => {
    const given = fc.record({
      workers: fc.array(
        fc.record({
          node: fc.integer({ min: 0, max: 2 }),
          slots: fc.integer({ min: 1, max: 3 }),
          readyAt: fc.integer({ min: 0, max: 200 }),
        }),
        { minLength: 1, maxLength: 5 },
      ),
      items: fc.array(
        fc.record({
          node: fc.integer({ min: 0, max: 3 }),
          estimate: fc.integer({ min: 1, max: 900 }),
          limited: fc.boolean(),
        }),
        { maxLength: 25 },
      ),
      placement: fc.constantFrom('sameNode' as const, 'preferSameNode' as const, 'any' as const),
      room: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(given, ({ workers, items, placement, room }) => {
        const limit = limits({ placement, repositories: { pbs: room } });
        const predictedWorkers = workers.map(({ node, slots, readyAt }, index) =>
          predicted(`w${index}`, `pve${node}`, { slots, readyAt: readyAt * 1000 }),
        );
        const sessionItems = items.map(({ node, estimate, limited }, index) =>
          sessionItem(`i${index}`, {
            ...(node === 3
              ? {}
              : { vm: { vmid: 100 + index, name: `vm${index}`, node: `pve${node}` } }),
            ...(limited ? { repository: 'pbs' } : {}),
            estimate: { ms: estimate * 1000, from: 'item' },
          }),
        );
        const { runs } = predict(sessionItems.map(toPending), predictedWorkers, limit);
        const expected = [...runs].map(([item, { start, worker }]) => `${start} ${item} ${worker}`);
        expect(runThrough(sessionItems, predictedWorkers, limit)).toEqual(expected);
      }),
      { numRuns: 80 },
    );
  });
});

describe('no item starves', () => {
  it('every item that some worker may run is run, exactly once, and never over a limit', () => {
    const given = fc.record({
      seed: fc.integer({ min: 1, max: 1e6 }),
      placement: fc.constantFrom('sameNode' as const, 'preferSameNode' as const, 'any' as const),
      room: fc.integer({ min: 1, max: 5 }),
      reserve: fc.integer({ min: 0, max: 1 }),
    });
    fc.assert(
      fc.property(given, ({ seed, placement, room, reserve }) => {
        const random = seeded(seed);
        const workers = Array.from({ length: 1 + Math.floor(random() * 5) }, (_, index) =>
          predicted(`w${index}`, `pve${Math.floor(random() * 3)}`, {
            slots: 1 + Math.floor(random() * 4),
            readyAt: Math.floor(random() * 90_000),
          }),
        );
        const items = Array.from(
          { length: Math.floor(random() * 40) },
          (_, index): PendingItem =>
            pending(`i${index}`, {
              ...(random() < 0.8 ? { node: `pve${Math.floor(random() * 3)}` } : {}),
              ...(random() < 0.5 ? { repository: 'pbs' } : {}),
              estimate: 1 + Math.floor(random() * 600_000),
            }),
        );
        const { runs } = predict(
          items,
          workers,
          limits({ placement, reserve, repositories: { pbs: room } }),
        );
        const usable = workers.filter(({ slots }) => slots > reserve);
        const runnable = items.filter(({ node }) =>
          usable.some(
            (worker) => placement !== 'sameNode' || node === undefined || worker.node === node,
          ),
        );
        expect([...runs.keys()].sort()).toEqual(runnable.map(({ name }) => name).sort());
        for (const { start } of runs.values()) {
          const at = [...runs].filter(([, run]) => run.start <= start && start < run.end);
          for (const { name, slots } of workers)
            expect(at.filter(([, run]) => run.worker === name).length).toBeLessThanOrEqual(
              Math.max(0, slots - reserve),
            );
          const limited = new Set(
            items.filter(({ repository }) => repository === 'pbs').map(({ name }) => name),
          );
          expect(at.filter(([item]) => limited.has(item)).length).toBeLessThanOrEqual(room);
        }
      }),
      { numRuns: 60 },
    );
  });
});
