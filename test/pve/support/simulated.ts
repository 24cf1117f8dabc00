import type { Pve } from '../../../src/model/pve-port.ts';
import { createPve } from '../../../src/pve/create-pve.ts';
import { createCluster, type SimCluster } from '../../../src/simulator/cluster.ts';
import { quickstartWorld, SIMULATOR_TOKEN } from '../../../src/simulator/worlds.ts';
import { createFakeClock, type FakeClock, RANDOM } from './fake-clock.ts';

export interface Simulated {
  readonly pve: Pve;
  readonly cluster: SimCluster;
  readonly clock: FakeClock;
}

/** A client of a simulated cluster in this process, both on one virtual clock. */
export function simulated(): Simulated {
  const clock = createFakeClock();
  const cluster = createCluster(quickstartWorld(), clock.now());
  const pve = createPve({
    endpoints: [],
    token: SIMULATOR_TOKEN,
    tls: { fingerprints: [] },
    clock,
    random: RANDOM,
    parallelism: 8,
    transport: {
      send: async (request) => {
        const answer = cluster.handle(request, clock.now());
        clock.pass(answer.afterMs);
        if (answer.kind === 'dropped') throw new Error('socket hang up');
        return answer.response;
      },
    },
  });
  return { pve, cluster, clock };
}
