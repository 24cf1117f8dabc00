import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { parseEndpoint } from '../../src/pve/endpoint.ts';
import { createHttpsTransport } from '../../src/pve/https-transport.ts';
import type { Transport, TransportRequest } from '../../src/pve/transport.ts';
import { createTrust } from '../../src/pve/trust.ts';
import { LIVE_CLOCK, livePve } from './support/live.ts';
import { answer, type Handler, startTestServer, type TestServer } from './support/test-server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(handler: Handler): Promise<TestServer> {
  const server = await startTestServer(handler);
  cleanups.push(server.close);
  return server;
}

function transportTo(...urls: readonly string[]): Transport {
  const transport = createHttpsTransport({
    endpoints: urls.map(parseEndpoint),
    trust: createTrust({ fingerprints: [] }),
    clock: LIVE_CLOCK,
    connections: 8,
  });
  cleanups.push(() => transport.close?.());
  return transport;
}

const GET: TransportRequest = { method: 'GET', path: '/version', headers: {}, body: '' };
const POST: TransportRequest = { method: 'POST', path: '/x', headers: {}, body: 'a=1' };
const SOON = { deadlineMs: 5_000 };

/** Nobody listens there. */
async function deadUrl(): Promise<string> {
  const server = await startTestServer(() => undefined);
  await server.close();
  return server.url;
}

const fine: Handler = (_, response) => answer(response, 'fine');

function drop(response: ServerResponse): void {
  response.socket?.destroy();
}

describe('connections', () => {
  it('are kept for the next request, and closed with the transport', async () => {
    const server = await serve(fine);
    const transport = transportTo(server.url);
    for (let count = 0; count < 20; count += 1) await transport.send(GET, SOON);
    expect(server.connections()).toBe(1);
  });

  it('are retired before the hundredth request, after which Proxmox would close them', async () => {
    const server = await serve(fine);
    const transport = transportTo(server.url);
    for (let count = 0; count < 200; count += 1) await transport.send(GET, SOON);
    const used = server.requests.map(({ connection }) => connection);
    expect(server.connections()).toBe(3);
    expect(used.filter((connection) => connection === 1)).toHaveLength(95);
  });

  it('are made anew after Proxmox closed one, as it does after each refusal', async () => {
    const server = await serve((_, response) => {
      response.writeHead(500, 'no such thing', { connection: 'close' });
      response.end();
    });
    const transport = transportTo(server.url);
    const first = await transport.send(GET, SOON);
    const second = await transport.send(POST, SOON);
    expect([first.reason, second.status]).toEqual(['no such thing', 500]);
    expect(server.connections()).toBe(2);
  });

  it('are not reused after 3.5 idle seconds, however late that is noticed', async () => {
    const server = await serve(fine);
    let ahead = 0;
    const transport = createHttpsTransport({
      endpoints: [parseEndpoint(server.url)],
      trust: createTrust({ fingerprints: [] }),
      clock: { ...LIVE_CLOCK, monotonic: () => performance.now() + ahead },
      connections: 8,
    });
    await transport.send(GET, SOON);
    ahead = 3_600;
    await transport.send(POST, SOON);
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 2]);
    transport.close?.();
  });
});

describe('a request', () => {
  it('goes below /api2/json with its length and body', async () => {
    const server = await serve(fine);
    await transportTo(server.url).send({ ...POST, body: 'ä=1' }, SOON);
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/api2/json/x', body: 'ä=1' });
    expect(server.requests[0]?.headers['content-length']).toBe('4');
  });

  it('has a deadline that covers the body of the answer', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"data":');
    });
    await expect(transportTo(server.url).send(POST, { deadlineMs: 150 })).rejects.toMatchObject({
      facts: { failure: 'unanswered', sent: true, late: true, reason: 'no answer in 0.15 s' },
    });
  });

  it('ends with the reason of the caller who gives up', async () => {
    const giveUp = new AbortController();
    const server = await serve(() => giveUp.abort(new Error('enough')));
    const options = { ...SOON, signal: giveUp.signal };
    await expect(transportTo(server.url).send(GET, options)).rejects.toThrow('enough');
    await expect(transportTo(server.url).send(GET, options)).rejects.toThrow('enough');
    expect(server.requests).toHaveLength(1);
  });

  it('whose answer is cut off is not answered', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"data":', () => drop(response));
    });
    await expect(transportTo(server.url).send(POST, SOON)).rejects.toMatchObject({
      facts: { failure: 'unanswered', sent: true },
    });
  });

  it('has an answer of bounded size', async () => {
    const server = await serve((_, response) => {
      const chunk = Buffer.alloc(2 ** 20, 'x');
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    await expect(transportTo(server.url).send(GET, { deadlineMs: 20_000 })).rejects.toMatchObject({
      facts: { failure: 'garbled', reason: 'the answer is larger than 64 MiB' },
    });
  });

  it('that finds nobody was not sent, and says where', async () => {
    const url = await deadUrl();
    await expect(transportTo(url).send(POST, SOON)).rejects.toMatchObject({
      facts: { failure: 'unreachable', sent: false, endpoint: url },
    });
  });
});

describe('a lost answer', () => {
  it('P23: makes a read be sent again, and a write never', async () => {
    const server = await serve((_, response, index) => {
      if (index === 1 || index === 3) drop(response);
      else answer(response, { digest: 'd' });
    });
    const pve = livePve([server.url]);
    cleanups.push(pve.close);
    await pve.read.config('pve1', 101);
    // The second request reuses the first one's connection, which ends.
    await expect(pve.read.config('pve1', 101)).resolves.toMatchObject({ digest: 'd' });
    await expect(pve.write.start('pve1', 101)).rejects.toMatchObject({
      facts: { failure: 'unanswered' },
    });
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET', 'POST']);
  });
});

describe('several endpoints', () => {
  it('are tried in order, and the one that answered is kept', async () => {
    const dead = await deadUrl();
    const server = await serve(fine);
    const transport = transportTo(dead, server.url);
    expect(transport.endpoint?.()).toBe(dead);
    await transport.send(POST, SOON);
    expect(transport.endpoint?.()).toBe(server.url);
    expect(server.requests).toHaveLength(1);
  });

  it('take over a read whose answer was lost, and never a write', async () => {
    const losing = await serve((_, response) => drop(response));
    const server = await serve(fine);
    await expect(transportTo(losing.url, server.url).send(POST, SOON)).rejects.toMatchObject({
      facts: { failure: 'unanswered', sent: true, endpoint: losing.url },
    });
    expect(server.requests).toHaveLength(0);
    await expect(transportTo(losing.url, server.url).send(GET, SOON)).resolves.toMatchObject({
      status: 200,
    });
  });

  it('are all named when none answers', async () => {
    const urls = [await deadUrl(), await deadUrl()];
    const error = await transportTo(...urls)
      .send(GET, SOON)
      .catch((thrown) => thrown);
    for (const url of urls) expect(error.message).toContain(url);
  });
});

describe('many requests at once', () => {
  it('P48: are at most eight in flight, whatever parallelism was asked for', async () => {
    const held: (() => void)[] = [];
    let most = 0;
    const server = await serve((_, response) => {
      held.push(() => answer(response, { digest: '' }));
      most = Math.max(most, held.length);
      // Answered only when no further request is on its way.
      setImmediate(() => setImmediate(() => held.shift()?.()));
    });
    const pve = livePve([server.url], { parallelism: 50 });
    cleanups.push(pve.close);
    await Promise.all(Array.from({ length: 60 }, (_, n) => pve.read.config('pve1', 100 + n)));
    expect(server.requests).toHaveLength(60);
    expect(most).toBeLessThanOrEqual(8);
    expect(server.connections()).toBeLessThanOrEqual(8);
  });
});
