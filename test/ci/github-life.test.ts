import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SimServer, startServer } from '../../src/simulator/server.ts';
import type { World } from '../../src/simulator/world.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import { buildCli, type RealCli } from '../process/real-cli.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';

import { writeGh } from './fake-github.ts';
import { type Event, githubRunner, type JobResult } from './github-runner.ts';

/** Workers with a VM each, so that an apply takes steps in which it can fail or be killed. */
const PROJECT = `muster: 1
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

const READ = 'muster@pve!simulator=00000000-0000-4000-8000-000000000001';
let cli: RealCli;
let base: string;
let server: SimServer;
let states: StateServer;
let runner: ReturnType<typeof githubRunner>;
let run = 0;

const origin = () => join(base, 'origin');
const git = (...argv: string[]) =>
  execFileSync('git', ['-C', origin(), ...argv], { encoding: 'utf8' }).trim();

function put(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

/** A commit on a branch that starts at main, or on main itself; its id. */
function commit(branch: string, files: Readonly<Record<string, string>>): string {
  git('checkout', '-q', ...(branch === 'main' ? ['main'] : ['-B', branch, 'main']));
  for (const [path, text] of Object.entries(files)) put(join(origin(), path), text);
  git('add', '-A');
  git('commit', '-q', '--allow-empty', '-m', branch);
  const sha = git('rev-parse', 'HEAD');
  git('checkout', '-q', 'main');
  return sha;
}

function merge(branch: string): string {
  git('merge', '-q', '--no-ff', '--no-edit', branch);
  return git('rev-parse', 'HEAD');
}

function event(sha: string, change: Partial<Event> = {}): Event {
  run += 1;
  return {
    github: {
      repository: 'o/r',
      token: 'ghs_token',
      'event.pull_request.number': '7',
      'event.pull_request.head.repo.full_name': 'o/r',
      'event.pull_request.base.sha': git('rev-parse', 'main'),
    },
    vars: {
      MUSTER_PVE_ENDPOINT: server.endpoint,
      MUSTER_HTTP_ADDRESS: states.address,
      MUSTER_HTTP_LOCK_ADDRESS: states.lockAddress,
    },
    secrets: {
      MUSTER_PVE_READ_TOKEN: READ,
      MUSTER_PVE_TOKEN: server.token,
      PBS_PASSWORD: 'swordfish',
    },
    sha,
    run: String(run),
    attempt: 1,
    ...change,
  };
}

const pullRequest = (sha: string): Promise<JobResult> => runner.job('plan.yml', 'plan', event(sha));
const comments = () =>
  (
    JSON.parse(readFileSync(join(base, 'gh/store.json'), 'utf8')) as {
      comments: { body: string }[];
    }
  ).comments;
const comment = () => comments()[0]?.body ?? '';
const applied = (sha: string) => runner.job('apply.yml', 'apply', event(sha));
const world = (): World => server.cluster.world;
const workers = () => Object.values(world().vms).filter(({ vmid }) => vmid >= 9100 && vmid < 9200);
const memory = () => workers().map(({ config }) => config.memory);

beforeAll(() => {
  cli = buildCli('github-life');
}, 120_000);
afterAll(() => cli.remove());

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'muster-life-'));
  server = await startServer({ port: 0, world: quickstartWorld(), nowMs: Date.now, speed: 20 });
  states = await startStateServer();
  const muster = join(base, 'muster');
  put(muster, `#!/bin/sh\nexec '${process.execPath}' '${cli.main}' "$@"\n`, 0o755);
  // Installs what a lock file names: the program is there afterwards, and only in the clone.
  const npm = `#!/bin/sh\ntest "$*" = "ci --ignore-scripts" && test -f package-lock.json || exit 64\nmkdir -p node_modules/.bin && ln -s '${muster}' node_modules/.bin/muster\n`;
  put(join(base, 'bin/npm'), npm, 0o755);
  writeGh(join(base, 'gh'), join(base, 'bin/gh'));
  mkdirSync(origin());
  git('init', '-q', '-b', 'main');
  git(
    '-c',
    'user.name=A',
    '-c',
    'user.email=a@example.net',
    'commit',
    '-q',
    '--allow-empty',
    '-m',
    'first',
  );
  git('config', 'user.name', 'A');
  git('config', 'user.email', 'a@example.net');
  git('config', 'uploadpack.allowAnySHA1InWant', 'true');
  commit('main', {
    'muster.yaml': PROJECT,
    'backup-vm': '#!/bin/sh\necho "backed up $1"\n',
    'package-lock.json': '{}',
    '.gitignore': 'node_modules\n.muster\n',
  });
  const env = { GH_STORE: join(base, 'gh/store.json') };
  runner = githubRunner({ origin: origin(), bin: join(base, 'bin'), env });
});
afterEach(async () => {
  await server.close();
  await states.stop();
  runner.remove();
  rmSync(base, { recursive: true, force: true });
});

describe('the life of a pull request, every step from a clean clone', { timeout: 120_000 }, () => {
  it('opened, updated, merged, applied as reviewed', async () => {
    const opened = await pullRequest(commit('a', { 'muster.yaml': PROJECT }));
    expect([opened.ok, opened.output]).toEqual([true, '']);
    expect(comment()).toContain('### Muster plan `backup`: 3 deploy');
    expect(opened.summary).toBe(comment().replaceAll('\r', ''));
    const updated = await pullRequest(
      commit('a', { 'muster.yaml': PROJECT.replace('4GiB', '5GiB') }),
    );
    expect(updated.ok).toBe(true);
    expect(comments()).toHaveLength(1);
    const done = await applied(merge('a'));
    expect([done.ok, done.code]).toEqual([true, 0]);
    expect(memory()).toEqual(['5120', '5120', '5120']);
    expect(done.summary).toContain(':white_check_mark: 3 done');
    const after = await pullRequest(commit('b', {}));
    expect(after.output).toBe('');
    expect(comment()).toContain('nothing to do');
    expect((await runner.job('drift.yml', 'drift', event(git('rev-parse', 'main')))).ok).toBe(true);
  });

  it('opened from a fork, is compared without secrets, and says that it is the declaration only', async () => {
    const sha = commit('a', { 'muster.yaml': PROJECT.replace('4GiB', '5GiB') });
    const fork = event(sha, { secrets: {} });
    const github = { ...fork.github, 'event.pull_request.head.repo.full_name': 'mallory/r' };
    expect((await runner.job('plan.yml', 'plan', { ...fork, github })).steps).toEqual([]);
    const compared = await runner.job('plan.yml', 'fork', { ...fork, github });
    expect([compared.ok, compared.output]).toEqual([true, '']);
    expect(compared.summary).toContain('Declaration only: neither cluster, state nor secrets');
    expect(compared.summary).toContain('memory');
    expect(states.requests()).toEqual([]);
  });

  it('of which no step but those that ask the cluster gets a token', async () => {
    const sha = commit('a', { 'muster.yaml': PROJECT });
    const jobs = [
      await pullRequest(sha),
      await applied(merge('a')),
      await runner.job('drift.yml', 'drift', event(sha)),
    ];
    const holders = jobs.flatMap(({ env }) =>
      Object.entries(env).flatMap(([step, given]) =>
        JSON.stringify(given).includes('muster@pve') ? [step] : [],
      ),
    );
    expect(holders).toEqual(['Plan', 'Plan', 'Apply', 'Look for drift']);
  });

  it('merged after something else was, is refused with what differs, and nothing is changed', async () => {
    const reviewed = await pullRequest(
      commit('a', { 'muster.yaml': PROJECT.replace('4GiB', '5GiB') }),
    );
    expect(reviewed.ok).toBe(true);
    commit('main', { 'backup-vm': '#!/bin/sh\necho other\n' });
    const refused = await applied(merge('a'));
    expect([refused.ok, refused.code]).toEqual([false, 3]);
    expect(refused.output).toContain('muster.plan is not the plan that was reviewed');
    expect(refused.output).toContain('+  backup-pve1  configure, deploy');
    expect(refused.summary).toContain('Nothing was applied.');
    expect(workers()).toEqual([]);
  });

  it('merged without a pull request, or with a plan that failed, says what to do', async () => {
    await pullRequest(commit('a', { 'muster.yaml': PROJECT.replace('memory', 'memroy') }));
    const unreviewed = await applied(git('rev-parse', 'main'));
    expect(unreviewed.code).toBe(1);
    expect(unreviewed.output).toContain('has no comment with a plan');
    expect(unreviewed.output).toContain(
      'muster plan --out muster.plan && muster apply muster.plan',
    );
    const store = JSON.parse(readFileSync(join(base, 'gh/store.json'), 'utf8'));
    put(join(base, 'gh/store.json'), JSON.stringify({ ...store, pulls: [] }));
    const pushed = await applied(git('rev-parse', 'main'));
    expect(pushed.code).toBe(1);
    expect(pushed.output).toContain('came without a pull request');
  });

  it('whose apply fails half-way, goes on when it is run again', async () => {
    await pullRequest(commit('a', { 'muster.yaml': PROJECT }));
    const merged = event(merge('a'));
    server.cluster.inject({
      match: { method: 'POST', path: '^/nodes/pve2/qemu/\\d+/clone$' },
      effect: { kind: 'fail-task', text: 'clone failed: no space left on device' },
    });
    const half = await runner.job('apply.yml', 'apply', merged);
    expect([half.ok, half.code]).toEqual([false, 5]);
    expect(half.summary).toContain('no space left on device');
    expect(half.summary).toContain('2 done, 1 not');
    expect(workers()).toHaveLength(2);
    const again = await runner.job('apply.yml', 'apply', { ...merged, attempt: 2 });
    expect(again.output).not.toContain('Error');
    expect([again.ok, again.code]).toEqual([true, 0]);
    expect(workers()).toHaveLength(3);
  });

  it('whose runner is killed, goes on when it is run again, and makes no VM twice', async () => {
    await pullRequest(commit('a', { 'muster.yaml': PROJECT }));
    const merged = event(merge('a'));
    const killed = await runner.job('apply.yml', 'apply', merged, { killWhen: /cloning template/ });
    expect([killed.ok, killed.code]).toEqual([false, 137]);
    const again = await runner.job('apply.yml', 'apply', { ...merged, attempt: 2 });
    expect(again.output).not.toContain('Error');
    expect([again.ok, again.code]).toEqual([true, 0]);
    expect(
      workers()
        .map(({ config }) => config.name)
        .sort(),
    ).toEqual(['backup-pve1', 'backup-pve2', 'backup-pve3']);
  });

  it('in which a worker is renamed, keeps its VM', async () => {
    const one = PROJECT.replace(
      /workerSets:[\s\S]*?(?=sessions:)/,
      'workers: { old: { node: pve1, storage: local-lvm } }\n',
    );
    await pullRequest(commit('a', { 'muster.yaml': one }));
    expect((await applied(merge('a'))).ok).toBe(true);
    const before = workers().map(({ vmid }) => vmid);
    const bare = one.replace('{ old:', '{ new:');
    const lost = await pullRequest(commit('b', { 'muster.yaml': bare }));
    expect(`${comment()}${lost.output}`).toContain('renamed: { old: new }');
    await pullRequest(commit('b', { 'muster.yaml': `renamed: { old: new }\n${bare}` }));
    expect(comment()).toContain('was called `old`; its VM stays');
    expect((await applied(merge('b'))).ok).toBe(true);
    expect(workers().map(({ vmid }) => vmid)).toEqual(before);
  });

  it('after which a node joins, shows a worker that nobody declared by name', async () => {
    const { pve3 } = world().nodes;
    if (pve3 === undefined) throw new Error('the world has no pve3');
    delete world().nodes.pve3;
    await pullRequest(commit('a', { 'muster.yaml': PROJECT }));
    expect((await applied(merge('a'))).ok).toBe(true);
    expect(workers()).toHaveLength(2);
    world().nodes.pve3 = pve3;
    await pullRequest(commit('b', {}));
    expect(comment()).toContain('new node; **not caused by this change**');
    expect((await applied(merge('b'))).ok).toBe(true);
    expect(workers()).toHaveLength(3);
  });

  it('reviewed with an older version of the tool, is applied as reviewed', async () => {
    await pullRequest(commit('a', { 'muster.yaml': PROJECT }));
    expect(comment()).toContain('Muster `0.1.0`');
    const newer = readFileSync(cli.main, 'utf8');
    const upgraded = join(dirname(cli.main), 'main-9.mjs');
    writeFileSync(upgraded, newer.replaceAll('0.1.0', '0.9.0'));
    put(join(base, 'muster'), `#!/bin/sh\nexec '${process.execPath}' '${upgraded}' "$@"\n`, 0o755);
    const done = await applied(merge('a'));
    expect([done.ok, done.code]).toEqual([true, 0]);
    expect(workers()).toHaveLength(3);
  });

  it('applied while a session runs, waits for its workers and says whose they are', async () => {
    await pullRequest(commit('a', { 'muster.yaml': PROJECT }));
    expect((await applied(merge('a'))).ok).toBe(true);
    const changed = commit('b', { 'muster.yaml': PROJECT.replace('4GiB', '5GiB') });
    expect((await pullRequest(changed)).ok).toBe(true);
    let tellBegun = () => {};
    const begun = new Promise<void>((resolve) => {
      tellBegun = resolve;
    });
    const night = runner.job('nightly.yml', 'session', event(git('rev-parse', 'main')), {
      when: { said: /vm-106 +started/, tell: () => tellBegun() },
    });
    await Promise.race([begun, night]);
    const merged = event(merge('b'));
    const held = await runner.job('apply.yml', 'apply', merged);
    expect([held.ok, held.code]).toEqual([false, 5]);
    expect(`${held.output}${held.summary}`).toMatch(/held: leased by session nightly-/);
    expect(`${held.output}${held.summary}`).toContain('--wait');
    expect(memory()).toEqual(['4096', '4096', '4096']);
    const ended = await night;
    expect([ended.ok, ended.code]).toEqual([true, 0]);
    expect(ended.summary).toContain('6 items ok');
    expect(`${ended.output}${ended.summary}`).not.toContain('swordfish');
    const again = await runner.job('apply.yml', 'apply', { ...merged, attempt: 2 });
    expect([again.ok, again.code]).toEqual([true, 0]);
    expect(memory()).toEqual(['5120', '5120', '5120']);
    for (const { power } of workers()) expect(power.status).toBe('stopped');
  });
});
