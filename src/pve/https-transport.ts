import type { Clock } from '../model/ports.ts';
import { type ConnectionPool, createConnectionPool } from './connection-pool.ts';
import type { Endpoint } from './endpoint.ts';
import { exchange } from './exchange.ts';
import {
  type SendOptions,
  type Transport,
  TransportFailure,
  type TransportRequest,
  type TransportResponse,
} from './transport.ts';
import type { Trust } from './trust.ts';

export interface HttpsTransportOptions {
  /** At least one. */
  readonly endpoints: readonly Endpoint[];
  readonly trust: Trust;
  readonly clock: Clock;
  readonly connections: number;
}

/**
 * Sends to the first endpoint that answers, and stays with it. Another one is tried only when nothing was sent
 * or the request is a GET: a write whose answer was lost may have been carried out.
 */
export function createHttpsTransport(options: HttpsTransportOptions): Transport {
  const { endpoints, trust, clock, connections } = options;
  const pools = endpoints.map((endpoint) =>
    createConnectionPool(endpoint, trust, clock, connections),
  );
  let preferred = 0;
  return {
    send: async (request, sendOptions) => {
      const tried = await inTurn(pools, preferred, request, sendOptions, clock);
      preferred = tried.pool;
      return tried.response;
    },
    endpoint: () => pools[preferred]?.endpoint.url ?? '',
    close: () => {
      for (const pool of pools) pool.close();
    },
  };
}

async function inTurn(
  pools: readonly ConnectionPool[],
  first: number,
  request: TransportRequest,
  options: SendOptions,
  clock: Clock,
): Promise<{ readonly response: TransportResponse; readonly pool: number }> {
  const failures: TransportFailure[] = [];
  const end = clock.monotonic() + options.deadlineMs;
  for (let turn = 0; turn < pools.length; turn += 1) {
    const index = (first + turn) % pools.length;
    const pool = pools[index];
    const deadlineMs = Math.ceil(end - clock.monotonic());
    if (pool === undefined || deadlineMs <= 0) break;
    try {
      return { response: await exchange(pool, request, { ...options, deadlineMs }), pool: index };
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error;
      failures.push(error);
      if (error.facts.sent && request.method !== 'GET') break;
    }
  }
  throw summary(failures);
}

/** What to tell when no endpoint answered: a lost answer first, then a certificate, for that can be mended. */
function summary(failures: readonly TransportFailure[]): TransportFailure {
  const last = failures.at(-1);
  if (last === undefined)
    return new TransportFailure({ failure: 'unreachable', sent: false, reason: 'no endpoint' });
  const untrusted = failures.find((failure) => failure.facts.failure === 'untrusted');
  if (!last.facts.sent && untrusted !== undefined) return untrusted;
  if (failures.length === 1) return last;
  const lines = failures.map(({ facts }) => `${facts.endpoint ?? '?'}: ${facts.reason}`);
  return new TransportFailure({ ...last.facts, reason: lines.join('; ') }, last);
}
