import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Certificate, selfSigned } from './certificate.ts';
import { createCluster, type SimCluster } from './cluster.ts';
import type { SimAnswer } from './protocol.ts';
import { MOST_BODY } from './request.ts';
import type { WorldSpec } from './spec.ts';
import { SIMULATOR_TOKEN } from './worlds.ts';

export interface ServerOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Default: 127.0.0.1. */
  readonly host?: string;
  readonly tls?: boolean;
  /** One of world and cluster. */
  readonly world?: WorldSpec;
  readonly cluster?: SimCluster;
  readonly nowMs: () => number;
  /** Cluster time runs so many times as fast as real time; default 1. */
  readonly speed?: number;
}

export interface SimServer {
  /** https://127.0.0.1:8006 */
  readonly endpoint: string;
  /** SHA-256 of the certificate, AA:BB:…, when there is TLS. */
  readonly fingerprint?: string;
  /** The certificate itself, to trust as a CA. */
  readonly certificate?: string;
  /** A token with every privilege: user@realm!id=secret. */
  readonly token: string;
  readonly cluster: SimCluster;
  close(): Promise<void>;
}

/** As pveproxy does it: it closes idle connections after 5 s, and any after 100 requests. */
const IDLE_MS = 5000;
const REQUESTS_PER_CONNECTION = 100;
const ROOT = '/api2/json';

export async function startServer(options: ServerOptions): Promise<SimServer> {
  const { speed = 1, host = '127.0.0.1' } = options;
  const startedMs = options.nowMs();
  const cluster = options.cluster ?? createCluster(worldOf(options), startedMs);
  const originMs = Math.max(cluster.world.nowMs, startedMs);
  const clusterNow = () =>
    Math.max(cluster.world.nowMs, Math.round(originMs + (options.nowMs() - startedMs) * speed));
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    serve(cluster, clusterNow, speed, request, response).catch(() => response.destroy());
  };
  const certificate = options.tls
    ? selfSigned([host === '0.0.0.0' ? 'localhost' : host, 'localhost'], startedMs)
    : undefined;
  const server =
    certificate === undefined
      ? createHttp(listener)
      : createHttps({ key: certificate.key, cert: certificate.cert }, listener);
  server.keepAliveTimeout = IDLE_MS;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `${certificate === undefined ? 'http' : 'https'}://${host}:${port}`,
    ...described(certificate),
    token: SIMULATOR_TOKEN,
    cluster,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function worldOf(options: ServerOptions): WorldSpec {
  if (options.world === undefined) throw new Error('a simulator needs a world or a cluster');
  return options.world;
}

function described(
  certificate: Certificate | undefined,
): { fingerprint: string; certificate: string } | Record<string, never> {
  return certificate === undefined
    ? {}
    : { fingerprint: certificate.fingerprint, certificate: certificate.cert };
}

/** Requests that each connection has carried. */
const carried = new WeakMap<Socket, number>();

async function serve(
  cluster: SimCluster,
  clusterNow: () => number,
  speed: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const count = (carried.get(request.socket) ?? 0) + 1;
  carried.set(request.socket, count);
  const url = request.url ?? '/';
  if (!url.startsWith(ROOT)) {
    end(response, 501, `Method '${request.method} ${url}' not implemented`, {}, '', true);
    return;
  }
  const answer = cluster.handle(
    {
      method: request.method ?? 'GET',
      path: url.slice(ROOT.length) || '/',
      headers: headersOf(request),
      body: await bodyOf(request),
    },
    clusterNow(),
  );
  if (answer.afterMs > 0) await pause(answer.afterMs / speed);
  finish(answer, response, count >= REQUESTS_PER_CONNECTION);
}

function finish(answer: SimAnswer, response: ServerResponse, last: boolean): void {
  if (answer.kind === 'dropped') {
    response.socket?.destroy();
    return;
  }
  const { status, reason, headers, body } = answer.response;
  end(response, status, reason, headers, body, last || status >= 300);
}

function end(
  response: ServerResponse,
  status: number,
  reason: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  close: boolean,
): void {
  response.sendDate = headers.date === undefined;
  /** A status line is Latin-1, and holds no line breaks. */
  response.writeHead(status, Buffer.from(oneLine(reason), 'utf8').toString('latin1'), {
    ...headers,
    connection: close ? 'close' : 'Keep-Alive',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

function oneLine(reason: string): string {
  return reason.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

/** Stops keeping what is over the limit: the core refuses it by its length. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size <= MOST_BODY + 65_536) chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
