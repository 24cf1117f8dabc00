import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildCli, type RealCli } from '../process/real-cli.ts';
import { type CiSite, longNight, openCiSite, PROJECT, READ } from './ci-site.ts';
import { writeGh } from './fake-github.ts';
import { type Event, githubRunner, type JobResult } from './github-runner.ts';
import { begun, type JobOptions } from './job-shell.ts';

let cli: RealCli;
let site: CiSite;
let runner: ReturnType<typeof githubRunner>;
let run = 0;

const store = () => join(site.base, 'gh/store.json');

function event(sha: string, change: Partial<Event> = {}): Event {
  run += 1;
  return {
    github: {
      repository: 'o/r',
      token: 'ghs_token',
      'event.pull_request.number': '7',
      'event.pull_request.head.repo.full_name': 'o/r',
      'event.pull_request.base.sha': site.git('rev-parse', 'main'),
    },
    vars: {
      MUSTER_PVE_ENDPOINT: site.server.endpoint,
      MUSTER_HTTP_ADDRESS: site.states.address,
      MUSTER_HTTP_LOCK_ADDRESS: site.states.lockAddress,
    },
    secrets: {
      MUSTER_PVE_READ_TOKEN: READ,
      MUSTER_PVE_TOKEN: site.server.token,
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
    JSON.parse(readFileSync(store(), 'utf8')) as {
      comments: { body: string }[];
    }
  ).comments;
const comment = () => comments()[0]?.body ?? '';
const applied = (sha: string) => runner.job('apply.yml', 'apply', event(sha));

beforeAll(() => {
  cli = buildCli('github-life');
}, 120_000);
afterAll(() => cli.remove());

beforeEach(async () => {
  site = await openCiSite({ main: cli.main });
  writeGh(join(site.base, 'gh'), join(site.bin, 'gh'));
  const { origin, bin } = site;
  runner = githubRunner({ origin, bin, env: { GH_STORE: store() } });
});
afterEach(async () => {
  runner.remove();
  await site.close();
});

describe('the life of a pull request, every step from a clean clone', { timeout: 240_000 }, () => {
  it('opened, updated, merged, applied as reviewed', async () => {
    const opened = await pullRequest(site.commit('a', { 'muster.yaml': PROJECT }));
    expect([opened.ok, opened.output]).toEqual([true, '']);
    expect(comment()).toContain('### Muster plan `backup`: 3 deploy');
    expect(opened.summary).toBe(comment().replaceAll('\r', ''));
    const updated = await pullRequest(
      site.commit('a', { 'muster.yaml': PROJECT.replace('4GiB', '5GiB') }),
    );
    expect(updated.ok).toBe(true);
    expect(comments()).toHaveLength(1);
    const done = await applied(site.merge('a'));
    expect([done.ok, done.code]).toEqual([true, 0]);
    expect(site.memory()).toEqual(['5120', '5120', '5120']);
    expect(done.summary).toContain(':white_check_mark: 3 done');
    const after = await pullRequest(site.commit('b', {}));
    expect(after.output).toBe('');
    expect(comment()).toContain('nothing to do');
    expect((await runner.job('drift.yml', 'drift', event(site.git('rev-parse', 'main')))).ok).toBe(
      true,
    );
  });

  it('opened from a fork, is compared without secrets, and says that it is the declaration only', async () => {
    const sha = site.commit('a', { 'muster.yaml': PROJECT.replace('4GiB', '5GiB') });
    const fork = event(sha, { secrets: {} });
    const github = { ...fork.github, 'event.pull_request.head.repo.full_name': 'mallory/r' };
    expect((await runner.job('plan.yml', 'plan', { ...fork, github })).steps).toEqual([]);
    const compared = await runner.job('plan.yml', 'fork', { ...fork, github });
    expect([compared.ok, compared.output]).toEqual([true, '']);
    expect(compared.summary).toContain('Declaration only: neither cluster, state nor secrets');
    expect(compared.summary).toContain('memory');
    expect(site.states.requests()).toEqual([]);
  });

  it('of which no step but those that ask the cluster gets a token', async () => {
    const sha = site.commit('a', { 'muster.yaml': PROJECT });
    const jobs = [
      await pullRequest(sha),
      await applied(site.merge('a')),
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
      site.commit('a', { 'muster.yaml': PROJECT.replace('4GiB', '5GiB') }),
    );
    expect(reviewed.ok).toBe(true);
    site.commit('main', { 'backup-vm': '#!/bin/sh\necho other\n' });
    const refused = await applied(site.merge('a'));
    expect([refused.ok, refused.code]).toEqual([false, 3]);
    expect(refused.output).toContain('muster.plan is not the plan that was reviewed');
    expect(refused.output).toContain('+  backup-pve1  configure, deploy');
    expect(refused.summary).toContain('Nothing was applied.');
    expect(site.workers()).toEqual([]);
  });

  it('merged without a pull request, or with a plan that failed, says what to do', async () => {
    await pullRequest(site.commit('a', { 'muster.yaml': PROJECT.replace('memory', 'memroy') }));
    const unreviewed = await applied(site.git('rev-parse', 'main'));
    expect(unreviewed.code).toBe(1);
    expect(unreviewed.output).toContain('has no comment with a plan');
    expect(unreviewed.output).toContain(
      'muster plan --out muster.plan && muster apply muster.plan',
    );
    const known = JSON.parse(readFileSync(store(), 'utf8'));
    writeFileSync(store(), JSON.stringify({ ...known, pulls: [] }));
    const pushed = await applied(site.git('rev-parse', 'main'));
    expect(pushed.code).toBe(1);
    expect(pushed.output).toContain('came without a pull request');
  });

  it('whose apply fails half-way, goes on when it is run again', async () => {
    await pullRequest(site.commit('a', { 'muster.yaml': PROJECT }));
    const merged = event(site.merge('a'));
    site.server.cluster.inject({
      match: { method: 'POST', path: '^/nodes/pve2/qemu/\\d+/clone$' },
      effect: { kind: 'fail-task', text: 'clone failed: no space left on device' },
    });
    const half = await runner.job('apply.yml', 'apply', merged);
    expect([half.ok, half.code]).toEqual([false, 5]);
    expect(half.summary).toContain('no space left on device');
    expect(half.summary).toContain('2 done, 1 not');
    expect(site.workers()).toHaveLength(2);
    const again = await runner.job('apply.yml', 'apply', { ...merged, attempt: 2 });
    expect(again.output).not.toContain('Error');
    expect([again.ok, again.code]).toEqual([true, 0]);
    expect(site.workers()).toHaveLength(3);
  });

  it('whose runner is killed, goes on when it is run again, and makes no VM twice', async () => {
    await pullRequest(site.commit('a', { 'muster.yaml': PROJECT }));
    const merged = event(site.merge('a'));
    const killed = await runner.job('apply.yml', 'apply', merged, { killWhen: /cloning template/ });
    expect([killed.ok, killed.code]).toEqual([false, 137]);
    const again = await runner.job('apply.yml', 'apply', { ...merged, attempt: 2 });
    expect(again.output).not.toContain('Error');
    expect([again.ok, again.code]).toEqual([true, 0]);
    expect(
      site
        .workers()
        .map(({ config }) => config.name)
        .sort(),
    ).toEqual(['backup-pve1', 'backup-pve2', 'backup-pve3']);
  });

  it('in which a worker is renamed, keeps its VM', async () => {
    const one = PROJECT.replace(
      /workerSets:[\s\S]*?(?=sessions:)/,
      'workers: { old: { node: pve1, storage: local-lvm } }\n',
    );
    await pullRequest(site.commit('a', { 'muster.yaml': one }));
    expect((await applied(site.merge('a'))).ok).toBe(true);
    const before = site.workers().map(({ vmid }) => vmid);
    const bare = one.replace('{ old:', '{ new:');
    const lost = await pullRequest(site.commit('b', { 'muster.yaml': bare }));
    expect(`${comment()}${lost.output}`).toContain('renamed: { old: new }');
    await pullRequest(site.commit('b', { 'muster.yaml': `renamed: { old: new }\n${bare}` }));
    expect(comment()).toContain('was called `old`; its VM stays');
    expect((await applied(site.merge('b'))).ok).toBe(true);
    expect(site.workers().map(({ vmid }) => vmid)).toEqual(before);
  });

  it('after which a node joins, shows a worker that nobody declared by name', async () => {
    const { pve3 } = site.world.nodes;
    if (pve3 === undefined) throw new Error('the world has no pve3');
    delete site.world.nodes.pve3;
    await pullRequest(site.commit('a', { 'muster.yaml': PROJECT }));
    expect((await applied(site.merge('a'))).ok).toBe(true);
    expect(site.workers()).toHaveLength(2);
    site.world.nodes.pve3 = pve3;
    await pullRequest(site.commit('b', {}));
    expect(comment()).toContain('new node; **not caused by this change**');
    expect((await applied(site.merge('b'))).ok).toBe(true);
    expect(site.workers()).toHaveLength(3);
  });

  it('reviewed with an older version of the tool, is applied as reviewed', async () => {
    await pullRequest(site.commit('a', { 'muster.yaml': PROJECT }));
    expect(comment()).toContain('Muster `0.1.0`');
    const newer = readFileSync(cli.main, 'utf8');
    const upgraded = join(dirname(cli.main), 'main-9.mjs');
    writeFileSync(upgraded, newer.replaceAll('0.1.0', '0.9.0'));
    site.put(
      join(site.base, 'muster'),
      `#!/bin/sh\nexec '${process.execPath}' '${upgraded}' "$@"\n`,
      0o755,
    );
    const done = await applied(site.merge('a'));
    expect([done.ok, done.code]).toEqual([true, 0]);
    expect(site.workers()).toHaveLength(3);
  });

  it('whose night is killed: the summary of the next one says what to type, and nothing runs twice', async () => {
    await pullRequest(site.commit('a', { 'muster.yaml': longNight(PROJECT) }));
    expect((await applied(site.merge('a'))).ok).toBe(true);
    const main = site.git('rev-parse', 'main');
    const night = (options: JobOptions = {}) =>
      runner.job('nightly.yml', 'session', event(main), options);
    const killed = await night({ killWhen: /short +done/ });
    expect([killed.ok, killed.code]).toEqual([false, 137]);
    const [, lost = ''] = /this is session (nightly-\S+)/.exec(killed.output) ?? [];
    const next = await night();
    expect(next.code, next.output).toBe(8);
    expect(next.summary).toContain(`Not run twice at once: session ${lost} still runs`);
    expect(next.summary).toContain(`muster sessions resume ${lost}`);
    expect(next.output).not.toMatch(/long +started/);
  });

  it('applied while a session runs, waits for its workers and says whose they are', async () => {
    await pullRequest(site.commit('a', { 'muster.yaml': PROJECT }));
    expect((await applied(site.merge('a'))).ok).toBe(true);
    const changed = site.commit('b', { 'muster.yaml': PROJECT.replace('4GiB', '5GiB') });
    expect((await pullRequest(changed)).ok).toBe(true);
    const night = await begun(/vm-106 +started/, (options) =>
      runner.job('nightly.yml', 'session', event(site.git('rev-parse', 'main')), options),
    );
    const merged = event(site.merge('b'));
    const held = await runner.job('apply.yml', 'apply', merged);
    expect([held.ok, held.code]).toEqual([false, 5]);
    expect(`${held.output}${held.summary}`).toMatch(/held: leased by session nightly-/);
    expect(`${held.output}${held.summary}`).toContain('--wait');
    expect(site.memory()).toEqual(['4096', '4096', '4096']);
    const ended = await night.over;
    expect([ended.ok, ended.code]).toEqual([true, 0]);
    expect(ended.summary).toContain('6 items ok');
    expect(`${ended.output}${ended.summary}`).not.toContain('swordfish');
    const again = await runner.job('apply.yml', 'apply', { ...merged, attempt: 2 });
    expect([again.ok, again.code]).toEqual([true, 0]);
    expect(site.memory()).toEqual(['5120', '5120', '5120']);
    for (const { power } of site.workers()) expect(power.status).toBe('stopped');
  });
});
