import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type SimServer, startServer } from '../../src/simulator/server.ts';
import type { Vm, World } from '../../src/simulator/world.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import {
  type StateServer,
  type StateServerOptions,
  startStateServer,
} from '../support/state-server.ts';

/** Workers with a VM each, so that an apply takes steps in which it can fail or be killed. */
export const PROJECT = `muster: 1
project: backup
cluster:
  endpoint: https://pve1.example.net:8006
  vmids: { from: 9100, to: 9199 }
state: { backend: http, address: https://git.example.net/state/backup }
images:
  debian-13: { template: { name: debian-13 } }
repositories:
  pbs-main: { address: pbs.example.net:8007, env: { PBS_PASSWORD: "\${secret.PBS_PASSWORD}" } }
defaults: { image: debian-13, files: [{ from: backup-vm, to: /usr/local/bin/backup-vm, mode: "0755" }], deploy: eager }
workerSets:
  everywhere:
    nodes: all
    name: "backup-\${node}"
    worker: { storage: local-lvm, memory: 4GiB }
    perNode: { pve3: { storage: local-zfs } }
sessions:
  nightly:
    kind: backup
    items:
      - { forEachVm: { pool: production }, name: "vm-\${vm.id}", run: [/usr/local/bin/backup-vm, "\${vm.id}"], repository: pbs-main }
`;

/** A token that may only read. */
export const READ = 'muster@pve!simulator=00000000-0000-4000-8000-000000000001';

/** A repository, a cluster and a place for its state, whatever the CI system. */
export interface CiSite {
  readonly base: string;
  /** The repository, and the folder with the programs that a runner has. */
  readonly origin: string;
  readonly bin: string;
  readonly server: SimServer;
  readonly states: StateServer;
  readonly world: World;
  git(...argv: string[]): string;
  put(path: string, text: string, mode?: number): void;
  /** A commit on a branch that starts at main, or on main itself; its id. */
  commit(branch: string, files: Readonly<Record<string, string>>): string;
  merge(branch: string): string;
  workers(): readonly Vm[];
  memory(): readonly (string | undefined)[];
  close(): Promise<void>;
}

export interface CiSiteOptions {
  /** The built program. */
  readonly main: string;
  readonly state?: StateServerOptions;
  /** Besides the project, on the main branch. */
  readonly files?: Readonly<Record<string, string>>;
}

export async function openCiSite({ main, state, files = {} }: CiSiteOptions): Promise<CiSite> {
  const base = mkdtempSync(join(tmpdir(), 'muster-life-'));
  const origin = join(base, 'origin');
  const server = await startServer({
    port: 0,
    world: quickstartWorld(),
    nowMs: Date.now,
    speed: 20,
  });
  const states = await startStateServer(state);
  const { world } = server.cluster;
  writePrograms(base, main);
  const { git, commit, merge } = repository(origin);
  commit('main', {
    'muster.yaml': PROJECT,
    'backup-vm': '#!/bin/sh\necho "backed up $1"\n',
    'package-lock.json': '{}',
    '.gitignore': 'node_modules\n.muster\n',
    ...files,
  });
  const workers = () => Object.values(world.vms).filter(({ vmid }) => vmid >= 9100 && vmid < 9200);
  return {
    base,
    origin,
    bin: join(base, 'bin'),
    server,
    states,
    world,
    git,
    put,
    commit,
    merge,
    workers,
    memory: () => workers().map(({ config }) => config.memory),
    close: async () => {
      await server.close();
      await states.stop();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

/** `npm ci` installs what a lock file names: the program is there afterwards, and only in the clone. */
function writePrograms(base: string, main: string): void {
  const muster = join(base, 'muster');
  put(muster, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, 0o755);
  const npm = `#!/bin/sh\ntest "$*" = "ci --ignore-scripts" && test -f package-lock.json || exit 64\nmkdir -p node_modules/.bin && ln -s '${muster}' node_modules/.bin/muster\n`;
  put(join(base, 'bin/npm'), npm, 0o755);
}

function repository(origin: string): Pick<CiSite, 'git' | 'commit' | 'merge'> {
  const git = (...argv: string[]) =>
    execFileSync('git', ['-C', origin, ...argv], { encoding: 'utf8' }).trim();
  mkdirSync(origin);
  git('init', '-q', '-b', 'main');
  git('config', 'user.name', 'A');
  git('config', 'user.email', 'a@example.net');
  git('config', 'uploadpack.allowAnySHA1InWant', 'true');
  git('commit', '-q', '--allow-empty', '-m', 'first');
  return {
    git,
    commit: (branch, files) => {
      git('checkout', '-q', ...(branch === 'main' ? ['main'] : ['-B', branch, 'main']));
      for (const [path, text] of Object.entries(files)) put(join(origin, path), text);
      git('add', '-A');
      git('commit', '-q', '--allow-empty', '-m', branch);
      const sha = git('rev-parse', 'HEAD');
      git('checkout', '-q', 'main');
      return sha;
    },
    merge: (branch) => {
      git('merge', '-q', '--no-ff', '--no-edit', branch);
      return git('rev-parse', 'HEAD');
    },
  };
}

function put(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

/**
 * The same project with a night whose item "long" outlives whatever a test does meanwhile; it runs for certain when
 * "short" is done.
 */
export function longNight(project: string): string {
  const items = ['long, run: [sh, -c, "sleep 7200"]', 'short, run: ["true"]'];
  return project.replace(/ +- \{ forEachVm.*\n/, () =>
    items.map((item) => `      - { name: ${item} }\n`).join(''),
  );
}
