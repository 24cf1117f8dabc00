import { setMaxListeners } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CliContext, StoreSpec } from '../../src/cli/context.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Migrations } from '../../src/model/migrations.ts';
import type { Clock, Files, Random, StateStore } from '../../src/model/ports.ts';
import type { State } from '../../src/model/state.ts';
import { createPve } from '../../src/pve/create-pve.ts';
import { type Transport, TransportFailure } from '../../src/pve/transport.ts';
import { createCluster, type SimCluster } from '../../src/simulator/cluster.ts';
import type { WorldSpec } from '../../src/simulator/spec.ts';
import { quickstartWorld, SIMULATOR_TOKEN } from '../../src/simulator/worlds.ts';
import { openStore as openBackend } from '../../src/state/backends.ts';
import { readProcessFacts } from '../../src/state/process-facts.ts';
import { projectFiles } from '../../src/state/project-files.ts';
import { memory } from './memory.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

// As in main.ts: one signal stops hundreds of waits.
setMaxListeners(0);

/** A project in a temporary folder, a simulated cluster, and a clock on which nobody waits. */
export interface House {
  readonly root: string;
  readonly cluster: SimCluster;
  readonly clock: VirtualClock;
  write(path: string, text: string): void;
  state(): State;
  hasState(): boolean;
  /** Runs one command line; never rejects. */
  muster(...argv: string[]): Promise<Told>;
  /**
   * Runs one command line and kills it, as kill -9 does, at its nth effect (a request or a write of the state):
   * before it is carried out, or after it is and before its answer arrives. Resolves to undefined when killed.
   */
  musterKilled(death: Death, ...argv: string[]): Promise<Told | undefined>;
  /** The same with ports exchanged. */
  musterWith(change: Partial<CliContext>, ...argv: string[]): Promise<Told>;
}

export interface Death {
  readonly atEffect: number;
  readonly when: 'before' | 'after';
}

export interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HouseOptions {
  readonly world?: WorldSpec;
  readonly files?: Readonly<Record<string, string>>;
  readonly seed?: number;
  /** Those of another house: a second machine at the same time. */
  readonly cluster?: SimCluster;
  readonly clock?: VirtualClock;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: one with every privilege. */
  readonly token?: string;
  /** Stands between the client and the cluster: to stop a run at any request. */
  readonly intercept?: (transport: Transport) => Transport;
  /** Older formats of the state, made up by a test. */
  readonly migrations?: Migrations;
  /** Files and state are kept in memory, and this sees every write of the state. */
  readonly inMemory?: (next: State, before: State | undefined) => void;
}

export function openHouse(options: HouseOptions = {}): House {
  const held = options.inMemory === undefined ? undefined : memory('/project', options.inMemory);
  const root = held === undefined ? mkdtempSync(join(tmpdir(), 'muster-test-')) : '/project';
  const clock = options.clock ?? virtualClock();
  const random = seededRandom(options.seed ?? 1);
  const cluster = options.cluster ?? createCluster(options.world ?? quickstartWorld(), clock.now());
  const writeFile = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const write = held?.write ?? writeFile;
  for (const [path, text] of Object.entries(options.files ?? {})) write(path, text);
  const transport = (options.intercept ?? ((inner) => inner))(simulatorTransport(cluster, clock));

  async function musterKilled(death: Death, ...argv: string[]): Promise<Told | undefined> {
    const life = mortal(death);
    const change: Partial<CliContext> = {
      clock: { ...clock, sleep: (ms, signal) => life.guard(() => clock.sleep(ms, signal)) },
      openPve: ({ parallelism }) =>
        openPve(parallelism, {
          endpoint: () => 'simulator',
          send: (request, sending) => life.effect(() => transport.send(request, sending)),
        }),
      openStore: async (spec) => {
        const store = await openStore(spec);
        return {
          where: store.where,
          read: () => life.guard(() => store.read()),
          write: (next, basedOn) => life.effect(() => store.write(next, basedOn)),
        };
      },
    };
    return Promise.race([musterWith(change, ...argv), life.death]);
  }

  async function openPve(parallelism: number, through: Transport) {
    const tls = { fingerprints: [] };
    const token = options.token ?? SIMULATOR_TOKEN;
    return createPve({ endpoints: [], token, tls, transport: through, clock, random, parallelism });
  }

  async function openStore({ state, run, lockTimeout }: StoreSpec): Promise<StateStore> {
    if (held !== undefined) return held.store;
    const self = await readProcessFacts(PROCESSES);
    const systemCa = async () => undefined;
    const base = { root, systemCa, clock: WALL_CLOCK, random, run, self, processes: PROCESSES };
    const { env = {}, migrations } = options;
    const how = { ...base, env, migrations, lockTimeoutMs: lockTimeout };
    return heldStore(await openBackend(state, how), clock);
  }

  async function musterWith(change: Partial<CliContext>, ...argv: string[]): Promise<Told> {
    const out = capture();
    const err = capture();
    const context: CliContext = {
      argv,
      env: options.env ?? {},
      cwd: root,
      stdout: out.stream,
      stderr: err.stream,
      prompt: async () => undefined,
      openPve: ({ parallelism }) => openPve(parallelism, transport),
      openStore,
      files: (folder) => held?.files ?? heldFiles(projectFiles(folder, random), clock),
      processes: PROCESSES,
      startSimulator: async () => {
        throw new Error('not in a test house');
      },
      clock,
      random,
      interrupts: {
        first: new AbortController().signal,
        second: new AbortController().signal,
      },
      version: '0.1.0',
      ...change,
    };
    const code = await runCli(context);
    return { code, stdout: out.text(), stderr: err.text() };
  }

  return {
    root,
    cluster,
    clock,
    write,
    hasState: () =>
      held === undefined
        ? existsSync(join(root, 'muster.state.json'))
        : held.stateText() !== undefined,
    state: () => JSON.parse(held?.stateText() ?? readState(root)) as State,
    muster: (...argv) => musterWith({}, ...argv),
    musterKilled,
    musterWith,
  };
}

function readState(root: string): string {
  return readFileSync(join(root, 'muster.state.json'), 'utf8');
}

/** Something that lives until its nth effect; from then on nothing that it waits for ever ends. */
function mortal({ atEffect, when }: Death) {
  const never = new Promise<never>(() => {});
  let effects = 0;
  let isDead = false;
  let die = (): void => {};
  const death = new Promise<undefined>((resolve) => {
    die = () => {
      isDead = true;
      resolve(undefined);
    };
  });
  async function guard<T>(work: () => Promise<T>): Promise<T> {
    if (isDead) return never;
    try {
      const result = await work();
      return isDead ? await never : result;
    } catch (error) {
      if (isDead) return never;
      throw error;
    }
  }
  async function effect<T>(work: () => Promise<T>): Promise<T> {
    if (isDead) return never;
    effects += 1;
    if (effects !== atEffect) return guard(work);
    if (when === 'after') await work();
    die();
    return never;
  }
  return { death, guard, effect };
}

/** For locks on real files only. */
const WALL_CLOCK: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** This process, on a machine without /proc: nothing is proven by its id. */
const PROCESSES = {
  pid: 4711,
  host: 'runner',
  user: 'ci',
  env: () => undefined,
  readFile: async () => undefined,
  readLink: async () => undefined,
};

function simulatorTransport(cluster: SimCluster, clock: VirtualClock): Transport {
  return {
    endpoint: () => 'simulator',
    send: async (request, { deadlineMs, signal }) => {
      const answer = cluster.handle(request, clock.now());
      await clock.sleep(Math.min(answer.afterMs, deadlineMs), signal);
      if (answer.kind === 'dropped' || answer.afterMs > deadlineMs)
        throw new TransportFailure({
          failure: 'unanswered',
          sent: true,
          reason: 'the connection was lost',
        });
      return answer.response;
    },
  };
}

/** Files and servers are real, so time stands still while they are written. */
function heldStore(store: StateStore, clock: VirtualClock): StateStore {
  return {
    ...store,
    read: () => clock.hold(() => store.read()),
    write: (next, basedOn) => clock.hold(() => store.write(next, basedOn)),
  };
}

/** Files are real, so time stands still meanwhile. */
function heldFiles(files: Files, clock: VirtualClock): Files {
  return {
    read: (path) => clock.hold(() => files.read(path)),
    write: (path, content, mode) => clock.hold(() => files.write(path, content, mode)),
    append: (path, bytes) => clock.hold(() => files.append(path, bytes)),
    glob: (pattern) => clock.hold(() => files.glob(pattern)),
  };
}

/** mulberry32; a seed replays exactly. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(fraction() * 16).toString(16)).join('');
  return { fraction, uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}` };
}

function capture() {
  let text = '';
  const stream = {
    write: (part: string) => {
      text += part;
    },
    isTTY: false,
    columns: undefined,
  };
  return { stream, text: () => text };
}
