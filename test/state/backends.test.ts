import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openStore } from '../../src/state/backends.ts';
import { processPort, readProcessFacts } from '../../src/state/process-facts.ts';
import { CA, PVE1 } from '../pve/support/certificates.ts';
import { startTestServer } from '../pve/support/test-server.ts';
import { countingRandom, realClock } from './support/clocks.ts';
import { stateWith } from './support/states.ts';

it('the local backend keeps the state at a path of the project, and makes nothing before it writes', async () => {
  const root = await mkdtemp(join(tmpdir(), 'muster-backend-'));
  const store = await openStore(
    { backend: 'local', path: 'states/muster.state.json' },
    await options(root),
  );
  expect(store.where).toBe(join(root, 'states/muster.state.json'));
  const { revision } = await store.read();
  expect(await readdir(root)).toEqual([]);
  await store.write({ ...stateWith('a'), serial: 1 }, revision);
  expect(await readdir(root)).toEqual(['states']);
  await rm(root, { recursive: true });
});

it('the http backend names its address without the credentials in it, and sends nothing before it is asked', async () => {
  const address = 'https://ci:secret@git.example.net/state/backup';
  const spec = { backend: 'http', address, options: {} } as const;
  const store = await openStore(spec, await options('/nowhere'));
  expect(store.where).toBe('https://git.example.net/state/backup');
});

it('a server of the state is trusted when the authorities of this machine signed its certificate', async () => {
  const server = await startTestServer((_request, response) => response.writeHead(404).end(), PVE1);
  const spec = { backend: 'http', address: server.url, options: {} } as const;
  const base = await options('/nowhere');
  const trusting = await openStore(spec, { ...base, systemCa: async () => CA });
  expect((await trusting.read()).state).toBeUndefined();
  const wary = await openStore(spec, base);
  await expect(wary.read()).rejects.toThrow(/certificate/);
  await server.close();
});

async function options(root: string) {
  const processes = processPort({ pid: process.pid, host: hostname(), user: 'me', env: {} });
  return {
    root,
    env: {},
    systemCa: async () => undefined,
    clock: realClock,
    random: countingRandom(),
    run: 'a test',
    self: await readProcessFacts(processes),
    processes,
  };
}
