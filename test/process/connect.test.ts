import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type SimServer, startServer } from '../../src/simulator/server.ts';
import { quickstartWorld, SIMULATOR_TOKEN } from '../../src/simulator/worlds.ts';
import { PVE1, PVE9 } from '../pve/support/certificates.ts';
import { answer, startTestServer } from '../pve/support/test-server.ts';
import { buildCli, type Ended, type RealCli, realProject, runReal } from './real-cli.ts';

const QUICKSTART = `
muster: 1
project: quickstart
cluster:
  endpoint: https://pve1.example.net:8006
  vmids: { from: 9100, to: 9199 }
images:
  debian-13: { template: { name: debian-13 } }
workers:
  backup-pve1: { node: pve1, image: debian-13, storage: local-lvm }
`;

let cli: RealCli;
beforeAll(() => {
  cli = buildCli('connect');
});
afterAll(() => cli.remove());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function cluster(tls: boolean, authDelayMs = 0): Promise<SimServer> {
  const server = await startServer({
    port: 0,
    tls,
    world: { ...quickstartWorld(), authDelayMs },
    nowMs: Date.now,
  });
  cleanups.push(() => server.close());
  return server;
}

function plan(env: Readonly<Record<string, string>>): Promise<Ended> {
  const project = realProject({ 'muster.yaml': QUICKSTART });
  cleanups.push(project.remove);
  return runReal(cli, ['plan'], { cwd: project.root, env });
}

function reach(endpoint: string): Readonly<Record<string, string>> {
  return { MUSTER_PVE_ENDPOINT: endpoint, MUSTER_PVE_TOKEN: SIMULATOR_TOKEN };
}

describe('the program and a cluster over HTTPS', () => {
  it('plans when the fingerprint is the right one', async () => {
    const server = await cluster(true);
    const env = { ...reach(server.endpoint), MUSTER_PVE_FINGERPRINT: server.fingerprint ?? '' };
    const { code, stdout, stderr } = await plan(env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('1 to configure');
  });

  it('plans when the machine’s own certificate authorities signed it', async () => {
    const server = await cluster(true);
    const project = realProject({
      'muster.yaml': QUICKSTART,
      'system.pem': server.certificate ?? '',
    });
    cleanups.push(project.remove);
    const env = { ...reach(server.endpoint), SSL_CERT_FILE: join(project.root, 'system.pem') };
    const { code, stderr } = await runReal(cli, ['plan'], { cwd: project.root, env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it.each([
    ['another fingerprint is expected', { MUSTER_PVE_FINGERPRINT: PVE9.fingerprint }],
    ['nothing is said about its certificate', {}],
  ])('refuses it when %s, says how to compare, and sends no request', async (_, extra) => {
    const server = await startTestServer((_request, response) => answer(response, []), PVE1);
    cleanups.push(server.close);
    const { code, stdout, stderr } = await plan({ ...reach(server.url), ...extra });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`Error: the certificate of ${server.url} is not trusted`);
    expect(stderr).toContain(PVE1.fingerprint);
    expect(stderr).toContain('pvenode cert info');
    expect(stderr).toContain('tls: { ca: pve-root-ca.pem }');
    expect(stderr).toContain('The token was not sent.');
    expect(server.requests).toEqual([]);
  });
});

describe('the program and a cluster that does not let it in', () => {
  it('tells of a wrong token in plain words, without the token, and ends with 1', async () => {
    const server = await cluster(false);
    const secret = '99999999-0000-4000-8000-000000000009';
    const MUSTER_PVE_TOKEN = `muster@pve!simulator=${secret}`;
    const { code, stdout, stderr } = await plan({ ...reach(server.endpoint), MUSTER_PVE_TOKEN });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Error: .*token/);
    expect(stderr).toContain(server.endpoint);
    expect(stderr).not.toContain(secret);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('tells of an endpoint where nobody answers, and ends with 1', async () => {
    const port = await freePort();
    const endpoint = `https://127.0.0.1:${port}`;
    const { code, stdout, stderr } = await plan(reach(endpoint));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Error: /);
    expect(stderr).toContain(endpoint);
    expect(stderr).toContain('ECONNREFUSED');
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

/** A port at which nobody listens any more. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      server.close(() => resolve(port));
    });
  });
}
