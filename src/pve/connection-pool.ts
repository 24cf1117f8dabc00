import {
  Agent,
  type AgentOptions,
  type ClientRequest,
  type IncomingMessage,
  request as overHttp,
} from 'node:http';
import { request as overHttps, Agent as SecureAgent } from 'node:https';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../model/ports.ts';
import type { Endpoint } from './endpoint.ts';
import { TransportFailure } from './transport.ts';
import type { Trust } from './trust.ts';

/** Proxmox closes a connection after 5.0 s without a request; ours are dropped well before. */
const IDLE_MS = 3_500;
/** And after 100 requests; ours are retired before that. */
const REQUESTS_PER_CONNECTION = 95;
/** TCP and TLS together. */
const CONNECT_MS = 8_000;
/** Reason phrases can be long. */
const MAX_HEADER_BYTES = 65_536;

/** Kept-alive connections to one endpoint. Idle ones do not keep the process alive. */
export interface ConnectionPool {
  readonly endpoint: Endpoint;
  /** A request that is not sent yet; it gets a connection that is trusted, or fails before a byte is written. */
  open(options: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
  }): ClientRequest;
  close(): void;
}

interface Use {
  requests: number;
  lastUsed: number;
}

export function createConnectionPool(
  endpoint: Endpoint,
  trust: Trust,
  clock: Clock,
  connections: number,
): ConnectionPool {
  const agent = createAgent(endpoint, trust, connections);
  const uses = new WeakMap<object, Use>();
  const send = endpoint.secure ? overHttps : overHttp;
  return {
    endpoint,
    open: (options) => {
      dropStale(agent, uses, clock.monotonic());
      const { host, port } = endpoint;
      const opened = send({ agent, host, port, maxHeaderSize: MAX_HEADER_BYTES, ...options });
      opened.once('response', (response) => retireWhenWorn(response, uses, clock));
      return opened;
    },
    close: () => agent.destroy(),
  };
}

function createAgent(endpoint: Endpoint, trust: Trust, maxSockets: number): Agent {
  const options: AgentOptions = {
    keepAlive: true,
    timeout: IDLE_MS,
    maxSockets,
    scheduling: 'lifo',
  };
  const agent = endpoint.secure ? new SecureAgent(options) : new Agent(options);
  return Object.assign(agent, {
    // Called by Node for each new connection. Nothing is returned, so the request waits for `ready`.
    createConnection: (_: unknown, ready: (error: Error | null, socket?: Socket) => void): void =>
      connect(endpoint, trust, ready),
  });
}

/**
 * Hands over a connection only when its certificate was found to be trusted: whatever is written before that
 * could already be on its way, the token included.
 */
function connect(
  endpoint: Endpoint,
  trust: Trust,
  ready: (error: Error | null, socket?: Socket) => void,
): void {
  const { host, port, secure } = endpoint;
  const servername = isIP(host) === 0 ? host : '';
  const socket = secure
    ? connectTls({
        host,
        port,
        servername,
        secureContext: trust.context,
        // The verdict is ours, so that it can show the certificate.
        rejectUnauthorized: false,
      })
    : connectTcp({ host, port });
  const settle = (error: Error | null): void => {
    limit.removeEventListener('abort', onLate);
    socket.off('error', onError);
    if (error === null) {
      ready(null, socket);
      return;
    }
    // A late error of a connection that was given up has no other listener.
    socket.on('error', () => undefined);
    socket.destroy();
    ready(error);
  };
  const onError = (error: Error): void => settle(unreachable(endpoint, error.message, error));
  const onLate = (): void =>
    settle(unreachable(endpoint, `no connection in ${CONNECT_MS / 1000} s`));
  const limit = AbortSignal.timeout(CONNECT_MS);
  limit.addEventListener('abort', onLate, { once: true });
  socket.once('error', onError);
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    const mistrust = 'getPeerCertificate' in socket ? trust.verdict(socket) : undefined;
    if (mistrust === undefined) return settle(null);
    const facts = {
      failure: 'untrusted',
      sent: false,
      endpoint: endpoint.url,
      ...mistrust,
    } as const;
    const reason = `the certificate of ${endpoint.url} is not trusted: ${mistrust.reason}`;
    settle(new TransportFailure({ ...facts, reason }));
  });
}

function unreachable(endpoint: Endpoint, why: string, cause?: Error): TransportFailure {
  // Several addresses that all failed give an error without a message of its own.
  const words =
    why === '' && cause instanceof AggregateError
      ? cause.errors.map(String).join(', ')
      : speaksNoTls(cause)
        ? 'what listens there speaks no TLS (is it plain http, or another port?)'
        : why;
  const reason = `${words || 'no connection'}${endpoint.hint}`;
  return new TransportFailure(
    { failure: 'unreachable', sent: false, endpoint: endpoint.url, reason },
    cause,
  );
}

/** OpenSSL's own words for it name a file and a line of its source. */
function speaksNoTls(cause: Error | undefined): boolean {
  return /wrong version number|packet length too long|http request/i.test(cause?.message ?? '');
}

/** A busy event loop can delay the agent's own idle timer until Proxmox has closed the connection. */
function dropStale(agent: Agent, uses: WeakMap<object, Use>, now: number): void {
  for (const socket of Object.values(agent.freeSockets).flatMap((list) => list ?? [])) {
    const use = uses.get(socket);
    if (use !== undefined && now - use.lastUsed > IDLE_MS) socket.destroy();
  }
}

function retireWhenWorn(response: IncomingMessage, uses: WeakMap<object, Use>, clock: Clock): void {
  const { socket } = response;
  const use = uses.get(socket) ?? { requests: 0, lastUsed: 0 };
  uses.set(socket, use);
  use.requests += 1;
  response.once('end', () => {
    use.lastUsed = clock.monotonic();
    if (use.requests >= REQUESTS_PER_CONNECTION) socket.destroy();
  });
}
