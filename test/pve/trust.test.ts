import { afterEach, describe, expect, it, vi } from 'vitest';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';
import { PveError } from '../../src/model/errors.ts';
import type { TlsOptions } from '../../src/pve/trust.ts';
import { TOKEN } from './support/canned-cluster.ts';
import { CA, PVE1, PVE9 } from './support/certificates.ts';
import { livePve } from './support/live.ts';
import { answer, startTestServer, type TestServer } from './support/test-server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function node(certificate: {
  readonly cert: string;
  readonly key: string;
}): Promise<TestServer> {
  const server = await startTestServer((request, response) => {
    answer(response, request.url.endsWith('/version') ? { version: '9.2.11' } : []);
  }, certificate);
  cleanups.push(server.close);
  return server;
}

async function versionOf(server: TestServer, tls: TlsOptions): Promise<string> {
  const pve = livePve([server.url], { tls });
  cleanups.push(pve.close);
  return (await pve.read.facts()).version;
}

async function refusal(server: TestServer, tls: TlsOptions): Promise<PveError> {
  const error = await versionOf(server, tls).catch((thrown: unknown) => thrown);
  if (!(error instanceof PveError)) throw new Error(`trusted, or another error: ${String(error)}`);
  return error;
}

describe('a node is trusted', () => {
  it.each([
    ['as pvenode prints it', PVE1.fingerprint],
    ['in lower case', PVE1.fingerprint.toLowerCase()],
    ['without colons', PVE1.fingerprint.replaceAll(':', '')],
  ])('by its fingerprint, %s', async (_, fingerprint) => {
    const server = await node(PVE1);
    await expect(versionOf(server, { fingerprints: [fingerprint] })).resolves.toBe('9.2.11');
    expect(server.requests[0]?.headers.authorization).toBe(`PVEAPIToken=${TOKEN}`);
  });

  it('by one of several fingerprints, even when its name is another', async () => {
    const fingerprints = [PVE1.fingerprint, PVE9.fingerprint];
    await expect(versionOf(await node(PVE9), { fingerprints })).resolves.toBe('9.2.11');
  });

  it("by the cluster's own CA", async () => {
    await expect(versionOf(await node(PVE1), { fingerprints: [], ca: CA })).resolves.toBe('9.2.11');
  });
});

describe('the system’s certificate authorities', () => {
  it('are trusted when nothing else is said', async () => {
    const tls = { fingerprints: [], systemCa: CA };
    await expect(versionOf(await node(PVE1), tls)).resolves.toBe('9.2.11');
  });

  it('are not, when a fingerprint or a CA is given', async () => {
    const { cert } = PVE9;
    const pinned = { fingerprints: [PVE9.fingerprint], systemCa: CA };
    expect((await refusal(await node(PVE1), pinned)).facts.failure).toBe('untrusted');
    const other = { fingerprints: [], ca: cert, systemCa: CA };
    expect((await refusal(await node(PVE1), other)).facts.failure).toBe('untrusted');
  });
});

describe('a node is not trusted, and gets no byte of a request,', () => {
  it('when this machine does not know its issuer', async () => {
    const server = await node(PVE1);
    const { facts } = await refusal(server, { fingerprints: [] });
    expect(facts).toMatchObject({
      failure: 'untrusted',
      status: 0,
      certificate: { issuer: 'PVE Cluster Manager CA', fingerprint: PVE1.fingerprint },
    });
    expect(facts.reason).toContain('this machine does not know its issuer');
    expect(server.requests).toEqual([]);
  });

  it('when its fingerprint is another', async () => {
    const server = await node(PVE1);
    const { facts } = await refusal(server, { fingerprints: [PVE9.fingerprint] });
    expect(facts.failure).toBe('untrusted');
    expect(facts.reason).toContain(`not the one that is trusted, ${PVE9.fingerprint}`);
    expect(server.requests).toEqual([]);
  });

  it('when it speaks no TLS, told without a line of the library’s source', async () => {
    const plain = await startTestServer((_request, response) => response.end());
    cleanups.push(plain.close);
    const url = plain.url.replace('http:', 'https:');
    const pve = livePve([url], { tls: { fingerprints: [] } });
    await expect(pve.read.facts()).rejects.toMatchObject({
      facts: { failure: 'unreachable', reason: expect.stringContaining('speaks no TLS') },
    });
  });

  it('when its fingerprint is another, though the given CA signed it', async () => {
    const server = await node(PVE1);
    const { facts } = await refusal(server, { fingerprints: [PVE9.fingerprint], ca: CA });
    expect(facts.failure).toBe('untrusted');
    expect(server.requests).toEqual([]);
  });

  it('when the CA signed it for another name', async () => {
    const server = await node(PVE9);
    const { facts } = await refusal(server, { fingerprints: [], ca: CA });
    expect(facts).toMatchObject({ failure: 'untrusted' });
    expect(facts.reason).toContain('for other host names');
    expect(server.requests).toEqual([]);
  });

  it('whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const server = await node(PVE1);
    const { facts } = await refusal(server, { fingerprints: [] });
    expect(facts.failure).toBe('untrusted');
    expect(server.requests).toEqual([]);
  });

  it('also for a write, which can have had no effect', async () => {
    const server = await node(PVE1);
    const pve = livePve([server.url]);
    await expect(pve.write.start('pve1', 101)).rejects.toMatchObject({
      facts: { failure: 'untrusted' },
    });
    expect(server.requests).toEqual([]);
  });
});

describe('several endpoints', () => {
  it('pass over an untrusted one, and tell of it when no other answers', async () => {
    const untrusted = await node(PVE9);
    const trusted = await node(PVE1);
    const tls = { fingerprints: [PVE1.fingerprint] };
    const pve = livePve([untrusted.url, trusted.url], { tls });
    await expect(pve.read.facts()).resolves.toMatchObject({ endpoint: trusted.url });
    expect(untrusted.requests).toEqual([]);
    await trusted.close();
    await expect(pve.read.cluster()).rejects.toMatchObject({ facts: { failure: 'untrusted' } });
  });
});

describe('settings that can not be read', () => {
  it.each([
    [{ tls: { fingerprints: ['A4:7D'] } }, 'SHA-256 fingerprint'],
    // SHA-1, as older tools print it.
    [{ tls: { fingerprints: [PVE1.fingerprint.slice(0, 59)] } }, 'SHA-256 fingerprint'],
    [{ tls: { fingerprints: [], ca: 'no PEM at all' } }, 'no readable certificate'],
    [{ token: 'root@pam' }, 'not of the form'],
    [{ token: 'muster@pve!ci=11111111-2222\r\nx: y' }, 'not of the form'],
    [{ endpoints: [] }, 'no cluster endpoint'],
    [{ endpoints: ['pve1.example.net'] }, 'is not a URL'],
    [{ endpoints: ['https://pve1:8006/some/path'] }, 'names a path'],
    [{ endpoints: ['https://root:secret@pve1:8006'] }, 'holds a user'],
    [{ endpoints: ['http://pve1.example.net:8006'] }, 'in the clear'],
    [{ endpoints: ['http://127.0.0.1.example.net:8006'] }, 'in the clear'],
  ])('are told before anything is sent: %j', (over, words) => {
    expect(() => livePve(['https://pve1:8006'], over)).toThrow(DiagnosticsError);
    expect(() => livePve(['https://pve1:8006'], over)).toThrow(words);
  });

  it('do not show a secret', () => {
    const token = 'muster@pve!ci=11111111-2222 3333';
    expect(() => livePve(['https://pve1:8006'], { token })).not.toThrow(/1111/);
    const endpoints = ['https://root:secret@pve1:8006'];
    expect(() => livePve(endpoints)).not.toThrow(/:secret/);
  });
});
