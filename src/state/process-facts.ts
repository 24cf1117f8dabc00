import { readFile, readlink } from 'node:fs/promises';
import type { PidKnowledge } from '../model/runs.ts';
import type { RunRecord } from '../model/state.ts';

/** What is known of a process from outside: small, so that tests can be another machine. */
export interface ProcessPort {
  readonly pid: number;
  readonly host: string;
  /** The login name; undefined where there is none (a bare uid in a container). */
  readonly user: string | undefined;
  env(name: string): string | undefined;
  /** undefined: no such file, or not readable. */
  readFile(path: string): Promise<string | undefined>;
  readLink(path: string): Promise<string | undefined>;
}

/** Who runs Muster and where: what a run record, a lock's holder and messages say. */
export type ProcessFacts = Pick<RunRecord, 'who' | 'host' | 'pid' | 'pidProof' | 'jobUrl'>;

/** The port of a real process; what only `process` and `os` know comes in. */
export function processPort(
  self: Pick<ProcessPort, 'pid' | 'host' | 'user'> & {
    readonly env: Readonly<Record<string, string | undefined>>;
  },
): ProcessPort {
  return {
    pid: self.pid,
    host: self.host,
    user: self.user,
    env: (name) => (Object.hasOwn(self.env, name) ? self.env[name] : undefined),
    readFile: (path) => readFile(path, 'utf8').catch(() => undefined),
    readLink: (path) => readlink(path).catch(() => undefined),
  };
}

/** Never fails: what can't be found out (no /proc outside Linux) is left out, and then a pid proves nothing. */
export async function readProcessFacts(port: ProcessPort): Promise<ProcessFacts> {
  const known = await pidKnowledge(port, port.pid);
  const jobUrl = ciJobUrl(port);
  const pidProof =
    known?.startTime === undefined ? undefined : { ...known, startTime: known.startTime };
  return {
    who: `${ciUser(port) ?? port.user ?? 'somebody'}@${port.host}`,
    host: port.host,
    pid: port.pid,
    ...(pidProof === undefined ? {} : { pidProof: withoutHost(pidProof) }),
    ...(jobUrl === undefined ? {} : { jobUrl }),
  };
}

/** What this machine can say about a process id; undefined where there is no /proc. */
export async function pidKnowledge(
  port: ProcessPort,
  pid: number,
): Promise<PidKnowledge | undefined> {
  const [boot, pidNamespace, self, first, stat] = await Promise.all([
    port.readFile('/proc/sys/kernel/random/boot_id'),
    port.readLink('/proc/self/ns/pid'),
    port.readFile('/proc/self/stat'),
    port.readFile('/proc/1/stat'),
    port.readFile(`/proc/${pid}/stat`),
  ]);
  if (boot === undefined || pidNamespace === undefined) return undefined;
  // Where /proc is another namespace's, or hides other people's processes (hidepid), absence proves nothing.
  if (self === undefined || startTimeIn(self, port.pid) === undefined) return undefined;
  if (first === undefined) return undefined;
  return {
    host: port.host,
    bootId: boot.trim(),
    pidNamespace,
    startTime: stat === undefined ? undefined : startTimeIn(stat, pid),
  };
}

/**
 * Field 22 of /proc/PID/stat, in clock ticks since boot (proc(5)); undefined for a dead process that nobody
 * has waited for yet. The second field is the program's name, which may hold anything, also parentheses.
 */
function startTimeIn(stat: string, pid: number): string | undefined {
  if (!stat.startsWith(`${pid} (`)) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isDead = fields[0] === 'Z' || fields[0] === 'X';
  const startTime = fields[19];
  return isDead || startTime === undefined || !/^\d+$/.test(startTime) ? undefined : startTime;
}

/** The page of the job that runs this, by the names that CI systems give it. */
function ciJobUrl(port: ProcessPort): string | undefined {
  const direct = [
    'CI_JOB_URL',
    'BUILDKITE_BUILD_URL',
    'CIRCLE_BUILD_URL',
    'BUILD_URL',
    'CI_PIPELINE_URL',
  ];
  const urls = [githubUrl(port), azureUrl(port), ...direct.map((name) => port.env(name))];
  return urls.map(publicUrl).find((url) => url !== undefined);
}

/** GitHub Actions, and Forgejo and Gitea, which use its names. */
function githubUrl(port: ProcessPort): string | undefined {
  const server = port.env('GITHUB_SERVER_URL');
  const repository = port.env('GITHUB_REPOSITORY');
  const run = port.env('GITHUB_RUN_ID');
  if (server === undefined || repository === undefined || run === undefined) return undefined;
  const attempt = port.env('GITHUB_RUN_ATTEMPT');
  const suffix = attempt === undefined ? '' : `/attempts/${attempt}`;
  return `${server}/${repository}/actions/runs/${run}${suffix}`;
}

function azureUrl(port: ProcessPort): string | undefined {
  const server = port.env('SYSTEM_TEAMFOUNDATIONCOLLECTIONURI');
  const project = port.env('SYSTEM_TEAMPROJECT');
  const build = port.env('BUILD_BUILDID');
  if (server === undefined || project === undefined || build === undefined) return undefined;
  return `${server}${encodeURIComponent(project)}/_build/results?buildId=${build}`;
}

function ciUser(port: ProcessPort): string | undefined {
  const names = ['GITHUB_ACTOR', 'GITLAB_USER_LOGIN', 'BUILDKITE_BUILD_AUTHOR', 'CIRCLE_USERNAME'];
  return names.map((name) => port.env(name)).find((value) => value !== undefined && value !== '');
}

/** Only what people can open, without a name and password in it: it is kept in the state and shown. */
function publicUrl(text: string | undefined): string | undefined {
  if (text === undefined || text.length > 500) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    return undefined;
  url.username = '';
  url.password = '';
  return url.href;
}

function withoutHost(known: PidKnowledge & { readonly startTime: string }) {
  const { startTime, bootId, pidNamespace } = known;
  return { startTime, bootId, pidNamespace };
}
