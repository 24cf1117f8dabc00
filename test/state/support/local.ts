import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { StateStore } from '../../../src/model/ports.ts';
import { type LocalStoreOptions, localStore } from '../../../src/state/local-store.ts';
import { processPort, readProcessFacts } from '../../../src/state/process-facts.ts';
import { realClock } from './clocks.ts';

const processes = processPort({ pid: process.pid, host: hostname(), user: 'tester', env: {} });
const self = await readProcessFacts(processes);

/** A local store as the program opens it: real clock, real process. */
export function openTestStore(
  path: string,
  overrides: Partial<LocalStoreOptions> = {},
): StateStore {
  return localStore(path, {
    clock: realClock,
    random: { uuid: () => randomUUID(), fraction: () => Math.random() },
    run: 'apply of a test',
    self,
    processes,
    ...overrides,
  });
}
