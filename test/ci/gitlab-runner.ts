import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type JobOptions, runShell, type Told } from './job-shell.ts';

export const GITLAB_RECIPE = join(import.meta.dirname, '../../examples/ci/gitlab');

interface Job {
  readonly script: readonly string[];
  readonly needs?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly artifacts?: {
    readonly when?: 'always';
    readonly paths?: readonly string[];
    readonly reports?: Readonly<Record<string, string>>;
  };
}

type Recipe = Readonly<Record<string, Job>> & {
  readonly before_script: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
};

export function gitlabRecipe(): Recipe {
  return parse(readFileSync(join(GITLAB_RECIPE, '.gitlab-ci.yml'), 'utf8')) as Recipe;
}

/** The lines of a job as one script, as the runner makes it: the first failure ends it, also one in a pipe. */
export function scriptOf(recipe: Recipe, name: string): string {
  const { script } = jobOf(recipe, name);
  return ['set -eo pipefail', ...recipe.before_script, ...script].join('\n');
}

export interface GitlabJob {
  readonly sha: string;
  /** Jobs of one pipeline share their artifacts; retrying a job stays in its pipeline. */
  readonly pipeline: string;
  /** Predefined ones and those of the project, which go before those of the recipe. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface GitlabRunnerOptions {
  readonly origin: string;
  /** Folder with the programs that a runner has. */
  readonly bin: string;
}

/** Runs the jobs of the recipe as GitLab's runner does: a clean clone, what its `needs` left, one shell. */
export function gitlabRunner({ origin, bin }: GitlabRunnerOptions) {
  const base = mkdtempSync(join(tmpdir(), 'muster-gitlab-'));
  const recipe = gitlabRecipe();
  const stored = (pipeline: string, name: string) => join(base, 'artifacts', pipeline, name);
  let jobs = 0;
  /** In a clean clone, with what `needs` left. */
  const run = async (script: string, name: string, job: GitlabJob, options: JobOptions) => {
    jobs += 1;
    const work = join(base, String(jobs));
    const env = environment(recipe, recipe[name], job, bin, work);
    const clone = `git init -q . && git fetch -q "${origin}" ${job.sha} && git checkout -q FETCH_HEAD`;
    mkdirSync(work);
    const cloned = await runShell({ argv: ['-ec', clone], cwd: work, env, options: {} });
    if (cloned.code !== 0) throw new Error(cloned.output);
    for (const need of recipe[name]?.needs ?? [])
      cpSync(stored(job.pipeline, need), work, { recursive: true });
    const file = join(base, `${jobs}.sh`);
    writeFileSync(file, script);
    return { work, told: await runShell({ argv: ['--norc', file], cwd: work, env, options }) };
  };
  return {
    job: async (name: string, job: GitlabJob, options: JobOptions = {}): Promise<Told> => {
      const { work, told } = await run(scriptOf(recipe, name), name, job, options);
      const { artifacts } = jobOf(recipe, name);
      // Of a runner that is killed, nothing comes back.
      if (told.code === 0 || (artifacts?.when === 'always' && told.code !== 137))
        keep(artifacts, work, stored(job.pipeline, name));
      return told;
    },
    /** What a person types who has what a job has. */
    run: async (command: string, job: GitlabJob): Promise<Told> =>
      (await run([...recipe.before_script, command].join('\n'), '', job, {})).told,
    artifact: (pipeline: string, name: string, path: string) =>
      readFileSync(join(stored(pipeline, name), path), 'utf8'),
    remove: () => rmSync(base, { recursive: true, force: true, maxRetries: 5 }),
  };
}

function jobOf(recipe: Recipe, name: string): Job {
  const job = recipe[name];
  if (job === undefined) throw new Error(`the recipe has no job ${name}`);
  return job;
}

function keep(artifacts: Job['artifacts'], work: string, into: string): void {
  mkdirSync(into, { recursive: true });
  for (const path of [...(artifacts?.paths ?? []), ...Object.values(artifacts?.reports ?? {})])
    if (existsSync(join(work, path))) cpSync(join(work, path), join(into, path));
}

function environment(
  recipe: Recipe,
  job: Job | undefined,
  { variables, sha }: GitlabJob,
  bin: string,
  work: string,
): Readonly<Record<string, string>> {
  // As GitLab has it: what the project sets goes before what the recipe sets, also for one job.
  const given: Readonly<Record<string, string>> = {
    CI: 'true',
    GITLAB_CI: 'true',
    CI_COMMIT_SHA: sha,
    ...recipe.variables,
    ...job?.variables,
    ...variables,
  };
  const entries = Object.entries(given).map(([key, value]) => [key, expanded(value, given)]);
  return { PATH: [bin, process.env.PATH].join(':'), HOME: work, ...Object.fromEntries(entries) };
}

/** `$X` and `${X}`; what nobody set is empty. */
function expanded(text: string, known: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)\}|\$(\w+)/g, (_, braced: string, bare: string) =>
    expanded(known[braced ?? bare] ?? '', known),
  );
}
