import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What stands in for `gh`: comments and issues in a file, filtered by the real jq. */
const GH = `
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
const [word, ...rest] = process.argv.slice(2);
const store = JSON.parse(readFileSync(process.env.GH_STORE, 'utf8'));
const option = (name) => { const at = rest.indexOf(name); return at < 0 ? undefined : rest[at + 1]; };
const save = () => writeFileSync(process.env.GH_STORE, JSON.stringify(store));
const show = (value) => {
  const told = spawnSync('jq', ['-r', option('--jq') ?? '.'], { input: JSON.stringify(value), encoding: 'utf8' });
  if (told.status !== 0) { process.stderr.write(told.stderr ?? String(told.error)); process.exit(1); }
  process.stdout.write(told.stdout);
};
const body = () => readFileSync((option('-F') ?? '').replace('body=@', ''), 'utf8').replaceAll('\\n', '\\r\\n');
if (word === 'api') {
  const path = rest.find((each) => each.startsWith('repos/'));
  const one = /issues\\/comments\\/(\\d+)$/.exec(path);
  if (one) { store.comments.find(({ id }) => id === Number(one[1])).body = body(); save(); show({}); }
  else if (/\\/comments$/.test(path) && option('-F')) {
    store.comments.push({ id: store.comments.length + 1, user: { type: 'Bot', login: 'github-actions[bot]' }, body: body() }); save(); show({});
  } else if (/\\/comments$/.test(path)) show(store.comments);
  else if (/\\/pulls$/.test(path)) show(store.pulls ?? [{ number: 7 }]);
  else process.exit(64);
} else if (word === 'issue') {
  const file = option('--body-file');
  const text = file === undefined ? '' : readFileSync(file, 'utf8');
  if (rest[0] === 'list') show(store.issues.filter(({ open }) => open));
  else if (rest[0] === 'create') store.issues.push({ number: store.issues.length + 1, open: true, body: text });
  else if (rest[0] === 'edit') store.issues.find(({ number }) => String(number) === rest[1]).body = text;
  else if (rest[0] === 'close') store.issues.find(({ number }) => String(number) === rest[1]).open = false;
  save();
} else if (word !== 'label') process.exit(64);
`;

/** The program at `bin`, and its store in `folder`/store.json. */
export function writeGh(folder: string, bin: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'gh.mjs'), GH);
  writeFileSync(join(folder, 'store.json'), JSON.stringify({ comments: [], issues: [] }));
  writeFileSync(bin, `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'gh.mjs')}' "$@"\n`);
  chmodSync(bin, 0o755);
}

export interface FakeStore {
  readonly comments: readonly {
    readonly id: number;
    readonly user: { readonly type: string; readonly login: string };
    readonly body: string;
  }[];
  readonly issues: readonly {
    readonly number: number;
    readonly open: boolean;
    readonly body: string;
  }[];
}

/** A runner's workspace with a project, and the programs that recipes call. */
export interface Workspace {
  readonly root: string;
  write(path: string, text: string): void;
  read(path: string): string;
  store(): FakeStore;
  setStore(store: FakeStore): void;
  /** Runs a step as the runner does: bash, ended by the first failure. */
  run(
    script: string,
    env?: Readonly<Record<string, string>>,
  ): { readonly code: number | null; readonly output: string };
  /** The same, while this process goes on: for what talks to a server in it. */
  runBeside(
    script: string,
    env: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number | null; readonly output: string }>;
  remove(): void;
}

export function workspace(main: string, files: Readonly<Record<string, string>>): Workspace {
  const base = mkdtempSync(join(tmpdir(), 'muster-ci-'));
  const root = join(base, 'project');
  const put = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  const program = (name: string, text: string) => {
    put(join(base, 'bin', name), text);
    chmodSync(join(base, 'bin', name), 0o755);
  };
  program('muster', `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  program('npm', '#!/bin/sh\nexit 0\n');
  writeGh(base, join(base, 'bin/gh'));
  const storePath = join(base, 'store.json');
  for (const [path, text] of Object.entries(files)) put(join(root, path), text);
  const envFile = join(base, 'env');
  const environment = (): Readonly<Record<string, string>> => {
    const lines = existsSync(envFile) ? readFileSync(envFile, 'utf8').trim().split('\n') : [];
    return Object.fromEntries(
      lines.map((line) => [line.split('=')[0] ?? '', line.replace(/^[^=]*=/, '')]),
    );
  };
  const variables = () => ({
    PATH: `${join(base, 'bin')}:${process.env.PATH ?? ''}`,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_REPOSITORY: 'o/r',
    GITHUB_SHA: '4be1f02d9c55aa01b2c34be1f02d9c55aa01b2c3',
    GITHUB_WORKSPACE: root,
    GITHUB_ENV: envFile,
    GITHUB_PATH: join(base, 'path'),
    GITHUB_STEP_SUMMARY: join(base, 'summary.md'),
    GH_STORE: storePath,
    PULL_REQUEST: '7',
    MUSTER_SIMULATOR_SPEED: '100',
    ...environment(),
  });
  return {
    root,
    write: (path, text) => put(join(root, path), text),
    read: (path) => readFileSync(join(root, path), 'utf8'),
    store: () => JSON.parse(readFileSync(storePath, 'utf8')) as FakeStore,
    setStore: (store) => put(storePath, JSON.stringify(store)),
    run: (script, env = {}) => {
      const told = spawnSync('bash', ['--norc', '-e', '-c', script], {
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: root,
        encoding: 'utf8',
        env: { ...variables(), ...env },
      });
      return { code: told.status, output: `${told.stdout}${told.stderr}` };
    },
    runBeside: async (script, env) => {
      const shell = spawn('bash', ['--norc', '-e', '-c', script], {
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: root,
        env: { ...variables(), ...env },
      });
      let output = '';
      for (const stream of [shell.stdout, shell.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      const [code] = await once(shell, 'close');
      return { code: code as number | null, output };
    },
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}
