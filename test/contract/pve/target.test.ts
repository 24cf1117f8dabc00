import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { addVm } from '../../../src/simulator/by-hand.ts';
import { type SimServer, startServer } from '../../../src/simulator/server.ts';
import { contractWorld, SEPARATED_TOKEN, TEST_TOKEN } from './contract-world.ts';
import { openTarget } from './target.ts';

/** A cluster behind HTTPS, as a real one is; nothing is made in it here. */
let server: SimServer;

beforeAll(async () => {
  const world = contractWorld();
  server = await startServer({ port: 0, tls: true, world, nowMs: () => Date.now(), speed: 1000 });
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

function point(changes: Readonly<Record<string, string>> = {}): void {
  const settings: Readonly<Record<string, string>> = {
    ENDPOINT: server.endpoint,
    TOKEN: TEST_TOKEN,
    CA: server.certificate ?? '',
    FINGERPRINT: '',
    NODE: 'pve1',
    STORAGE: 'local',
    BRIDGE: 'vmbr0',
    POOL: 'workers',
    TEMPLATE: '9000',
    VMIDS: '9300-9310',
    POOR_TOKEN: SEPARATED_TOKEN,
    ...changes,
  };
  for (const [name, value] of Object.entries(settings))
    vi.stubEnv(`MUSTER_CONTRACT_${name}`, value);
}

describe('the suite pointed at a cluster', () => {
  it('gives each file ids of its own in the range', async () => {
    point();
    const [first, second] = [await openTarget(0), await openTarget(1)];
    expect([first.names.vmid, first.names.other, first.names.missing]).toEqual([
      '9300',
      '9301',
      '9302',
    ]);
    expect(second.names.vmid).toBe('9303');
    expect(first.simulator).toBeUndefined();
  });

  it('trusts a fingerprint as well, and no other certificate', async () => {
    point({ CA: '', FINGERPRINT: server.fingerprint ?? '' });
    await expect(openTarget(0)).resolves.toBeDefined();
    point({ CA: '', FINGERPRINT: 'AA:'.repeat(31).concat('AA') });
    await expect(openTarget(0)).rejects.toThrow('another certificate');
    point({ CA: '' });
    await expect(openTarget(0)).rejects.toThrow('self-signed');
  });

  it('does nothing when an id of its range is taken: it deletes what is under them', async () => {
    addVm(server.cluster.world, 9304, 'pve1');
    point();
    await expect(openTarget(1)).rejects.toThrow("id 9304 of MUSTER_CONTRACT_VMIDS can't be used");
  });

  it('does nothing when the token without privileges has some: it asks to delete the template', async () => {
    point({ POOR_TOKEN: TEST_TOKEN });
    await expect(openTarget(0)).rejects.toThrow('must have no privilege at all');
  });

  it('names all that is not set, and a range that is too small', async () => {
    point({ NODE: '', POOL: '' });
    await expect(openTarget(0)).rejects.toThrow(
      'not set: MUSTER_CONTRACT_NODE, MUSTER_CONTRACT_POOL',
    );
    point({ VMIDS: '9300-9303' });
    await expect(openTarget(2)).rejects.toThrow('9 ids at least');
  });
});
