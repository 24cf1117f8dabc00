import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openHttpStore } from '../../state/support/http.ts';
import { openTestStore } from '../../state/support/local.ts';
import { memoryStore } from '../../state/support/memory-store.ts';
import { type StateServerOptions, specOf, startStateServer } from '../../support/state-server.ts';
import { describeStateStore } from './store-behaviour.ts';

const folders: string[] = [];

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-state-'));
  folders.push(folder);
  return folder;
}

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

describeStateStore('local', async () => {
  const path = join(await newFolder(), 'muster.state.json');
  return () => openTestStore(path);
});

describeStateStore('local (without kernel locks)', async () => {
  const path = join(await newFolder(), 'muster.state.json');
  return () => openTestStore(path, { loadKernelLock: async () => undefined });
});

describeStateStore('memory (of the tests)', async () => {
  const store = memoryStore();
  return () => store;
});

const servers: { stop(): Promise<void> }[] = [];

afterAll(async () => {
  for (const server of servers) await server.stop();
});

function describeHttp(name: string, options: StateServerOptions): void {
  describeStateStore(`http (${name})`, async () => {
    const server = await startStateServer(options);
    servers.push(server);
    const spec = specOf(server, options.style);
    const stores = await Promise.all(Array.from({ length: 8 }, () => openHttpStore(spec)));
    let next = 0;
    return () => {
      const store = stores[next % stores.length];
      next += 1;
      if (store === undefined) throw new Error('there are eight stores');
      return store;
    };
  });
}

describeHttp('any server', {});
describeHttp('GitLab', { style: 'gitlab' });
describeHttp('with ETags', { etag: true });
describeHttp('that checks no lock ids', { checksIds: false });
