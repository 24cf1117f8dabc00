import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { State } from '../../src/model/state.ts';
import { seededRandom } from '../support/house.ts';
import { type ServerFault, type StateServer, startStateServer } from '../support/state-server.ts';
import { openTestStore } from './support/local.ts';

/** A minute in `npm run torture`. */
const SECONDS = Number(process.env.MUSTER_TORTURE_SECONDS ?? '3');
const PROCESSES = 8;

const bundles = join(import.meta.dirname, '../../node_modules/.muster-tests');
const bundle = join(bundles, `contender-${process.pid}.mjs`);

beforeAll(async () => {
  await mkdir(bundles, { recursive: true });
  await build({
    entryPoints: [join(import.meta.dirname, 'support/writer.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['fs-native-extensions'],
  });
});

afterAll(() => rm(bundle, { force: true }));

interface Contender {
  child: ChildProcess;
  acknowledged: number;
  said: string;
}

function start(name: string, place: string, backend: string, before = 0): Contender {
  const child = spawn(process.execPath, [bundle, place, name, backend], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const contender: Contender = { child, acknowledged: before, said: '' };
  createInterface({ input: child.stdout }).on('line', (line) => {
    contender.acknowledged = Number(line);
  });
  child.stderr.on('data', (text) => {
    contender.said += String(text);
  });
  return contender;
}

async function kill(contender: Contender): Promise<void> {
  const gone = once(contender.child, 'close');
  contender.child.kill('SIGKILL');
  await gone;
}

function startAll(place: string, backend: string): Map<string, Contender> {
  const names = Array.from({ length: PROCESSES }, (_, index) => `w${index + 1}`);
  return new Map(names.map((name) => [name, start(name, place, backend)]));
}

/** Each write counted one up, so a lost or doubled update would make counts and serial differ. */
function expectNothingLost(state: State | undefined, contenders: Map<string, Contender>): void {
  let sum = 0;
  for (const [name, { acknowledged, said }] of contenders) {
    const count = state?.nodes[name]?.cpus ?? 0;
    expect(said).toBe('');
    expect(count).toBeGreaterThanOrEqual(acknowledged);
    sum += count;
  }
  expect(sum).toBe(state?.serial);
}

async function untilAllWrote(contenders: Map<string, Contender>): Promise<void> {
  while ([...contenders.values()].some(({ acknowledged }) => acknowledged === 0)) await after(50);
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

it(`${PROCESSES} processes that write one local state for a while, and are killed and started, lose nothing (P7 P47)`, {
  timeout: SECONDS * 1000 + 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'muster-contend-'));
  const path = join(folder, 'muster.state.json');
  const contenders = startAll(path, 'kernel');
  await untilAllWrote(contenders);
  await killAndRestart(contenders, path, 'kernel', SECONDS * 1000);
  for (const each of contenders.values()) await kill(each);
  expectNothingLost((await openTestStore(path).read()).state, contenders);
  await rm(folder, { recursive: true });
});

it(`${PROCESSES} processes that write one state over http while holders die and the network fails lose nothing (P7 P14 P47)`, {
  timeout: SECONDS * 1000 + 60_000,
}, async () => {
  let server = await startStateServer({});
  const contenders = startAll(server.address, 'http');
  await untilAllWrote(contenders);
  const stop = disturb(() => server);
  await killAndRestart(contenders, server.address, 'http', (SECONDS * 1000) / 2);
  server = await restarted(server);
  await killAndRestart(contenders, server.address, 'http', (SECONDS * 1000) / 2);
  stop();
  for (const each of contenders.values()) await kill(each);
  const { history } = server;
  const serials = history().map((text) => (JSON.parse(text) as State).serial);
  const inOrder = serials.every(
    (serial, index) => index === 0 || serial >= (serials[index - 1] ?? 0),
  );
  expect(inOrder).toBe(true);
  expectNothingLost(JSON.parse(server.stored() ?? 'null') as State, contenders);
  await server.stop();
});

async function killAndRestart(
  contenders: Map<string, Contender>,
  place: string,
  backend: string,
  ms: number,
): Promise<void> {
  const end = performance.now() + ms;
  for (let turn = 0; performance.now() < end; turn += 1) {
    await after(Math.min(700, ms / 2));
    const name = `w${(turn % PROCESSES) + 1}`;
    const victim = contenders.get(name);
    if (victim === undefined) throw new Error(`there is no ${name}`);
    await kill(victim);
    contenders.set(name, start(name, place, backend, victim.acknowledged));
  }
}

/** Cuts, failures and pages for some of the requests. */
function disturb(server: () => StateServer): () => void {
  const random = seededRandom(7);
  const faults: readonly ServerFault[] = [
    { kind: 'cut-before' },
    { kind: 'cut-after' },
    { kind: 'answer', status: 500, body: 'out of memory' },
    { kind: 'answer', status: 502, body: '<html>bad gateway</html>' },
  ];
  const timer = setInterval(() => {
    const method = ['GET', 'POST', 'LOCK', 'UNLOCK'][Math.floor(random.fraction() * 4)] ?? 'GET';
    const fault = faults[Math.floor(random.fraction() * faults.length)];
    if (fault !== undefined) server().failNext(method, fault);
  }, 40);
  return () => clearInterval(timer);
}

/** The same address and state, and the lock is forgotten: the server kept it in memory. */
async function restarted(server: StateServer): Promise<StateServer> {
  await server.stop();
  const stored = server.stored();
  return startStateServer({ port: server.port, ...(stored === undefined ? {} : { stored }) });
}
