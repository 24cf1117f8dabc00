import { describe, expect, it } from 'vitest';
import { pveSpecOf } from '../../src/cli/credentials.ts';
import type { ClusterSpec } from '../../src/model/declaration.ts';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';

const SECRET = '01234567-89ab-cdef-0123-456789abcdef';
const TOKEN = `muster@pve!ci=${SECRET}`;

function cluster(parts: Partial<ClusterSpec> = {}): ClusterSpec {
  return {
    endpoints: ['https://pve1.example.net:8006'],
    tls: { fingerprints: ['AA'] },
    vmids: { from: 9100, to: 9199 },
    limits: { parallelism: 8, perNode: 2, perStorage: 2 },
    ...parts,
  };
}

function spec(env: Readonly<Record<string, string>>, parts: Partial<ClusterSpec> = {}) {
  const readCa = async (path: string) => `PEM of ${path}`;
  return pveSpecOf(cluster(parts), { env, root: '/p', cwd: '/home', parallelism: 8, readCa });
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DiagnosticsError)) throw new Error('it was not refused');
  return JSON.stringify(error.diagnostics);
}

describe('pveSpecOf', () => {
  it('takes endpoint and TLS from the YAML and the token from the environment', async () => {
    expect(await spec({ MUSTER_PVE_TOKEN: TOKEN })).toEqual({
      kind: 'api',
      endpoints: ['https://pve1.example.net:8006'],
      token: TOKEN,
      tls: { fingerprints: ['AA'] },
      parallelism: 8,
    });
  });

  it('lets the environment override endpoint and TLS', async () => {
    const env = {
      MUSTER_PVE_TOKEN: TOKEN,
      MUSTER_PVE_ENDPOINT: 'https://a:8006/, https://b:8006',
      MUSTER_PVE_CA: 'ca.pem',
    };
    expect(await spec(env)).toMatchObject({
      endpoints: ['https://a:8006', 'https://b:8006'],
      // Relative to where the command was typed, and not bound to the project.
      tls: { fingerprints: [], ca: 'PEM of /home/ca.pem' },
    });
  });

  it('works with the variables that people already have in CI', async () => {
    const env = {
      CI: 'true',
      PROXMOX_VE_ENDPOINT: 'https://pve9.example.net:8006/api2/json',
      PROXMOX_VE_API_TOKEN: TOKEN,
    };
    expect(await spec(env)).toMatchObject({
      endpoints: ['https://pve9.example.net:8006'],
      token: TOKEN,
    });
  });

  it('under CI sends the token to no address that only the YAML names', async () => {
    const text = await refusal(spec({ CI: '1', MUSTER_PVE_TOKEN: TOKEN }));
    expect(text).toContain('only to endpoints that the environment names');
    expect(text).toContain('pve1.example.net');
    expect(text).not.toContain(SECRET);
  });

  it("leaves a rehearsal on the simulator, whatever other tools' variables say", async () => {
    const env = { PROXMOX_VE_ENDPOINT: 'https://pve9:8006', PROXMOX_VE_API_TOKEN: TOKEN };
    const simulated = await spec(env, { endpoints: ['simulator'] });
    expect(simulated).toEqual({
      kind: 'simulator',
      file: '/p/.muster/simulator.json',
      parallelism: 8,
    });
    const real = await spec(
      { ...env, MUSTER_PVE_ENDPOINT: 'https://pve9:8006' },
      { endpoints: ['simulator'] },
    );
    expect(real.kind).toBe('api');
  });

  it('P17: refuses what is no token without showing it', async () => {
    const text = await refusal(spec({ MUSTER_PVE_TOKEN: `muster@pve=${SECRET}` }));
    expect(text).toContain('MUSTER_PVE_TOKEN does not look like a token');
    expect(text).not.toContain(SECRET);
  });

  it('says which variable is missing', async () => {
    expect(await refusal(spec({}))).toContain('MUSTER_PVE_TOKEN');
    expect(await refusal(spec({ MUSTER_PVE_TOKEN: TOKEN }, { endpoints: [] }))).toContain(
      'MUSTER_PVE_ENDPOINT',
    );
  });
});
