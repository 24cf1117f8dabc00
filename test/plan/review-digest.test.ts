import { describe, expect, test } from 'vitest';
import type { Plan, WorkerPlan } from '../../src/model/plan.ts';
import type { PlannedItem, SessionPlan } from '../../src/model/session-plan.ts';
import { reviewDigest } from '../../src/plan/review-digest.ts';
import { sessionItem, sessionSpec } from '../session/support.ts';
import { planOf, withWorkers } from './support/builders.ts';
import { A } from './support/scenes.ts';

const plan = planOf({ declaration: withWorkers({ a: A, b: A }) });
const [a] = plan.workers;
if (a === undefined) throw new Error('a is new');

const item = (name: string, node = 'pve1'): PlannedItem => ({
  item: sessionItem(name, { vm: { vmid: 101, name: 'shop', node } }),
});
const { items: _items, workers: selects, ...spec } = sessionSpec();
const session: SessionPlan = {
  session: 'nightly',
  ...spec,
  selects,
  repositories: {},
  workers: [],
  leftOut: [],
  items: [item('vm-101'), { item: sessionItem('catalogue') }],
  forecast: {
    ...{ totalMs: 1, itemsEndMs: 1, waits: [], savings: [], overNetwork: 0 },
    bound: { ms: 1, by: { kind: 'launch' } },
  },
  leftForApply: [],
  warnings: [],
  refusals: [],
};

const of = (change: Partial<Plan>): Plan => ({ ...plan, ...change });
const ofSession = (change: Partial<SessionPlan>) => of({ session: { ...session, ...change } });
const ofWorker = (change: Partial<WorkerPlan>) => of({ workers: [{ ...a, ...change }] });

describe('what a reviewer agrees to is the same', () => {
  test.each<[string, Plan, Plan]>([
    ['whatever is found', of({ findings: [{ code: 'x', message: 'y' }] }), of({})],
    ['without a refresh', of({ options: { ...plan.options, refresh: false } }), of({})],
    [
      'with a worker of which only drift is shown',
      of({ workers: [...plan.workers, { ...a, worker: 'c', actions: [] }] }),
      of({}),
    ],
    [
      'while a worker waits',
      ofWorker({ held: { why: 'locked', by: 'lock backup' } }),
      ofWorker({}),
    ],
    [
      'through whatever endpoint',
      of({ cluster: { ...plan.cluster, endpoint: 'https://pve2:8006' } }),
      of({}),
    ],
    [
      'however the items of a session are ordered',
      ofSession({ items: [...session.items].reverse() }),
      ofSession({}),
    ],
    [
      'wherever the VM of an item is',
      ofSession({ items: [item('vm-101', 'pve2'), ...session.items.slice(1)] }),
      ofSession({}),
    ],
    [
      'however long it takes',
      ofSession({ forecast: { ...session.forecast, totalMs: 2 } }),
      ofSession({}),
    ],
  ])('%s', (_, one, other) => {
    expect(reviewDigest(one)).toBe(reviewDigest(other));
  });
});

describe('what a reviewer agrees to is another thing', () => {
  test.each<[string, Plan, Plan]>([
    ['with another option', of({ options: { ...plan.options, test: true } }), of({})],
    ['for another environment', of({ environment: 'staging' }), of({})],
    ['on another cluster', of({ cluster: { ...plan.cluster, name: 'south' } }), of({})],
    ['with one worker less', of({ workers: [a] }), of({})],
    ['with another action', ofWorker({ actions: ['destroy'] }), ofWorker({})],
    ['for another VM', ofWorker({ vmid: 9109 }), ofWorker({})],
    ['with a volume that goes', ofWorker({ frees: ['local-lvm:vm-9100-disk-0'] }), ofWorker({})],
    ['with a session', ofSession({}), of({})],
    ['with another session', ofSession({ session: 'weekly' }), ofSession({})],
    ['with more slots kept free', ofSession({ reserve: 1 }), ofSession({})],
    ['with an item less', ofSession({ items: session.items.slice(1) }), ofSession({})],
    [
      'with another command',
      ofSession({ items: [{ item: sessionItem('catalogue', { run: ['true'] }) }] }),
      ofSession({ items: [{ item: sessionItem('catalogue') }] }),
    ],
    [
      'for another VM of a session',
      ofSession({
        items: [{ item: sessionItem('x', { vm: { vmid: 102, name: 'shop', node: 'pve1' } }) }],
      }),
      ofSession({
        items: [{ item: sessionItem('x', { vm: { vmid: 101, name: 'shop', node: 'pve1' } }) }],
      }),
    ],
  ])('%s', (_, one, other) => {
    expect(reviewDigest(one)).not.toBe(reviewDigest(other));
  });
});
