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

const RECIPES = join(import.meta.dirname, '../../examples/ci/github-actions');

export interface Event {
  /** What `github.` and its members are in expressions. */
  readonly github: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
  /** Of a fork: none. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly sha: string;
  /** Re-runs of one run share their artifacts. */
  readonly run: string;
  readonly attempt: number;
}

export interface JobResult {
  readonly ok: boolean;
  /** Of every step, also those that failed. */
  readonly output: string;
  readonly summary: string;
  /** Names of the steps that were run. */
  readonly steps: readonly string[];
  /** Exit code of the step that failed. */
  readonly code: number;
  /** Environment that any step got, by step. */
  readonly env: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string | boolean>>;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly 'continue-on-error'?: boolean;
}

export interface RunnerOptions {
  /** The repository to check out. */
  readonly origin: string;
  /** Folder with the programs that a runner has: npm, gh. */
  readonly bin: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs the jobs of the recipes as GitHub's runner does: a new folder, a clean clone, one shell per step. */
export function githubRunner({ origin, bin, env }: RunnerOptions) {
  const base = mkdtempSync(join(tmpdir(), 'muster-runner-'));
  let jobs = 0;
  return {
    job: async (file: string, name: string, event: Event, options: JobOptions = {}) => {
      jobs += 1;
      const home = join(base, String(jobs));
      mkdirSync(join(home, 'work'), { recursive: true });
      return runJob({
        file,
        name,
        event,
        options,
        home,
        artifacts: join(base, 'artifacts'),
        origin,
        bin,
        env,
      });
    },
    remove: () => rmSync(base, { recursive: true, force: true, maxRetries: 5 }),
  };
}

interface Running extends RunnerOptions {
  readonly file: string;
  readonly name: string;
  readonly event: Event;
  readonly options: JobOptions;
  readonly home: string;
  readonly artifacts: string;
}

async function runJob(running: Running): Promise<JobResult> {
  const { file, name, event, home } = running;
  const workflow = parse(readFileSync(join(RECIPES, file), 'utf8')) as {
    readonly jobs: Readonly<
      Record<string, { readonly if?: string; readonly steps: readonly Step[] }>
    >;
  };
  const job = workflow.jobs[name];
  if (job === undefined) throw new Error(`${file} has no job ${name}`);
  const result = {
    ok: true,
    output: '',
    code: 0,
    steps: [] as string[],
    env: {} as Record<string, Record<string, string>>,
  };
  if (job.if !== undefined && !holds(job.if, running, true)) return { ...result, summary: '' };
  for (const step of job.steps) {
    if (!holds(step.if ?? 'success()', running, result.ok)) continue;
    const label = step.name ?? step.uses ?? '';
    result.steps.push(label);
    const given = Object.entries(step.env ?? {}).map(([key, value]) => [
      key,
      expanded(value, event),
    ]);
    result.env[label] = Object.fromEntries(given);
    const told =
      step.run === undefined
        ? await useAction(step, running)
        : await shell(step.run, result.env[label] ?? {}, running);
    result.output += told.output;
    if (told.code === 0 || step['continue-on-error'] === true) continue;
    result.ok = false;
    result.code = told.code;
  }
  const summary = join(home, 'summary');
  return { ...result, summary: existsSync(summary) ? readFileSync(summary, 'utf8') : '' };
}

/** Only what the recipes use; anything else is an error of this runner, not a guess. */
function holds(condition: string, { event, home }: Running, ok: boolean): boolean {
  return condition.split('&&').every((part) => {
    const text = part.trim();
    const file = /^hashFiles\('([^']+)'\) != ''$/.exec(text)?.[1];
    if (file !== undefined) return existsSync(join(home, 'work', file));
    if (text === 'always()') return true;
    if (text === 'success()') return ok;
    if (text === 'github.run_attempt > 1') return ok && event.attempt > 1;
    const compared = /^(github\.[a-z_.]+) (==|!=) (github\.[a-z_.]+)$/.exec(text);
    if (compared === null) throw new Error(`this runner does not know the condition ${text}`);
    const isEqual =
      expanded(`\${{ ${compared[1]} }}`, event) === expanded(`\${{ ${compared[3]} }}`, event);
    return isEqual === (compared[2] === '==');
  });
}

function expanded(text: string, event: Event): string {
  return text.replace(
    /\$\{\{ ([a-z]+)\.([A-Za-z_.]+) \}\}/g,
    (_, context: string, name: string) => {
      const known =
        context === 'vars'
          ? event.vars
          : context === 'secrets'
            ? event.secrets
            : context === 'github'
              ? event.github
              : undefined;
      if (known === undefined) throw new Error(`this runner does not know ${context}`);
      // As on GitHub, what is not set is empty.
      return known[name] ?? '';
    },
  );
}

async function useAction(step: Step, running: Running): Promise<Told> {
  const { event, home, artifacts } = running;
  const options = step.with ?? {};
  const work = join(home, 'work');
  const [action = ''] = (step.uses ?? '').split('@');
  const stored = join(artifacts, event.run, String(options.name));
  switch (action) {
    case 'actions/checkout': {
      const ref = expanded(String(options.ref ?? event.sha), event);
      const into = join(work, String(options.path ?? '.'));
      const script = `git init -q "${into}" && cd "${into}" && git fetch -q "${running.origin}" ${ref} && git checkout -q FETCH_HEAD`;
      return shell(script, {}, running);
    }
    case 'actions/upload-artifact': {
      if (existsSync(stored) && options.overwrite !== true) return { code: 1, output: 'exists\n' };
      mkdirSync(stored, { recursive: true });
      for (const path of String(options.path).trim().split('\n'))
        if (existsSync(join(work, path))) cpSync(join(work, path), join(stored, path));
      return { code: 0, output: '' };
    }
    case 'actions/download-artifact':
      if (!existsSync(stored)) return { code: 1, output: `no artifact ${String(options.name)}\n` };
      cpSync(stored, work, { recursive: true });
      return { code: 0, output: '' };
    default:
      throw new Error(`this runner does not know the action ${action}`);
  }
}

function linesOf(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').filter(Boolean) : [];
}

/** bash as the runner calls it: ended by the first failure. */
function shell(
  script: string,
  own: Readonly<Record<string, string>>,
  running: Running,
): Promise<Told> {
  const { home, bin, env, event, options } = running;
  const work = join(home, 'work');
  const files = {
    env: join(home, 'env'),
    path: join(home, 'path'),
    summary: join(home, 'summary'),
  };
  const exported = linesOf(files.env).map((line) => [
    line.split('=')[0],
    line.replace(/^[^=]*=/, ''),
  ]);
  const file = join(home, 'step.sh');
  writeFileSync(file, script);
  return runShell({
    argv: ['--norc', '-e', file],
    cwd: work,
    options,
    env: {
      PATH: [...[...linesOf(files.path)].reverse(), bin, process.env.PATH].join(':'),
      HOME: home,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_REPOSITORY: 'o/r',
      GITHUB_SHA: event.sha,
      GITHUB_WORKSPACE: work,
      GITHUB_ENV: files.env,
      GITHUB_PATH: files.path,
      GITHUB_STEP_SUMMARY: files.summary,
      ...env,
      ...Object.fromEntries(exported),
      ...own,
    },
  });
}
