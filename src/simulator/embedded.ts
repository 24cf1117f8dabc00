import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createCluster, restoreCluster, type SimCluster } from './cluster.ts';
import type { SimRequest, SimResponse } from './protocol.ts';
import type { WorldSpec } from './spec.ts';

export interface EmbeddedOptions {
  /** Where the world is kept, e.g. .muster/simulator.json. */
  readonly file: string;
  /** What it is made from when the file doesn't exist. */
  readonly world: WorldSpec;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Embedded {
  /** Rejects with ECONNRESET where a scripted fault drops the connection. */
  send(request: SimRequest): Promise<SimResponse>;
  close(): Promise<void>;
  readonly cluster: SimCluster;
}

/** Another process has the embedded cluster open. */
export class SimulatorBusy extends Error {
  readonly pid: number;

  constructor(pid: number, file: string) {
    super(
      `the embedded simulator (${file}) is in use by process ${pid}; ` +
        'several processes can share one that runs as a server: muster simulator --port 8006',
    );
    this.name = 'SimulatorBusy';
    this.pid = pid;
  }
}

/** The file of the embedded cluster holds no cluster: cut off, edited, or of another version. */
export class SimulatorDamaged extends Error {
  constructor(file: string, why: string) {
    super(`the embedded simulator's file ${file} can't be read: ${why}`);
    this.name = 'SimulatorDamaged';
  }
}

/** A read that changes something: an exit status is given once. */
const READS_ONCE = /\/agent\/exec-status/;

/** Throws SimulatorBusy when another process has the file open, SimulatorDamaged when it can't be read. */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { file, nowMs, sleep } = options;
  await mkdir(dirname(file), { recursive: true });
  const unlock = await lock(`${file}.lock`, file);
  let cluster: SimCluster;
  try {
    cluster = await load(options);
  } catch (error) {
    await unlock();
    throw error;
  }
  let written = '';
  let writing: Promise<void> = Promise.resolve();
  const store = (): Promise<void> => {
    writing = writing.then(async () => {
      /** Nobody asks an embedded cluster for its journal. */
      cluster.journal();
      const now = cluster.save();
      if (now === written) return;
      await replaceFile(file, now);
      written = now;
    });
    return writing;
  };
  return {
    cluster,
    send: async (request) => {
      const answer = cluster.handle(request, clockOf(cluster, nowMs));
      if (request.method !== 'GET' || READS_ONCE.test(request.path)) await store();
      if (answer.afterMs > 0) await sleep(answer.afterMs);
      if (answer.kind === 'dropped') throw connectionLost();
      return answer.response;
    },
    close: async () => {
      try {
        cluster.advance(clockOf(cluster, nowMs));
        await store();
      } finally {
        await unlock();
      }
    },
  };
}

/** A clock that was set back doesn't take the cluster with it. */
function clockOf(cluster: SimCluster, nowMs: () => number): number {
  return Math.max(cluster.world.nowMs, nowMs());
}

function connectionLost(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
}

async function load(options: EmbeddedOptions): Promise<SimCluster> {
  const { file } = options;
  const fresh = createCluster(options.world, options.nowMs());
  let saved: string;
  try {
    saved = await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return fresh;
    throw new SimulatorDamaged(file, error instanceof Error ? error.message : String(error));
  }
  let kept: SimCluster;
  try {
    kept = restoreCluster(saved);
  } catch (error) {
    throw new SimulatorDamaged(file, error instanceof Error ? error.message : String(error));
  }
  const lost = lostParts(kept.world, fresh.world);
  if (lost.length > 0) throw new SimulatorDamaged(file, `it has no ${lost.join(', ')}`);
  return kept;
}

/** The parts of a whole world that this one lacks. */
function lostParts(world: object, whole: object): readonly string[] {
  const kinds = new Map(Object.entries(world).map(([key, part]) => [key, kindOf(part)]));
  return Object.entries(whole)
    .filter(([key, part]) => part !== undefined && kinds.get(key) !== kindOf(part))
    .map(([key]) => key);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : typeof value;
}

async function replaceFile(file: string, content: string): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  await writeFile(temporary, content, { mode: 0o600 });
  await rename(temporary, file);
}

/** Takes over a lock whose holder has died. */
async function lock(path: string, file: string): Promise<() => Promise<void>> {
  const own = JSON.stringify({ pid: process.pid, started: await startOf(process.pid) });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const handle = await open(path, 'wx', 0o600);
      await handle.writeFile(own);
      await handle.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const holder = await livingHolder(path);
    if (holder !== undefined) throw new SimulatorBusy(holder, file);
    await rm(path, { force: true });
  }
  throw new SimulatorBusy(0, file);
}

async function livingHolder(path: string): Promise<number | undefined> {
  try {
    const held: { pid?: number; started?: string } = JSON.parse(await readFile(path, 'utf8'));
    const pid = Number(held.pid);
    if (!Number.isInteger(pid) || pid <= 0) return undefined;
    process.kill(pid, 0);
    const started = await startOf(pid);
    return started === '' || started === held.started ? pid : undefined;
  } catch (error) {
    return codeOf(error) === 'EPERM' ? 0 : undefined;
  }
}

/** When a process started, in the kernel's ticks: tells a reused pid. Empty where it isn't known. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
