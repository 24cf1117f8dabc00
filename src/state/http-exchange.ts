import type { Agent as HttpAgent, IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ms for the whole exchange, the answer's body included. */
  readonly deadlineMs: number;
  /** It may be sent again without asking when an idle connection turned out to be closed. */
  readonly mayRepeat: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly reason: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** No whole answer came. `sent`: the request may have been carried out. */
export class HttpFailure extends Error {
  readonly sent: boolean;
  readonly untrusted: boolean;
  constructor(message: string, sent: boolean, untrusted: boolean, cause?: unknown) {
    super(message, { cause });
    this.name = 'HttpFailure';
    this.sent = sent;
    this.untrusted = untrusted;
  }
}

/** A page for people, by a proxy or a login in between: no state, and no word of the state's server. */
export function isPage({ headers, body }: HttpAnswer): boolean {
  const isHtml = (headers['content-type'] ?? '').includes('html');
  return isHtml || /^\s*</.test(Buffer.from(body.subarray(0, 64)).toString('latin1'));
}

export type Exchange = (request: HttpRequest) => Promise<HttpAnswer>;

/** As large as a state may be in a file. */
const MOST_BYTES = 256 * 2 ** 20;

/** Requests over kept-alive connections; Node's HTTP is loaded with the first one. Redirects are not followed. */
export function httpExchange(tls: {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}): Exchange {
  const agents = new Map<string, HttpAgent>();
  return async (request) => {
    const { http, https } = await load();
    const isTls = request.url.protocol === 'https:';
    const known = agents.get(request.url.protocol);
    const options = { keepAlive: true, maxSockets: 4, timeout: 4_000 };
    const agent =
      known ?? (isTls ? new https.Agent({ ...options, ...tls }) : new http.Agent(options));
    agents.set(request.url.protocol, agent);
    return send(isTls ? https.request : http.request, request, agent, request.mayRepeat);
  };
}

async function load() {
  const [http, https] = await Promise.all([import('node:http'), import('node:https')]);
  return { http, https };
}

type Send = (url: URL, options: RequestOptions) => import('node:http').ClientRequest;

function send(
  open: Send,
  request: HttpRequest,
  agent: HttpAgent,
  mayRepeat: boolean,
): Promise<HttpAnswer> {
  const { method, url, body = '', deadlineMs } = request;
  const headers = { ...request.headers, 'content-length': String(Buffer.byteLength(body)) };
  const deadline = AbortSignal.timeout(Math.max(1, Math.ceil(deadlineMs)));
  const sending = open(url, { method, headers, agent, rejectUnauthorized: true });
  let isSent = false;
  const giveUp = () =>
    sending.destroy(new Error(`no answer in ${Math.round(deadlineMs / 1000)} s`));
  deadline.addEventListener('abort', giveUp, { once: true });
  const answer = new Promise<HttpAnswer>((resolve, reject) => {
    sending.on('error', reject);
    sending.once('socket', (socket) => {
      if (!socket.connecting) isSent = true;
      else
        socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
          isSent = true;
        });
    });
    sending.once('response', (response) => {
      readBody(response).then((bytes) => resolve(answerOf(response, bytes)), reject);
    });
    sending.end(body);
  });
  return answer
    .catch((error: unknown) => {
      // The server closed an idle connection just when it was used again: it has not read the request.
      const wasClosed = sending.reusedSocket && codeOf(error) === 'ECONNRESET';
      if (wasClosed && mayRepeat) return send(open, request, agent, false);
      throw failureOf(error, isSent);
    })
    .finally(() => deadline.removeEventListener('abort', giveUp));
}

async function readBody(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw new Error(`the answer is larger than ${MOST_BYTES / 2 ** 20} MiB`);
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error('the connection ended in the middle of the answer');
  return Buffer.concat(chunks);
}

function answerOf(response: IncomingMessage, body: Uint8Array): HttpAnswer {
  const headers = Object.entries(response.headers).map(([name, value]) => [
    name,
    [value ?? ''].flat().join(', '),
  ]);
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? '',
    headers: Object.fromEntries(headers),
    body,
  };
}

function failureOf(error: unknown, isSent: boolean): HttpFailure {
  if (error instanceof HttpFailure) return error;
  const code = codeOf(error) ?? '';
  const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|ALTNAME/.test(code);
  const said = error instanceof Error && error.message !== '' ? error.message : code;
  return new HttpFailure(said, isSent && !untrusted, untrusted, error);
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
