import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PendingItem, ScheduleLimits, SlotWorker } from '../../src/session/board.ts';
import { type Schedule, schedule } from '../../src/session/schedule.ts';
import { limits, MINUTE, pending, slotWorker } from './support.ts';

function placed(result: Schedule): Readonly<Record<string, string>> {
  return Object.fromEntries(result.assignments.map(({ item, worker }) => [item, worker]));
}

describe('an item', () => {
  const workers = [slotWorker('w1', 'pve1'), slotWorker('w2', 'pve2')];

  it('runs on the node of its VM, so that a backup reads no disk over the network (W13)', () => {
    const items = [pending('a', { node: 'pve2' }), pending('b', { node: 'pve1' })];
    expect(placed(schedule(items, workers, limits(), 0))).toEqual({ a: 'w2', b: 'w1' });
  });

  it('goes to the least loaded worker when its node has none', () => {
    const busy = slotWorker('w1', 'pve1', { running: [{ name: 'x', endsAt: 5 * MINUTE }] });
    const result = schedule(
      [pending('a', { node: 'pve9' })],
      [busy, slotWorker('w2', 'pve2')],
      limits(),
      0,
    );
    expect(result.assignments).toEqual([{ item: 'a', worker: 'w2', place: 'other-node' }]);
  });

  it('waits for its own node when it is done sooner there than elsewhere', () => {
    const own = slotWorker('w1', 'pve1', { slots: 1, running: [{ name: 'x', endsAt: MINUTE }] });
    const result = schedule(
      [pending('a', { node: 'pve1' })],
      [own, slotWorker('w2', 'pve2')],
      limits(),
      0,
    );
    expect(result.assignments).toEqual([]);
    expect(result.waiting).toEqual([{ item: 'a', reason: { kind: 'node', name: 'pve1' } }]);
  });

  it('waits for its own worker that is almost launched, though another one is ready', () => {
    const own = slotWorker('w1', 'pve1', { ready: false, readyAt: 2 * MINUTE });
    const items = [
      pending('a', { node: 'pve1' }),
      pending('b', { node: 'pve2', estimate: 14 * MINUTE }),
    ];
    expect(placed(schedule(items, [own, slotWorker('w2', 'pve2')], limits(), 0))).toEqual({
      b: 'w2',
    });
  });

  it('goes elsewhere when its own node is busy for long', () => {
    const own = slotWorker('w1', 'pve1', {
      slots: 1,
      running: [{ name: 'x', endsAt: 30 * MINUTE }],
    });
    const result = schedule(
      [pending('a', { node: 'pve1' })],
      [own, slotWorker('w2', 'pve2')],
      limits(),
      0,
    );
    expect(placed(result)).toEqual({ a: 'w2' });
  });

  it('stops waiting for a node that is longer and longer overdue', () => {
    const own = slotWorker('w1', 'pve1', { ready: false, readyAt: MINUTE });
    const items = [pending('a', { node: 'pve1' })];
    const at = (now: number) =>
      placed(schedule(items, [own, slotWorker('w2', 'pve2', { slots: 1 })], limits(), now));
    expect(at(2 * MINUTE)).toEqual({});
    expect(at(6 * MINUTE)).toEqual({ a: 'w2' });
  });

  it('never leaves its node with sameNode, and says so when there is no worker there', () => {
    const strict = limits({ placement: 'sameNode' });
    const busy = slotWorker('w1', 'pve1', {
      slots: 1,
      running: [{ name: 'x', endsAt: 90 * MINUTE }],
    });
    const items = [pending('a', { node: 'pve1' }), pending('b', { node: 'pve9' })];
    const result = schedule(items, [busy, slotWorker('w2', 'pve2')], strict, 0);
    expect(result.assignments).toEqual([]);
    expect(result.impossible).toEqual(['b']);
  });

  it('is tried in another worker after a failure, and in the same one when there is no other', () => {
    const failed = pending('a', { node: 'pve1', avoid: ['w1'] });
    expect(placed(schedule([failed], workers, limits(), 0))).toEqual({ a: 'w2' });
    expect(placed(schedule([failed], [slotWorker('w1', 'pve1')], limits(), 0))).toEqual({
      a: 'w1',
    });
  });

  it('that names a worker runs in no other one', () => {
    const result = schedule(
      [pending('a', { worker: 'w2' }), pending('b', { worker: 'w3' })],
      workers,
      limits(),
      0,
    );
    expect(placed(result)).toEqual({ a: 'w2' });
    expect(result.impossible).toEqual(['b']);
  });
});

describe('the order', () => {
  it('is the longest item first', () => {
    const items = [pending('short'), pending('long', { estimate: 60 * MINUTE })];
    const result = schedule(items, [slotWorker('w1', 'pve1', { slots: 1 })], limits(), 0);
    expect(placed(result)).toEqual({ long: 'w1' });
  });

  it('puts the items of a repository that is busy longest before a longer item of none', () => {
    const many = Array.from({ length: 9 }, (_, index) =>
      pending(`r${index}`, { repository: 'pbs' }),
    );
    const items = [pending('long', { estimate: 30 * MINUTE }), ...many];
    const one = limits({ repositories: { pbs: 1 } });
    const result = schedule(items, [slotWorker('w1', 'pve1', { slots: 1 })], one, 0);
    expect(placed(result)).toEqual({ r0: 'w1' });
  });

  it('gives what a repository leaves free to items that do not use it', () => {
    const items = [
      pending('a', { repository: 'pbs', estimate: 30 * MINUTE }),
      pending('b', { repository: 'pbs', estimate: 20 * MINUTE }),
      pending('c'),
    ];
    const one = limits({ repositories: { pbs: 1 } });
    const result = schedule(items, [slotWorker('w1', 'pve1', { slots: 2 })], one, 0);
    expect(placed(result)).toEqual({ a: 'w1', c: 'w1' });
    expect(result.waiting).toEqual([{ item: 'b', reason: { kind: 'repository', name: 'pbs' } }]);
  });

  it('leaves the reserve free, for a restore in the middle of a backup', () => {
    const items = Array.from({ length: 8 }, (_, index) => pending(`i${index}`));
    const result = schedule(items, [slotWorker('w1', 'pve1')], limits({ reserve: 1 }), 0);
    expect(result.assignments).toHaveLength(3);
    expect(
      schedule(items, [slotWorker('w1', 'pve1')], limits({ reserve: 4 }), 0).impossible,
    ).toHaveLength(8);
  });
});

/** Any cluster, busy in any way that its limits allow. */
const situation = fc
  .record({
    workers: fc.array(
      fc.record({
        node: fc.integer({ min: 0, max: 3 }),
        slots: fc.integer({ min: 1, max: 4 }),
        ready: fc.boolean(),
        readyAt: fc.integer({ min: -5, max: 60 }),
        busy: fc.array(
          fc.record({
            end: fc.integer({ min: -5, max: 90 }),
            repository: fc.integer({ min: 0, max: 2 }),
          }),
          { maxLength: 4 },
        ),
      }),
      { maxLength: 8 },
    ),
    items: fc.array(
      fc.record({
        node: fc.integer({ min: 0, max: 4 }),
        repository: fc.integer({ min: 0, max: 2 }),
        estimate: fc.integer({ min: 1, max: 60 }),
        avoid: fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 3 }),
      }),
      { maxLength: 40 },
    ),
    placement: fc.constantFrom('sameNode' as const, 'preferSameNode' as const, 'any' as const),
    reserve: fc.integer({ min: 0, max: 2 }),
    room: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ workers, items, placement, reserve, room }) => {
    const limit: ScheduleLimits = { placement, reserve, repositories: { r1: room } };
    const repositoryOf = (number: number) => (number === 0 ? {} : { repository: `r${number}` });
    let used = 0;
    const slotWorkers = workers.map((worker, index): SlotWorker => {
      const running = (
        worker.ready ? worker.busy.slice(0, Math.max(0, worker.slots - reserve)) : []
      ).flatMap(({ end, repository }, place) => {
        if (repository === 1) used += 1;
        if (repository === 1 && used > room) return [];
        return [
          { name: `run-${index}-${place}`, endsAt: end * MINUTE, ...repositoryOf(repository) },
        ];
      });
      return {
        name: `w${index}`,
        node: `pve${worker.node}`,
        slots: worker.slots,
        ready: worker.ready,
        readyAt: worker.readyAt * MINUTE,
        running,
      };
    });
    const waiting = items.map(({ node, repository, estimate, avoid }, index): PendingItem => {
      return pending(`i${index}`, {
        ...(node === 4 ? {} : { node: `pve${node}` }),
        ...repositoryOf(repository),
        estimate: estimate * MINUTE,
        avoid: avoid.map((number) => `w${number}`),
      });
    });
    return { workers: slotWorkers, items: waiting, limit };
  });

describe('whatever the situation', () => {
  it('no slot, reserve or repository limit is exceeded, and nobody is assigned twice', () => {
    fc.assert(
      fc.property(situation, ({ workers, items, limit }) => {
        const { assignments, waiting, impossible } = schedule(items, workers, limit, 0);
        const running = new Map(workers.map(({ name, running }) => [name, running.length]));
        for (const { worker } of assignments) running.set(worker, (running.get(worker) ?? 0) + 1);
        for (const worker of workers) {
          const most = Math.max(
            worker.running.length,
            worker.ready ? worker.slots - limit.reserve : 0,
          );
          expect(running.get(worker.name)).toBeLessThanOrEqual(most);
        }
        const usedBefore = workers
          .flatMap((worker) => worker.running)
          .filter(({ repository }) => repository === 'r1');
        const started = new Set(assignments.map(({ item }) => item));
        const usedNow = items.filter(
          ({ name, repository }) => repository === 'r1' && started.has(name),
        );
        expect(usedBefore.length + usedNow.length).toBeLessThanOrEqual(limit.repositories.r1 ?? 0);
        const all = [
          ...assignments.map(({ item }) => item),
          ...waiting.map(({ item }) => item),
          ...impossible,
        ];
        expect(all.sort()).toEqual(items.map(({ name }) => name).sort());
      }),
      { numRuns: 150 },
    );
  });

  it('the same input in another order gets the same answer', () => {
    const shuffled = situation.chain((given) =>
      fc.record({
        given: fc.constant(given),
        items: fc.shuffledSubarray([...given.items], { minLength: given.items.length }),
        workers: fc.shuffledSubarray([...given.workers], { minLength: given.workers.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ given, items, workers }) => {
        expect(schedule(items, workers, given.limit, 0)).toEqual(
          schedule(given.items, given.workers, given.limit, 0),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('an item starts when every worker is idle and ready: nothing waits for nothing', () => {
    fc.assert(
      fc.property(situation, ({ workers, items, limit }) => {
        const idle = workers.map((worker) => ({ ...worker, ready: true, readyAt: 0, running: [] }));
        const { assignments, impossible } = schedule(items, idle, limit, 0);
        if (items.length > impossible.length) expect(assignments.length).toBeGreaterThan(0);
      }),
      { numRuns: 100 },
    );
  });

  it('with sameNode every VM is read on its own node', () => {
    fc.assert(
      fc.property(situation, ({ workers, items, limit }) => {
        const strict = { ...limit, placement: 'sameNode' as const };
        const { assignments } = schedule(items, workers, strict, 0);
        expect(assignments.filter(({ place }) => place === 'other-node')).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
