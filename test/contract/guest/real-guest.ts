import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type ScriptName, scriptArgv } from '../../../src/guest/run-script.ts';
import { VISIBLE_MEMORY } from '../../../src/simulator/guest/muster/system-checks.ts';
import { fakeTools } from './fake-tools.ts';
import type { Answer, Door, GuestSetup, RealGuest } from './guest-world.ts';

/** Programs that every guest has; the shell under test brings them along where it is busybox. */
const COMMON =
  'awk cat chmod cksum cut dd find grep head kill ln ls mkdir mkfifo mv od readlink rm sed seq setsid sha256sum sleep sort sync tail test timeout tr true touch wc';

const SHELLS: readonly (readonly [string, string, readonly string[]])[] = [
  ['dash', '/usr/bin/dash', []],
  ['bash', '/usr/bin/bash', ['--posix', '--norc']],
  ['busybox', '/usr/bin/busybox', ['sh']],
];

/** The shells that this machine has. */
export function realDoors(): readonly Door<RealGuest>[] {
  return SHELLS.filter(([, path]) => existsSync(path)).map(([name, path, args]) => ({
    name,
    simulated: false,
    open: (setup) => openReal(name, path, args, setup),
  }));
}

async function openReal(
  shell: string,
  path: string,
  shellArgs: readonly string[],
  setup: GuestSetup,
): Promise<RealGuest> {
  const home = await mkdtemp(join(tmpdir(), `muster-${shell}-`));
  await buildTools(home, shell, path, setup);
  await buildRoot(home, setup);
  setClock(home);
  const server = await listen();
  const closed = await freePort();
  // Nothing outside these three directories can be found, so no real poweroff either.
  const env = {
    PATH: join(home, 'bin'),
    MUSTER_PATH: join(home, 'bin'),
    MUSTER_ROOT: join(home, 'root'),
    MUSTER_PROC: join(home, 'proc'),
  };
  return {
    home,
    openPort: portOf(server),
    closedPort: closed,
    run: (name, args, stdin = '') => {
      const [, ...rest] = scriptArgv(name as ScriptName, args);
      return capture(path, [...shellArgs, ...rest], env, stdin);
    },
    file: async (at) => readIf(join(home, 'root', at)),
    writeFile: async (at, content) => {
      await mkdir(dirname(join(home, 'root', at)), { recursive: true });
      await writeFile(join(home, 'root', at), content);
    },
    age: async (at, days) => {
      const when = Date.now() / 1000 - days * 86_400;
      await utimes(join(home, 'root', at), when, when);
    },
    pass: (ms) => pause(ms),
    until: async (what, holds) => {
      const deadline = Date.now() + 50_000;
      while (!(await holds())) {
        if (Date.now() > deadline) throw new Error(`never: ${what}`);
        await pause(50);
      }
    },
    now: () => setClock(home),
    forgetVolatile: () => rm(join(home, 'root/run/muster'), { recursive: true, force: true }),
    poweredOff: async () => existsSync(join(home, 'root/powered-off')),
    close: async () => {
      server.close();
      await endProcesses(join(home, 'root'));
      await rm(home, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

async function buildTools(
  home: string,
  shell: string,
  path: string,
  setup: GuestSetup,
): Promise<void> {
  const bin = join(home, 'bin');
  await mkdir(bin);
  for (const name of COMMON.split(' ')) {
    const target = shell === 'busybox' ? path : `/usr/bin/${name}`;
    if (existsSync(target)) await symlink(target, join(bin, name));
  }
  await symlink(path, join(bin, 'sh'));
  const tools = setup.tools ?? ['bash'];
  for (const name of tools.filter((one) => one !== 'bash'))
    await symlink(toolPath(name), join(bin, name));
  for (const [name, text] of Object.entries(fakeTools(setup))) {
    if (name === 'bash' && !tools.includes('bash')) continue;
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(bin, name), 0o755);
  }
}

/** Where this machine has a tool; busybox has a small nc without -z. */
export function toolPath(name: string): string {
  return name === 'nc' ? '/usr/bin/busybox' : `/usr/bin/${name}`;
}

async function buildRoot(home: string, setup: GuestSetup): Promise<void> {
  const { cpus = 6, memoryMiB = 6144, nameServers = [] } = setup;
  const write = async (at: string, content: string) => {
    await mkdir(dirname(join(home, at)), { recursive: true });
    await writeFile(join(home, at), content);
  };
  const processors = Array.from({ length: cpus }, (_, index) => `processor\t: ${index}\n`);
  await write('proc/cpuinfo', processors.join(''));
  await write(
    'proc/meminfo',
    `MemTotal:       ${Math.floor(memoryMiB * 1024 * VISIBLE_MEMORY)} kB\nMemFree: 1 kB\n`,
  );
  await write('root/etc/resolv.conf', nameServers.map((one) => `nameserver ${one}\n`).join(''));
  await write('root/etc/os-release', `ID=${osId(setup.os)}\n`);
  await write('root/tmp/.keep', '');
  await write('root/db', databaseOf(setup));
  if (setup.packagesBusy === true) await write('proc/4711/comm', 'apt-get\n');
  if (setup.systemd === true)
    await mkdir(join(home, 'root/run/systemd/system'), { recursive: true });
  if (setup.cloudInit === 'running') await write('root/run/cloud-init/status.json', '{}');
  if (setup.cloudInit === 'done')
    await write('root/run/cloud-init/result.json', '{\n "v1": {\n  "errors": []\n }\n}\n');
  if (setup.cloudInit === 'error') await write('root/run/cloud-init/result.json', CLOUD_INIT_ERROR);
  for (const [at, content] of Object.entries(setup.files ?? {})) await write(`root${at}`, content);
}

/** As cloud-init writes it. */
const CLOUD_INIT_ERROR =
  '{\n "v1": {\n  "datasource": "DataSourceNoCloud",\n  "errors": [\n   "runcmd failed"\n  ],\n' +
  '  "recoverable_errors": {}\n }\n}\n';

/** Cluster time, ms; what the guest's `date` goes by. */
function setClock(home: string): number {
  const now = Date.now();
  writeFileSync(join(home, 'root/clock'), `${Math.floor(now / 1000)}\n`);
  return now;
}

function osId(os: GuestSetup['os'] = 'debian'): string {
  return os === 'opensuse' ? '"opensuse-leap"' : os;
}

function databaseOf({ upgradable = [] }: GuestSetup): string {
  const lines = upgradable.map(({ name, from }) => `${name}\t${from}`);
  return [...lines, 'bash\t5.2-r1', ''].join('\n');
}

function capture(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  stdin: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: 'pipe' });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (data: Buffer) => out.push(data));
    child.stderr.on('data', (data: Buffer) => err.push(data));
    child.on('error', reject);
    child.on('close', (code) => {
      const text = (parts: readonly Buffer[]) => Buffer.concat(parts).toString('utf8');
      resolve({ exit: code ?? -1, stdout: text(out), stderr: text(err) });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
  });
}

async function readIf(path: string) {
  try {
    const content = await readFile(path, 'utf8');
    return { content, mode: (await stat(path)).mode & 0o7777 };
  } catch {
    return undefined;
  }
}

function listen(): Promise<Server> {
  const server = createServer((socket) => socket.end());
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function freePort(): Promise<number> {
  const server = await listen();
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Ends the session of every process that the guest's scripts noted down. */
async function endProcesses(root: string): Promise<void> {
  const attempts = join(root, 'var/lib/muster/attempts');
  const keys = await readdir(attempts).catch(() => []);
  const notes = keys.flatMap((key) => [join(attempts, key, 'pid'), join(attempts, key, 'group')]);
  for (const note of [join(root, 'run/muster/deadman.pid'), ...notes]) {
    const pid = Number((await readIf(note))?.content.split(' ')[0]);
    if (!(pid > 1)) continue;
    for (const target of [-pid, pid]) {
      try {
        process.kill(target, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
  }
}
