import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildCli, type RealCli } from '../process/real-cli.ts';
import { type CiSite, longNight, openCiSite, PROJECT, READ } from './ci-site.ts';
import { type FakeGitlab, type Merged, mergedWith, startGitlab } from './fake-gitlab.ts';
import { GITLAB_RECIPE, type GitlabJob, gitlabRunner } from './gitlab-runner.ts';
import { begun, type Told } from './job-shell.ts';

/** As GitLab keeps a state. */
const DECLARED = PROJECT.replace(
  'address: https://git.example.net/state/backup }',
  'address: https://git.example.net/state/backup, lockMethod: POST, unlockMethod: DELETE }',
);
const JOB_TOKEN = 'glcbt-job';
const TOKEN = 'glpat-read';

let cli: RealCli;
let site: CiSite;
let gitlab: FakeGitlab;
let runner: ReturnType<typeof gitlabRunner>;
let merged: Merged;
let pipelines = 0;

function pipeline(sha: string): GitlabJob {
  pipelines += 1;
  return {
    sha,
    pipeline: String(pipelines),
    variables: {
      CI_API_V4_URL: gitlab.api,
      CI_PROJECT_ID: '7',
      CI_COMMIT_BRANCH: 'main',
      CI_JOB_TOKEN: JOB_TOKEN,
      CI_JOB_URL: `https://git.example.net/backup/-/jobs/${pipelines}`,
      MUSTER_PVE_ENDPOINT: site.server.endpoint,
      MUSTER_PVE_READ_TOKEN: READ,
      MUSTER_PVE_TOKEN: site.server.token,
      MUSTER_GITLAB_TOKEN: TOKEN,
      PBS_PASSWORD: 'swordfish',
    },
  };
}

/** The pipeline of a merge request whose branch holds that, its review, and the merge. */
async function mergeReviewed(branch: string, declared: string): Promise<GitlabJob> {
  const request = pipeline(site.commit(branch, { 'muster.yaml': declared }));
  expect(await runner.job('plan', request)).toEqual({ code: 0, output: '' });
  merged = mergedWith(runner.artifact(request.pipeline, 'plan', 'muster.digest'));
  const after = pipeline(site.merge(branch));
  expect(await runner.job('plan', after)).toEqual({ code: 0, output: '' });
  return after;
}

const applied = async (after: Promise<GitlabJob>): Promise<Told> =>
  runner.job('apply', await after);

beforeAll(() => {
  cli = buildCli('gitlab-life');
}, 120_000);
afterAll(() => cli.remove());

beforeEach(async () => {
  const credentials = `Basic ${Buffer.from(`gitlab-ci-token:${JOB_TOKEN}`).toString('base64')}`;
  const digest = readFileSync(join(GITLAB_RECIPE, 'reviewed-digest.mjs'), 'utf8');
  site = await openCiSite({
    main: cli.main,
    state: { style: 'gitlab', credentials },
    files: { 'muster.yaml': DECLARED, 'reviewed-digest.mjs': digest },
  });
  const known = () => merged;
  gitlab = await startGitlab({ token: TOKEN, known, state: site.states.address });
  runner = gitlabRunner(site);
});
afterEach(async () => {
  gitlab.close();
  runner.remove();
  await site.close();
});

describe('the life of a merge request, every job from a clean clone', { timeout: 240_000 }, () => {
  it('whose runner is killed in the middle of apply, goes on when the job is retried, and makes no VM twice', async () => {
    const after = await mergeReviewed('a', DECLARED);
    const killed = await runner.job('apply', after, { killWhen: /cloning template/ });
    expect(killed.code).toBe(137);
    const again = await runner.job('apply', after);
    expect([again.code, again.output], again.output).toEqual([
      0,
      expect.not.stringContaining('Error'),
    ]);
    const names = site.workers().map(({ config }) => config.name);
    expect(names.sort()).toEqual(['backup-pve1', 'backup-pve2', 'backup-pve3']);
    expect(runner.artifact(after.pipeline, 'apply', 'muster.xml')).toContain('<testsuite');
  });

  it('whose night is killed: the next one and the next apply say what to type, and run no item twice', async () => {
    const declared = longNight(DECLARED);
    expect((await applied(mergeReviewed('a', declared))).code).toBe(0);
    const main = () => pipeline(site.git('rev-parse', 'main'));
    const killed = await runner.job('nightly', main(), { killWhen: /short +done/ });
    expect(killed.code).toBe(137);
    const [, lost = ''] = /this is session (nightly-\S+)/.exec(killed.output) ?? [];
    const next = await runner.job('nightly', main());
    expect(next.code, next.output).toBe(8);
    expect(next.output).toContain(`Not run twice at once: session ${lost} still runs`);
    expect(next.output).toContain(`Next     muster sessions resume ${lost}`);
    expect(next.output).not.toMatch(/long +started/);
    const after = await mergeReviewed('b', declared.replace('4GiB', '5GiB'));
    const held = await runner.job('apply', after);
    expect(held.code, held.output).toBe(5);
    expect(held.output).toContain(`go on with it: muster sessions resume ${lost}`);
    const stopped = await runner.run(`muster sessions stop ${lost}`, main());
    expect(stopped.output).toContain('1 STOPPED');
    for (const { power } of site.workers()) expect(power.status).toBe('stopped');
    expect((await runner.job('apply', after)).code).toBe(0);
    expect(site.memory()).toEqual(['5120', '5120', '5120']);
  });

  it('applied while a session runs, waits for its workers, and says whose they are and in which job', async () => {
    expect((await applied(mergeReviewed('a', DECLARED))).code).toBe(0);
    const tonight = pipeline(site.git('rev-parse', 'main'));
    const night = await begun(/vm-106 +started/, (options) =>
      runner.job('nightly', tonight, options),
    );
    const after = await mergeReviewed('b', DECLARED.replace('4GiB', '5GiB'));
    const held = await runner.job('apply', after);
    expect(held.code, held.output).toBe(5);
    expect(held.output).toMatch(/held: leased by session nightly-/);
    expect(held.output).toContain(tonight.variables.CI_JOB_URL);
    expect(held.output).toContain('--wait');
    expect(site.memory()).toEqual(['4096', '4096', '4096']);
    const ended = await night.over;
    expect(ended.code, ended.output).toBe(0);
    expect(ended.output).toContain('6 items ok');
    expect(ended.output).not.toContain('swordfish');
    const again = await runner.job('apply', after);
    expect(again.code, again.output).toBe(0);
    expect(site.memory()).toEqual(['5120', '5120', '5120']);
    for (const { power } of site.workers()) expect(power.status).toBe('stopped');
  });
});
