import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbedded, SimulatorBusy, SimulatorDamaged } from '../../src/simulator/embedded.ts';
import { startServer } from '../../src/simulator/server.ts';
import { quickstartWorld, SIMULATOR_TOKEN } from '../../src/simulator/worlds.ts';
import { START } from './driver.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulator-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

function options() {
  let now = START;
  return {
    file: join(folder, '.muster', 'simulator.json'),
    world: quickstartWorld(),
    nowMs: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
}

function ask(method: string, path: string, body = '') {
  return { method, path, body, headers: { authorization: `PVEAPIToken=${SIMULATOR_TOKEN}` } };
}

describe('the embedded door', () => {
  it('keeps the cluster in its file from one process to the next', async () => {
    const first = await openEmbedded(options());
    await first.send(ask('POST', '/pools', 'poolid=kept'));
    await first.close();
    const second = await openEmbedded(options());
    expect((await second.send(ask('GET', '/pools/kept'))).status).toBe(200);
    await second.close();
  });

  it("doesn't write after a mere read", async () => {
    const given = options();
    const embedded = await openEmbedded(given);
    await embedded.send(ask('GET', '/cluster/resources'));
    await expect(readFile(given.file)).rejects.toThrow('ENOENT');
    await embedded.close();
  });

  it('refuses a second user and tells of the server', async () => {
    const given = options();
    const embedded = await openEmbedded(given);
    await expect(openEmbedded(given)).rejects.toThrow(SimulatorBusy);
    await expect(openEmbedded(given)).rejects.toThrow('muster simulator --port');
    await embedded.close();
  });

  it('takes over the lock of a process that has died', async () => {
    const given = options();
    await (await openEmbedded(given)).close();
    await writeFile(`${given.file}.lock`, JSON.stringify({ pid: 2 ** 22 + 1, started: '1' }));
    await (await openEmbedded(given)).close();
  });

  it("never overwrites a file that it can't read", async () => {
    const given = options();
    await (await openEmbedded(given)).close();
    for (const content of ['{ broken', '', '[]', 'null', '{"format":2}', '{"format":1,"vms":[]}']) {
      await writeFile(given.file, content);
      await expect(openEmbedded(given)).rejects.toThrow(SimulatorDamaged);
      expect(await readFile(given.file, 'utf8')).toBe(content);
    }
  });

  it('rejects when a fault drops the connection', async () => {
    const embedded = await openEmbedded(options());
    embedded.cluster.inject({
      match: { method: 'GET', path: 'version' },
      effect: { kind: 'drop-before' },
    });
    await expect(embedded.send(ask('GET', '/version'))).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    await embedded.close();
  });
});

interface Seen {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function fetchFrom(endpoint: string, path: string, more: object = {}): Promise<Seen> {
  const send = endpoint.startsWith('https') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(
      `${endpoint}/api2/json${path}`,
      { headers: { authorization: `PVEAPIToken=${SIMULATOR_TOKEN}` }, ...more },
      (response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += String(chunk);
        });
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            reason: response.statusMessage ?? '',
            headers: response.headers,
            body,
          }),
        );
      },
    );
    request.on('error', reject);
    request.end();
  });
}

describe('the HTTP door', () => {
  it('answers with the reason in the status line and closes after a failure', async () => {
    const server = await startServer({
      port: 0,
      world: quickstartWorld(),
      nowMs: Date.now,
      speed: 100,
    });
    const good = await fetchFrom(server.endpoint, '/version');
    expect(good).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json;charset=UTF-8', connection: 'Keep-Alive' },
    });
    const bad = await fetchFrom(server.endpoint, '/nodes/pve1/qemu/4711/config');
    expect(bad.reason).toBe("Configuration file 'nodes/pve1/qemu-server/4711.conf' does not exist");
    expect(bad.headers.connection).toBe('close');
    const nobody = await fetchFrom(server.endpoint, '/version', { headers: {} });
    expect(nobody).toMatchObject({ status: 401, reason: 'No ticket', body: '' });
    await server.close();
  });

  it('shows a certificate with the fingerprint that it told', async () => {
    const server = await startServer({
      port: 0,
      tls: true,
      world: quickstartWorld(),
      nowMs: Date.now,
    });
    const seen = await new Promise<string>((resolve, reject) => {
      const request = httpsRequest(`${server.endpoint}/api2/json/version`, {
        rejectUnauthorized: false,
      });
      request.on('socket', (socket) =>
        socket.on('secureConnect', () =>
          resolve(
            'getPeerCertificate' in socket
              ? (socket as import('node:tls').TLSSocket).getPeerCertificate().fingerprint256
              : '',
          ),
        ),
      );
      request.on('error', reject);
      request.end();
    });
    expect(seen).toBe(server.fingerprint);
    const trusted = await fetchFrom(server.endpoint, '/version', {
      ca: server.certificate,
      headers: { authorization: `PVEAPIToken=${SIMULATOR_TOKEN}` },
    });
    expect(trusted.status).toBe(200);
    await server.close();
  });

  it('drops the connection where a fault says so', async () => {
    const server = await startServer({
      port: 0,
      world: quickstartWorld(),
      nowMs: Date.now,
      speed: 100,
    });
    server.cluster.inject({
      match: { method: 'GET', path: 'version' },
      effect: { kind: 'do-then-drop' },
    });
    await expect(fetchFrom(server.endpoint, '/version')).rejects.toThrow('socket hang up');
    await server.close();
  });
});
