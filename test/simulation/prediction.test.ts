import { expect, it } from 'vitest';
import type { SavedPlan } from '../../src/model/plan.ts';
import type { SessionResult } from '../../src/model/session-result.ts';
import { largeWorld } from '../../src/simulator/worlds.ts';
import { openHouse } from '../support/house.ts';

/** No two items end within 40 s of each other, which is more than what polling blurs. */
const SECONDS = [70, 110, 310, 440, 530, 570, 610, 650, 700];

const declaration = {
  muster: 1,
  project: 'predicted',
  cluster: { endpoint: 'simulator', vmids: { from: 9100, to: 9199 } },
  images: { debian: { template: { name: 'debian-13' } } },
  defaults: { image: 'debian', storage: 'local-lvm', patch: { policy: 'none' } },
  workerSets: { all: { nodes: 'all', name: 'w-${node}', worker: { slots: 2 } } },
  sessions: {
    work: {
      kind: 'backup',
      items: SECONDS.map((seconds) => ({
        name: `i${seconds}`,
        run: ['sleep', String(seconds)],
        timeout: '1h',
      })),
    },
  },
};

it('the predicted timeline has the order of the run when nothing fails', async () => {
  const house = openHouse({
    world: largeWorld(2, 0),
    files: { 'muster.yaml': JSON.stringify(declaration) },
    inMemory: () => {},
  });
  // How long things take is learnt from a first run.
  expect((await house.muster('apply', '--with-session', 'work')).code).toBe(0);
  const planned = await house.muster('plan', '--with-session', 'work', '--format=json');
  const { session } = (JSON.parse(planned.stdout) as SavedPlan).plan;
  if (session === undefined) throw new Error('the plan has no session');
  const told = await house.muster('apply', '--with-session', 'work', '--json');
  const last = told.stdout.split('\n').find((line) => line.includes('"session_result"')) ?? '{}';
  const { result } = JSON.parse(last) as { readonly result: SessionResult };
  const predicted = session.items.map(({ item, run }) => ({
    item: item.name,
    worker: run?.worker,
    start: run?.start ?? 0,
  }));
  const real = result.items.map(({ item, attempts: [first] }) => ({
    item,
    worker: first?.worker,
    start: first?.start ?? 0,
  }));
  expect(order(real)).toEqual(order(predicted));
  expect(result.tookMs / session.forecast.totalMs).toBeGreaterThan(0.9);
  expect(result.tookMs / session.forecast.totalMs).toBeLessThan(1.1);
});

function order(
  runs: readonly {
    readonly item: string;
    readonly worker: string | undefined;
    readonly start: number;
  }[],
) {
  return [...runs]
    .sort((a, b) => Math.round((a.start - b.start) / 20_000) || (a.item < b.item ? -1 : 1))
    .map(({ item, worker }) => `${item} in ${worker}`);
}
