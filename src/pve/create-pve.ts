import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { Clock, Random } from '../model/ports.ts';
import type { Pve } from '../model/pve-port.ts';
import { createAgent } from './agent.ts';
import { createCaller } from './caller.ts';
import { parseEndpoint } from './endpoint.ts';
import { createEngine } from './engine.ts';
import { createHttpsTransport } from './https-transport.ts';
import { createReads } from './reads.ts';
import { createTasks } from './tasks.ts';
import type { Transport } from './transport.ts';
import { createTrust, type TlsOptions } from './trust.ts';
import { createWrites } from './writes.ts';

export interface PveOptions {
  /** https://host:8006, in the order of preference. Only shown when a transport is given. */
  readonly endpoints: readonly string[];
  /** "user@realm!id=uuid" */
  readonly token: string;
  readonly tls: TlsOptions;
  /** Instead of HTTPS: a simulated cluster in the same process. */
  readonly transport?: Transport;
  readonly clock: Clock;
  readonly random: Random;
  /** Requests in flight at once; more than eight are not used. */
  readonly parallelism: number;
}

/**
 * A client of Proxmox VE. Connects with the first call, not before. Throws DiagnosticsError when an endpoint,
 * the token, a fingerprint or the CA can't be read; the token's secret is in no error.
 */
export function createPve(options: PveOptions): Pve {
  const { clock, random, parallelism } = options;
  const tokenId = readTokenId(options.token);
  const transport = options.transport ?? connect(options);
  const engine = createEngine({
    transport,
    token: options.token,
    endpoint: options.endpoints[0] ?? 'simulator',
    inFlight: parallelism,
    clock,
    random,
  });
  const call = createCaller(engine);
  return {
    read: createReads(call, { tokenId, endpoint: engine.endpoint }),
    write: createWrites(call),
    agent: createAgent(call, clock),
    tasks: createTasks(call, clock),
    clusterTime: engine.clusterTime,
    requests: engine.requests,
    close: async () => {
      await transport.close?.();
    },
  };
}

function connect({ endpoints, tls, clock, parallelism }: PveOptions): Transport {
  if (endpoints.length === 0) {
    const remedy = 'Set cluster.endpoint, or MUSTER_PVE_ENDPOINT.';
    throw new DiagnosticsError([problem('no-endpoint', 'no cluster endpoint is given', remedy)]);
  }
  return createHttpsTransport({
    endpoints: endpoints.map(parseEndpoint),
    trust: createTrust(tls),
    clock,
    connections: parallelism,
  });
}

/** The part before `=`. The shape is checked so that nothing else can end up in a header. */
function readTokenId(token: string): string {
  const id = /^([^\s:/!=]+@[A-Za-z][\w.-]*![A-Za-z][\w.-]*)=[\w-]{1,128}$/.exec(token)?.[1];
  if (id !== undefined) return id;
  const remedy = 'Set MUSTER_PVE_TOKEN to user@realm!id=uuid, as `pveum user token add` prints it.';
  throw new DiagnosticsError([
    problem('bad-token', 'the API token is not of the form user@realm!id=uuid', remedy),
  ]);
}
