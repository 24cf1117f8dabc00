import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';
import { openStore } from '../../src/state/backends.ts';
import { processPort, readProcessFacts } from '../../src/state/process-facts.ts';
import { countingRandom, realClock } from './support/clocks.ts';
import { stateWith } from './support/states.ts';

it('the local backend keeps the state at a path of the project, and makes nothing before it writes', async () => {
  const root = await mkdtemp(join(tmpdir(), 'muster-backend-'));
  const store = openStore(
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

it('a backend that this Muster does not have is a diagnostic that names those it has', async () => {
  const spec = { backend: 'http', address: 'https://git.example.net/state', options: {} } as const;
  const given = await options('/nowhere');
  expect(() => openStore(spec, given)).toThrow(DiagnosticsError);
  expect(() => openStore(spec, given)).toThrow('no state backend "http"');
});

async function options(root: string) {
  const processes = processPort({ pid: process.pid, host: hostname(), user: 'me', env: {} });
  return {
    root,
    clock: realClock,
    random: countingRandom(),
    run: 'a test',
    self: await readProcessFacts(processes),
    processes,
  };
}
