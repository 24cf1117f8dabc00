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
  /** The Authorization header that is wanted; without it, everybody may. */
  readonly credentials?: string;
  readonly port?: number;
  /** What another server, now stopped, has stored. */
  readonly stored?: string;
}

/** What happens to the next request of that method, once. */
export type ServerFault =
  /** The connection ends before the request is looked at, or after it was carried out. */
  | { readonly kind: 'cut-before' | 'cut-after' }
  /** Carried out, and never answered. */
  | { readonly kind: 'silent' }
  /** Something else happens first; then it is carried out as ever. */
  | { readonly kind: 'meanwhile'; readonly happens: () => void }
  | ({ readonly kind: 'answer' } & Answer);

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
  const MAIN = '/state/backup';
  /** By path: several states may share one lock. */
  const texts = new Map(options.stored === undefined ? [] : [[MAIN, options.stored]]);
  let lock: string | undefined;

  const idOf = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : fieldsOf(text).ID;

  function takeLock(body: string): Answer {
    if (style === 'gitlab' && FIELDS.some((field) => fieldsOf(body)[field] === undefined))
      return answer(400, '{"error":"a field is missing"}');
    if (lock !== undefined) return answer(style === 'gitlab' ? 409 : 423, lock);
    lock = body;
    return answer(200);
  }

  function giveLock(body: string): Answer {
    if (checksIds && lock !== undefined && idOf(lock) !== idOf(body)) return answer(409, lock);
    lock = undefined;
    return answer(200);
  }

  function read(request: IncomingMessage): Answer {
    const stored = texts.get(pathOf(request));
    if (stored === undefined) return answer(404);
    const etag = options.etag === true ? { etag: etagOf(stored) } : {};
    return { ...answer(200, stored), headers: { 'content-md5': md5Of(stored), ...etag } };
  }

  function write(request: IncomingMessage, body: string): Answer {
    const id = new URL(request.url ?? '', 'http://x').searchParams.get('ID') ?? undefined;
    if (checksIds && idOf(lock) !== id) return answer(409, lock);
    const expected = request.headers['if-match'];
    if (
      options.etag === true &&
      expected !== undefined &&
      expected !== etagOf(texts.get(pathOf(request)) ?? '')
    )
      return answer(412);
    const md5 = request.headers['content-md5'];
    if (md5 !== undefined && md5 !== md5Of(body)) return answer(400, 'bad digest');
    texts.set(pathOf(request), body);
    if (pathOf(request) === MAIN) history.push(body);
    return answer(200);
  }

  function carryOut(method: string, request: IncomingMessage, body: string): Answer {
    switch (style === 'gitlab' ? method : method.replace('/lock', '')) {
      case style === 'gitlab' ? 'POST/lock' : 'LOCK':
        return takeLock(body);
      case style === 'gitlab' ? 'DELETE/lock' : 'UNLOCK':
        return giveLock(body);
      case 'GET':
        return read(request);
      case 'POST':
        return write(request, body);
      default:
        return answer(405);
    }
  }

  function serve(request: IncomingMessage, body: string, response: ServerResponse): void {
    const onLock = new URL(request.url ?? '', 'http://x').pathname.endsWith('/lock');
    const method = `${request.method}${onLock ? '/lock' : ''}`;
    requests.push(method);
    const isAllowed = credentials === undefined || request.headers.authorization === credentials;
    const index = faults.findIndex((each) => each.method === method);
    const fault = index < 0 ? undefined : faults.splice(index, 1)[0]?.fault;
    if (!isAllowed) reply(response, answer(401, '{"message":"401 Unauthorized"}'));
    else if (fault?.kind === 'cut-before') request.socket.destroy();
    else if (fault?.kind === 'answer') reply(response, fault);
    else {
      if (fault?.kind === 'meanwhile') fault.happens();
      const done = carryOut(method, request, body);
      if (fault === undefined || fault.kind === 'meanwhile') reply(response, done);
      else if (fault.kind === 'cut-after') request.socket.destroy();
    }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => serve(request, Buffer.concat(chunks).toString('utf8'), response));
  });
  const port = await listen(server, options.port ?? 0);
  const address = `http://127.0.0.1:${port}${MAIN}`;
  return {
    address,
    lockAddress: style === 'gitlab' ? `${address}/lock` : address,
    port,
    stored: () => texts.get(MAIN),
    history: () => history,
    lock: () => lock,
    put: (text) => {
      if (text === undefined) texts.delete(MAIN);
      else texts.set(MAIN, text);
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

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function answer(status: number, body = ''): Answer {
  return { status, body };
}

function reply(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, headers);
  response.end(body);
}

function pathOf(request: IncomingMessage): string {
  return new URL(request.url ?? '', 'http://x').pathname;
}

function md5Of(text: string): string {
  return createHash('md5').update(text).digest('base64');
}

function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('hex').slice(0, 16)}"`;
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
