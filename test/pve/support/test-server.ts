import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Which connection brought it, counted from 1. */
  readonly connection: number;
}

export interface TestServer {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  readonly connections: () => number;
  close(): Promise<void>;
}

export type Handler = (
  request: SeenRequest,
  response: ServerResponse,
  /** How many requests came before this one. */
  index: number,
) => void;

/** A server on a free port of this machine; with a certificate it speaks TLS. */
export async function startTestServer(
  handler: Handler,
  tls?: { readonly cert: string; readonly key: string },
): Promise<TestServer> {
  const requests: SeenRequest[] = [];
  const sockets = new Map<Socket, number>();
  const onRequest = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const seen = {
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString('utf8'),
      connection: sockets.get(incoming.socket) ?? 0,
    };
    requests.push(seen);
    handler(seen, response, requests.length - 1);
  };
  const server = tls === undefined ? createServer(onRequest) : createSecureServer(tls, onRequest);
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    sockets.set(socket, sockets.size + 1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    connections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers as Proxmox does. */
export function answer(response: ServerResponse, data: unknown): void {
  response.setHeader('content-type', 'application/json;charset=UTF-8');
  response.end(JSON.stringify({ data }));
}
