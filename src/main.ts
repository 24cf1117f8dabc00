#!/usr/bin/env node
import { setMaxListeners } from 'node:events';
import { hostname, userInfo } from 'node:os';
import { setTimeout as timer } from 'node:timers/promises';
import type {
  CliContext,
  PveSpec,
  RunningSimulator,
  SimulatorOptions,
  StoreSpec,
  TextOutput,
} from './cli/context.ts';
import { runCli } from './cli/run-cli.ts';
import type { Clock, Files, Random, StateStore } from './model/ports.ts';
import type { Pve } from './model/pve-port.ts';
import { processPort, readProcessFacts } from './state/process-facts.ts';
import { VERSION } from './version.ts';

/**
 * The only file that touches the process: builds the ports, runs the command line, ends with its exit code.
 * What a command may not need is imported when it is first asked for, so that `--help` stays quick.
 */

// One signal stops hundreds of waits: that is no leak, and people should not read a warning about one.
setMaxListeners(0);

/** How many times faster than the wall clock the time of the embedded simulator goes by. */
const SIMULATED_SPEED = Number(process.env.MUSTER_SIMULATOR_SPEED) || 20;

// The global one: importing node:crypto costs 6 ms of each `--help`.
const random: Random = { uuid: () => crypto.randomUUID(), fraction: Math.random };
const processes = processPort({
  pid: process.pid,
  host: hostname(),
  user: loginName(),
  env: process.env,
});
const { clock, accelerate } = adjustableClock();

/** For locks of the state: they are real, also where the cluster is not. */
const wallClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: (ms, signal) => timer(ms, undefined, signal === undefined ? {} : { signal }),
};

async function openPve(spec: PveSpec): Promise<Pve> {
  const { createPve } = await import('./pve/create-pve.ts');
  if (spec.kind === 'api') {
    const { ca, fingerprints } = spec.tls;
    const isNamed = ca !== undefined || fingerprints.length > 0;
    const tls = { ...spec.tls, systemCa: isNamed ? undefined : await systemCa() };
    return createPve({ ...spec, tls, clock, random });
  }
  const { openEmbedded } = await import('./simulator/embedded.ts');
  const { quickstartWorld, SIMULATOR_TOKEN } = await import('./simulator/worlds.ts');
  const embedded = await openEmbedded({
    file: spec.file,
    world: quickstartWorld(),
    nowMs: () => clock.now(),
    sleep: (ms) => clock.sleep(ms),
  });
  accelerate(SIMULATED_SPEED, embedded.cluster.world.nowMs);
  return createPve({
    endpoints: [],
    token: SIMULATOR_TOKEN,
    tls: { fingerprints: [] },
    transport: embedded,
    clock,
    random,
    parallelism: spec.parallelism,
  });
}

/** Where Linux distributions and macOS keep the certificate authorities that this machine trusts. */
const CA_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** The first bundle that is there, and what NODE_EXTRA_CA_CERTS adds; undefined: no bundle. */
async function systemCa(): Promise<string | undefined> {
  const { SSL_CERT_FILE, NODE_EXTRA_CA_CERTS } = process.env;
  for (const path of SSL_CERT_FILE ? [SSL_CERT_FILE, ...CA_BUNDLES] : CA_BUNDLES) {
    const bundle = await processes.readFile(path);
    if (bundle === undefined) continue;
    const extra = NODE_EXTRA_CA_CERTS ? await processes.readFile(NODE_EXTRA_CA_CERTS) : undefined;
    return `${bundle}\n${extra ?? ''}`;
  }
  return undefined;
}

async function openStore({ state, root, run, lockTimeout }: StoreSpec): Promise<StateStore> {
  const { openStore: open } = await import('./state/backends.ts');
  return open(state, {
    root,
    env: process.env,
    systemCa,
    clock: wallClock,
    random,
    run,
    self: await readProcessFacts(processes),
    processes,
    lockTimeoutMs: lockTimeout,
  });
}

async function startSimulator(options: SimulatorOptions): Promise<RunningSimulator> {
  const { startServer } = await import('./simulator/server.ts');
  const { quickstartWorld } = await import('./simulator/worlds.ts');
  return startServer({ ...options, world: quickstartWorld(), nowMs: () => Date.now() });
}

function projectFiles(root: string): Files {
  const files = import('./state/project-files.ts').then((module) =>
    module.projectFiles(root, random),
  );
  return {
    read: async (path) => (await files).read(path),
    write: async (path, content, mode) => (await files).write(path, content, mode),
    append: async (path, bytes) => (await files).append(path, bytes),
    glob: async (pattern) => (await files).glob(pattern),
  };
}

interface AdjustableClock {
  readonly clock: Clock;
  /** From now on time goes by `speed` times as fast; `from`: not before that time (ms since the epoch). */
  readonly accelerate: (speed: number, from: number) => void;
}

/** Runs with the wall clock until it is accelerated: the simulated cluster's time is ahead of it. */
function adjustableClock(): AdjustableClock {
  let speed = 1;
  let base = { wall: Date.now(), ours: Date.now() };
  const now = () => base.ours + (Date.now() - base.wall) * speed;
  const origin = performance.now();
  let monotonicBase = { real: origin, ours: 0 };
  const monotonic = () =>
    Math.round(monotonicBase.ours + (performance.now() - monotonicBase.real) * speed);
  return {
    clock: {
      now: () => Math.round(now()),
      monotonic,
      sleep: (ms, signal) =>
        timer(Math.max(0, ms / speed), undefined, signal === undefined ? {} : { signal }),
    },
    accelerate: (factor, from) => {
      base = { wall: Date.now(), ours: Math.max(from, now()) };
      monotonicBase = { real: performance.now(), ours: monotonic() };
      speed = factor;
    },
  };
}

/** The first signal asks to stop, the second to stop at once; a third one ends the process. */
function interrupts(): CliContext['interrupts'] {
  const controllers = [new AbortController(), new AbortController()];
  let seen = 0;
  const onSignal = () => {
    controllers[seen]?.abort();
    seen += 1;
    if (seen > controllers.length) process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  const [first, second] = controllers;
  if (first === undefined || second === undefined) throw new Error('two controllers were made');
  return { first: first.signal, second: second.signal };
}

async function prompt(question: string): Promise<string | undefined> {
  if (process.stdin.isTTY !== true) return undefined;
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const ended = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
  try {
    return await Promise.race([lines.question(question), ended]);
  } finally {
    lines.close();
  }
}

/**
 * A reader that goes away (`| head`, a `tee` that Ctrl-C ended) is no reason to stop in the middle: what follows is
 * written to nobody, and the command ends as it would have.
 */
function textOutput(stream: NodeJS.WriteStream): TextOutput {
  let isGone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    isGone = true;
  });
  return {
    write: (text) => {
      if (!isGone) stream.write(text);
    },
    isTTY: stream.isTTY === true,
    columns: stream.columns,
  };
}

function loginName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** The commit of the project, from CI's variables: what a saved plan says it was made from. */
function commitOf(env: NodeJS.ProcessEnv): string | undefined {
  return env.GITHUB_SHA ?? env.CI_COMMIT_SHA;
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.errored !== null) resolve();
    else stream.write('', () => resolve());
  });
}

const commit = commitOf(process.env);
const code = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdout: textOutput(process.stdout),
  stderr: textOutput(process.stderr),
  prompt,
  openPve,
  openStore,
  files: projectFiles,
  processes,
  startSimulator,
  clock,
  random,
  interrupts: interrupts(),
  version: VERSION,
  ...(commit === undefined ? {} : { commit }),
});
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(code);
