import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TWO_WORKERS } from '../cli/project.ts';
import { buildCli, type RealCli } from '../process/real-cli.ts';
import { type Workspace, workspace } from './fake-github.ts';

const RECIPE = join(import.meta.dirname, '../../examples/ci/gitlab');
const TOKEN = 'glpat-read';
const SESSION = `
sessions:
  nightly:
    items:
      - { name: one, run: ["true"] }
`;

interface Job {
  readonly script: readonly string[];
  readonly artifacts?: { readonly paths?: readonly string[] };
}

const recipe = parse(readFileSync(join(RECIPE, '.gitlab-ci.yml'), 'utf8')) as Readonly<
  Record<string, Job>
> & { readonly before_script: readonly string[] };

/** What GitLab knows about the commit that was merged; jobs of a pipeline with what they left. */
interface Merged {
  readonly requests: readonly { iid: number; state: string; target_branch: string }[];
  readonly pipeline: { readonly id: number; readonly project_id: number };
  readonly jobs: readonly { id: number; name: string; status: string; digest: string }[];
}

/** The few addresses of GitLab's API that the recipe asks. */
function gitlab(known: () => Merged): Server {
  return createServer((request, response) => {
    const { requests, pipeline, jobs } = known();
    const job = jobs.find(({ id }) => request.url?.endsWith(`/jobs/${id}/artifacts/muster.digest`));
    const answers: readonly (readonly [RegExp, unknown])[] = [
      [/\/commits\/abc\/merge_requests$/, requests],
      [/\/merge_requests\/5$/, { iid: 5, head_pipeline: pipeline }],
      [new RegExp(`/pipelines/${pipeline.id}/jobs\\?per_page=100$`), jobs],
    ];
    const answer = answers.find(([path]) => path.test(request.url ?? ''))?.[1];
    const isOurs = request.url?.startsWith('/api/v4/projects/7/') === true;
    if (request.headers.authorization !== `Bearer ${TOKEN}`) response.writeHead(401).end();
    else if (isOurs && job !== undefined) response.end(job.digest);
    else if (isOurs && answer !== undefined) response.end(JSON.stringify(answer));
    else response.writeHead(404).end();
  });
}

describe('the GitLab recipe', () => {
  let cli: RealCli;
  let space: Workspace;
  let server: Server;
  let merged: Merged;
  const run = (name: string, env: Readonly<Record<string, string>> = {}) =>
    space.runBeside(
      ['set -o pipefail', ...recipe.before_script, ...(recipe[name]?.script ?? ['exit 64'])].join(
        '\n',
      ),
      {
        CI_API_V4_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v4`,
        CI_PROJECT_ID: '7',
        CI_COMMIT_SHA: 'abc',
        CI_COMMIT_BRANCH: 'main',
        MUSTER_GITLAB_TOKEN: TOKEN,
        ...env,
      },
    );
  /** The pipeline of the merge request, and the review of what it left. */
  const review = async () => {
    expect(await run('plan')).toEqual({ code: 0, output: '' });
    const digest = space.read('muster.digest');
    expect(digest).toMatch(/^[0-9a-f]{16}\n$/);
    merged = {
      requests: [
        { iid: 4, state: 'opened', target_branch: 'main' },
        { iid: 5, state: 'merged', target_branch: 'main' },
      ],
      pipeline: { id: 50, project_id: 7 },
      jobs: [
        { id: 500, name: 'format', status: 'success', digest: '' },
        { id: 501, name: 'plan', status: 'success', digest },
      ],
    };
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
      'reviewed-digest.mjs': readFileSync(join(RECIPE, 'reviewed-digest.mjs'), 'utf8'),
    });
    server = gitlab(() => merged);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
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
