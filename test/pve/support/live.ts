import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../src/model/ports.ts';
import type { Pve } from '../../../src/model/pve-port.ts';
import { createPve, type PveOptions } from '../../../src/pve/create-pve.ts';
import { TOKEN } from './canned-cluster.ts';

/** This machine's time, for tests over real sockets. */
export const LIVE_CLOCK: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  },
};

export function livePve(endpoints: readonly string[], over: Partial<PveOptions> = {}): Pve {
  return createPve({
    endpoints,
    token: TOKEN,
    tls: { fingerprints: [] },
    clock: LIVE_CLOCK,
    random: { uuid: randomUUID, fraction: () => 0 },
    parallelism: 8,
    ...over,
  });
}
