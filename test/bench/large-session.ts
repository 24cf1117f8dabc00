import type { SessionResult } from '../../src/model/session-result.ts';
import { largeWorld } from '../../src/simulator/worlds.ts';
import { openHouse } from '../support/house.ts';

export interface SessionSize {
  readonly workers: number;
  readonly slots: number;
  readonly items: number;
}

/**
 * A session is run twice, one worker per node and one item per VM, of 1 to 30 minutes: the second run knows how long
 * the items take. How long each run took, over the least that any order of work could have taken.
 */
export async function overLowerBound(size: SessionSize): Promise<readonly number[]> {
  const house = openHouse({
    world: largeWorld(size.workers, size.items),
    files: { 'muster.yaml': JSON.stringify(declaration(size)) },
    inMemory: () => {},
  });
  const ratios: number[] = [];
  for (let run = 0; run < 2; run += 1) {
    const told = await house.muster('apply', '--with-session', 'work', '--json');
    const line = told.stdout.split('\n').find((each) => each.includes('"session_result"'));
    if (told.code !== 0 || line === undefined)
      throw new Error(`exit ${told.code}\n${told.stderr}${told.stdout.slice(-2000)}`);
    const { result } = JSON.parse(line) as { readonly result: SessionResult };
    ratios.push(result.tookMs / boundOf(result, size.slots));
  }
  return ratios;
}

/** Minutes that look random and are always the same. */
function minutesOf(index: number): number {
  return 1 + ((index * 7919 + 13) % 30);
}

function declaration({ slots, items }: SessionSize) {
  return {
    muster: 1,
    project: 'bench',
    cluster: { endpoint: 'simulator', vmids: { from: 200_000, to: 200_999 } },
    images: { debian: { template: { name: 'debian-13' } } },
    defaults: { image: 'debian', storage: 'local-lvm' },
    workerSets: { all: { nodes: 'all', name: 'w-${node}', worker: { slots } } },
    sessions: {
      work: {
        kind: 'backup',
        items: Array.from({ length: items }, (_, index) => ({
          forEachVm: { vmids: [100_000 + index] },
          name: `i${index}-\${vm.id}`,
          run: ['sleep', String(minutesOf(index) * 60)],
        })),
      },
    },
  };
}

/** By what happened, not by what was predicted: all work over all slots, or the longest item, and the power-off. */
function boundOf({ items, workers }: SessionResult, slots: number): number {
  const took = items.flatMap(({ attempts }) => attempts.map(({ start, end }) => end - start));
  const ready = workers.map(
    ({ phases }) => phases.find(({ phase }) => phase === 'work')?.start ?? 0,
  );
  const stops = workers.flatMap(({ phases }) =>
    phases.flatMap(({ phase, start, end }) => (phase === 'stop' ? [end - start] : [])),
  );
  const open = ready.reduce((sum, at) => sum + at * slots, 0);
  const level = (took.reduce((sum, ms) => sum + ms, 0) + open) / (slots * workers.length);
  return Math.max(level, Math.min(...ready) + Math.max(...took)) + Math.min(...stops);
}
