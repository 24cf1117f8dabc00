import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openTestStore } from '../../state/support/local.ts';
import { memoryStore } from '../../state/support/memory-store.ts';
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
