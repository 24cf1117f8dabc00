import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a server of the HTTP state protocol differs from others. */
export interface StateServerOptions {
  /** LOCK and UNLOCK on the address itself; or GitLab's way: POST and DELETE on /lock, all fields wanted. */
  readonly style?: 'terraform' | 'gitlab';
  /** Gives strong ETags and honours If-Match. */
  readonly etag?: boolean;
  /** Refuses a write or unlock with another id than the lock's. Default: true. */
  readonly checksIds?: boolean;
  /** "user:password"; without it, everybody may. */
  readonly credentials?: string;
  readonly port?: number;
  /** What another server, now stopped, has stored. */
  readonly stored?: string;
}

/** What happens to the next request of that method, once. */
export type ServerFault =
  /** The connection ends before the request is looked at, or after it was carried out. */
  | { readonly kind: 'cut-before' | 'cut-after' }
  /** Carried out, and answered never. */
  | { readonly kind: 'silent' }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly type: string;
      readonly body: string;
    };

export interface StateServer {
  readonly address: string;
  readonly lockAddress: string;
  readonly port: number;
  /** What is stored now, as bytes of text; undefined: nothing. */
  stored(): string | undefined;
  /** Every text that was stored, oldest first. */
  history(): readonly string[];
  /** The body of the lock that is held. */
  lock(): string | undefined;
  /** Puts text or a lock there, as others would. */
  put(text: string | undefined): void;
  setLock(lock: object | undefined): void;
  failNext(method: string, fault: ServerFault): void;
  /** "LOCK", "GET", "POST?ID" …, in order. */
  requests(): readonly string[];
  stop(): Promise<void>;
}

const FIELDS = ['ID', 'Operation', 'Info', 'Who', 'Version', 'Created', 'Path'] as const;

/** A small server of the HTTP state protocol, on a free port of this machine. */
export async function startStateServer(options: StateServerOptions = {}): Promise<StateServer> {
  const { style = 'terraform', checksIds = true, credentials } = options;
  const history: string[] = [];
  const requests: string[] = [];
  const faults: { method: string; fault: ServerFault }[] = [];
  let stored = options.stored;
  let lock: string | undefined;

  const idOf = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : fieldsOf(text).ID;

  function takeLock(body: string, response: ServerResponse): void {
    if (style === 'gitlab' && FIELDS.some((field) => fieldsOf(body)[field] === undefined))
      return reply(response, 400, '{"error":"a field is missing"}');
    if (lock !== undefined) return reply(response, style === 'gitlab' ? 409 : 423, lock);
    lock = body;
    reply(response, 200, '');
  }

  function giveLock(body: string, response: ServerResponse): void {
    if (checksIds && lock !== undefined && idOf(lock) !== idOf(body))
      return reply(response, 409, lock);
    lock = undefined;
    reply(response, 200, '');
  }

  function read(response: ServerResponse): void {
    if (stored === undefined) return reply(response, 404, '');
    if (options.etag) response.setHeader('etag', etagOf(stored));
    response.setHeader('content-md5', createHash('md5').update(stored).digest('base64'));
    reply(response, 200, stored);
  }

  function write(request: IncomingMessage, body: string, response: ServerResponse): void {
    const id = new URL(request.url ?? '', 'http://x').searchParams.get('ID') ?? undefined;
    if (checksIds && lock !== undefined && idOf(lock) !== id) return reply(response, 409, lock);
    if (checksIds && lock === undefined && id !== undefined) return reply(response, 409, '');
    const expected = request.headers['if-match'];
    if (options.etag && expected !== undefined && expected !== etagOf(stored ?? ''))
      return reply(response, 412, '');
    const md5 = request.headers['content-md5'];
    if (md5 !== undefined && md5 !== createHash('md5').update(body).digest('base64'))
      return reply(response, 400, 'bad digest');
    stored = body;
    history.push(body);
    reply(response, 200, '');
  }

  function carryOut(request: IncomingMessage, body: string, response: ServerResponse): void {
    const method = request.method ?? '';
    const onLock = (request.url ?? '').split('?')[0]?.endsWith('/lock') === true;
    if (style === 'gitlab' && onLock && method === 'POST') return takeLock(body, response);
    if (style === 'gitlab' && onLock && method === 'DELETE') return giveLock(body, response);
    if (style === 'terraform' && method === 'LOCK') return takeLock(body, response);
    if (style === 'terraform' && method === 'UNLOCK') return giveLock(body, response);
    if (method === 'GET') return read(response);
    if (method === 'POST') return write(request, body, response);
    reply(response, 405, '');
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const onLock = (request.url ?? '').split('?')[0]?.endsWith('/lock') === true;
      const method = `${request.method}${onLock ? '/lock' : ''}`;
      requests.push(method);
      if (credentials !== undefined && request.headers.authorization !== basic(credentials))
        return reply(response, 401, '{"message":"401 Unauthorized"}');
      const index = faults.findIndex((each) => each.method === method);
      const fault = index < 0 ? undefined : faults.splice(index, 1)[0]?.fault;
      if (fault?.kind === 'cut-before') return void request.socket.destroy();
      if (fault?.kind === 'answer') {
        response.setHeader('content-type', fault.type);
        return reply(response, fault.status, fault.body);
      }
      if (fault?.kind === 'cut-after' || fault?.kind === 'silent') {
        carryOut(request, body, deaf(response));
        if (fault.kind === 'cut-after') request.socket.destroy();
        return undefined;
      }
      return carryOut(request, body, response);
    });
  });
  const port = await listen(server, options.port ?? 0);
  const address = `http://127.0.0.1:${port}/state/backup`;
  return {
    address,
    lockAddress: style === 'gitlab' ? `${address}/lock` : address,
    port,
    stored: () => stored,
    history: () => history,
    lock: () => lock,
    put: (text) => {
      stored = text;
    },
    setLock: (next) => {
      lock = next === undefined ? undefined : JSON.stringify(next);
    },
    failNext: (method, fault) => {
      faults.push({ method, fault });
    },
    requests: () => requests,
    stop: () => stop(server),
  };
}

/** Settings for a declaration's `state:` that names this server. */
export function specOf(server: StateServer, style: 'terraform' | 'gitlab' = 'terraform') {
  const gitlab = { lockMethod: 'POST', unlockMethod: 'DELETE' };
  return {
    backend: 'http',
    address: server.address,
    options: { lockAddress: server.lockAddress, ...(style === 'gitlab' ? gitlab : {}) },
  } as const;
}

function deaf(response: ServerResponse): ServerResponse {
  return Object.assign(Object.create(response) as ServerResponse, {
    end: () => response,
    setHeader: () => response,
  });
}

function reply(response: ServerResponse, status: number, body: string): undefined {
  response.statusCode = status;
  response.end(body);
}

function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('hex').slice(0, 16)}"`;
}

function basic(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function fieldsOf(text: string): Readonly<Record<string, string | undefined>> {
  try {
    return JSON.parse(text) as Record<string, string | undefined>;
  } catch {
    return {};
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
