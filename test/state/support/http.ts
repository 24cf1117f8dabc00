import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { StateSpec } from '../../../src/model/declaration.ts';
import type { StateStore } from '../../../src/model/ports.ts';
import { openStore } from '../../../src/state/backends.ts';
import type { HttpStoreOptions } from '../../../src/state/http-store.ts';
import { processPort, readProcessFacts } from '../../../src/state/process-facts.ts';
import { realClock } from './clocks.ts';

const processes = processPort({ pid: process.pid, host: hostname(), user: 'tester', env: {} });
const self = await readProcessFacts(processes);

export interface HttpTestOptions extends Partial<HttpStoreOptions> {
  readonly env?: Readonly<Record<string, string>>;
}

/** An http store as the program opens it, except that it tries again at once. */
export function openHttpStore(
  spec: Extract<StateSpec, { backend: 'http' }>,
  { env = {}, ...overrides }: HttpTestOptions = {},
): Promise<StateStore> {
  return openStore(spec, {
    root: '/nowhere',
    env: { MUSTER_HTTP_RETRY_WAIT_MIN: '0', MUSTER_HTTP_RETRY_WAIT_MAX: '0', ...env },
    systemCa: async () => undefined,
    clock: realClock,
    random: { uuid: () => randomUUID(), fraction: () => Math.random() },
    run: 'muster apply',
    self,
    processes,
    ...overrides,
  });
}
