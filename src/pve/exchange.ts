import type { ClientRequest, IncomingMessage } from 'node:http';
import type { ConnectionPool } from './connection-pool.ts';
import {
  type SendOptions,
  TransportFailure,
  type TransportRequest,
  type TransportResponse,
} from './transport.ts';

/** Far above what Proxmox sends (10,000 VMs are about 5 MB, a file from a guest at most 16 MiB). */
const MAX_BODY_BYTES = 64 * 2 ** 20;

/**
 * One request and its whole answer over one connection. Throws TransportFailure: `sent` is false when the
 * request had no connection yet, so that nothing can have been carried out. Rejects with the signal's reason.
 */
export async function exchange(
  pool: ConnectionPool,
  request: TransportRequest,
  options: SendOptions,
): Promise<TransportResponse> {
  options.signal?.throwIfAborted();
  const sending = pool.open({
    method: request.method,
    path: `/api2/json${request.path}`,
    headers: { ...request.headers, 'content-length': String(Buffer.byteLength(request.body)) },
  });
  const guard = watch(sending, options);
  try {
    return await answerOf(sending, request.body);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof TransportFailure) throw error;
    throw unanswered(pool, guard, options, error);
  } finally {
    guard.end();
  }
}

interface Guard {
  readonly sent: () => boolean;
  readonly late: () => boolean;
  end(): void;
}

/** Ends the request at its deadline, body included, or when the caller gives up. Its timer holds no process. */
function watch(sending: ClientRequest, { deadlineMs, signal }: SendOptions): Guard {
  let sent = false;
  const deadline = AbortSignal.timeout(deadlineMs);
  const giveUp = (): unknown => sending.destroy(new Error('given up'));
  sending.once('socket', () => {
    sent = true;
  });
  deadline.addEventListener('abort', giveUp, { once: true });
  signal?.addEventListener('abort', giveUp, { once: true });
  return {
    sent: () => sent,
    late: () => deadline.aborted,
    end: () => {
      deadline.removeEventListener('abort', giveUp);
      signal?.removeEventListener('abort', giveUp);
    },
  };
}

function answerOf(sending: ClientRequest, body: string): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    // `on`: a request that was given up may fail more than once.
    sending.on('error', reject);
    sending.once('response', (response) => {
      readBody(response).then((text) => resolve(toResponse(response, text)), reject);
    });
    sending.end(body);
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.byteLength;
    // Leaving the loop destroys the connection.
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error('the connection ended in the middle of the answer');
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(): TransportFailure {
  const reason = `the answer is larger than ${MAX_BODY_BYTES / 2 ** 20} MiB`;
  return new TransportFailure({ failure: 'garbled', sent: true, reason });
}

function toResponse(response: IncomingMessage, body: string): TransportResponse {
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

function unanswered(
  pool: ConnectionPool,
  guard: Guard,
  { deadlineMs }: SendOptions,
  cause: unknown,
): TransportFailure {
  const sent = guard.sent();
  const late = guard.late();
  const why = cause instanceof Error ? cause.message : String(cause);
  const reason = late ? `no answer in ${deadlineMs / 1000} s` : why;
  const failure = sent ? 'unanswered' : 'unreachable';
  return new TransportFailure({ failure, sent, reason, late, endpoint: pool.endpoint.url }, cause);
}
