import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TWO_WORKERS } from '../cli/project.ts';
import { buildCli, type RealCli } from '../process/real-cli.ts';
import { type Workspace, workspace } from './fake-github.ts';
import { type FakeGitlab, type Merged, mergedWith, startGitlab } from './fake-gitlab.ts';
import { GITLAB_RECIPE, gitlabRecipe, scriptOf } from './gitlab-runner.ts';

const TOKEN = 'glpat-read';
const SESSION = `
sessions:
  nightly:
    items:
      - { name: one, run: ["true"] }
`;

const recipe = gitlabRecipe();

describe('the GitLab recipe', () => {
  let cli: RealCli;
  let space: Workspace;
  let server: FakeGitlab;
  let merged: Merged;
  const run = (name: string, env: Readonly<Record<string, string>> = {}) =>
    space.runBeside(scriptOf(recipe, name), {
      CI_API_V4_URL: server.api,
      CI_PROJECT_ID: '7',
      CI_COMMIT_SHA: 'abc',
      CI_COMMIT_BRANCH: 'main',
      MUSTER_GITLAB_TOKEN: TOKEN,
      ...env,
    });
  /** The pipeline of the merge request, and the review of what it left. */
  const review = async () => {
    expect(await run('plan')).toEqual({ code: 0, output: '' });
    const digest = space.read('muster.digest');
    expect(digest).toMatch(/^[0-9a-f]{16}\n$/);
    merged = mergedWith(digest);
  };
  /** The pipeline of the default branch after the merge: the job that plans, and the one behind the button. */
  const apply = async (env: Readonly<Record<string, string>> = {}) => {
    expect((await run('plan')).code).toBe(0);
    return run('apply', env);
  };

  beforeAll(async () => {
    cli = buildCli('gitlab');
    space = workspace(cli.main, {
      'muster.yaml': TWO_WORKERS + SESSION,
      'reviewed-digest.mjs': readFileSync(join(GITLAB_RECIPE, 'reviewed-digest.mjs'), 'utf8'),
    });
    server = await startGitlab({ token: TOKEN, known: () => merged });
  }, 120_000);
  afterAll(() => {
    server.close();
    space.remove();
    cli.remove();
  });

  it('keeps as artifacts what it later reads', () => {
    expect(recipe.plan?.artifacts?.paths).toEqual(
      expect.arrayContaining(['muster.plan', 'muster.digest']),
    );
  });

  it('fails the job "format" with the difference when a file is not laid out', async () => {
    space.write('muster.yaml', `removed: [ gone ]\n${TWO_WORKERS}${SESSION}`);
    const untidy = await run('format');
    expect(untidy.code).toBe(3);
    expect(untidy.output).toContain('+removed: [gone]');
    space.write('muster.yaml', TWO_WORKERS + SESSION);
    expect((await space.runBeside('muster fmt', {})).code).toBe(0);
    expect(await run('format')).toEqual({ code: 0, output: '' });
  });

  it('applies nothing that came without a merge request, from a fork, or without a plan', async () => {
    await review();
    const reviewed = merged;
    const tries: readonly (readonly [Partial<Merged>, string])[] = [
      [{ requests: [] }, 'This commit came without a merge request'],
      [{ requests: reviewed.requests.slice(0, 1) }, 'This commit came without a merge request'],
      [{ pipeline: { id: 50, project_id: 8 } }, 'Merge request !5 has no plan'],
      [
        { jobs: reviewed.jobs.map((job) => ({ ...job, status: 'failed' })) },
        'Merge request !5 has no plan',
      ],
      [
        { jobs: reviewed.jobs.map((job) => ({ ...job, digest: '$(id)' })) },
        'Merge request !5 has no plan',
      ],
    ];
    for (const [change, told] of tries) {
      merged = { ...reviewed, ...change };
      const refused = await run('apply');
      expect([refused.code, refused.output]).toEqual([1, expect.stringContaining(told)]);
      expect(refused.output).toContain('muster plan --out muster.plan && muster apply muster.plan');
    }
    merged = reviewed;
    const unknown = await run('apply', { MUSTER_GITLAB_TOKEN: 'glpat-wrong' });
    expect(unknown.code).toBe(1);
    expect(unknown.output).toContain('GitLab answered 401');
    expect(unknown.output).not.toContain('glpat-wrong');
  });

  it('refuses after the merge what was not reviewed in the merge request', async () => {
    const declared = space.read('muster.yaml');
    space.write('muster.yaml', declared.replace('{ node: pve1', '{ node: pve1, memory: 7GiB'));
    const refused = await apply();
    expect(refused.code).toBe(3);
    expect(refused.output).toContain('muster.plan is not the plan that was reviewed');
    space.write('muster.yaml', declared);
  });

  it('applies what was reviewed, and the next plan is empty', async () => {
    expect((await apply()).code).toBe(0);
    await review();
    expect(space.read('muster.gitlab.json')).toBe('{"create":0,"update":0,"delete":0}\n');
    expect((await apply()).code).toBe(0);
  });

  it('runs the session of the night, and looks for drift', async () => {
    const night = await run('nightly');
    expect([night.code, night.output]).toEqual([0, expect.stringContaining('one')]);
    expect((await run('drift')).code).toBe(0);
  });
});
