import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { deadByPid } from '../../src/model/runs.ts';
import {
  type ProcessPort,
  pidKnowledge,
  processPort,
  readProcessFacts,
} from '../../src/state/process-facts.ts';

const STAT_TAIL = '1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 11 0 8800 0 0';

function machine(
  env: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
): ProcessPort {
  const all: Record<string, string> = {
    '/proc/sys/kernel/random/boot_id': 'b-1\n',
    '/proc/self/stat': `7 (node) S ${STAT_TAIL}`,
    '/proc/7/stat': `7 (node) S ${STAT_TAIL}`,
    '/proc/1/stat': '1 (init) S 0 1 1',
    ...files,
  };
  return {
    pid: 7,
    host: 'runner-1',
    user: 'root',
    env: (name) => env[name],
    readFile: async (path) => all[path] || undefined,
    readLink: async () => 'pid:[1]',
  };
}

describe('who runs Muster', () => {
  it('is the user and the host, with proof of the process', async () => {
    expect(await readProcessFacts(machine())).toEqual({
      who: 'root@runner-1',
      host: 'runner-1',
      pid: 7,
      pidProof: { startTime: '8800', bootId: 'b-1', pidNamespace: 'pid:[1]' },
    });
  });

  it.each([
    [
      'GitHub',
      {
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_REPOSITORY: 'acme/backup',
        GITHUB_RUN_ID: '42',
        GITHUB_RUN_ATTEMPT: '2',
        GITHUB_ACTOR: 'ada',
      },
      'https://github.com/acme/backup/actions/runs/42/attempts/2',
      'ada@runner-1',
    ],
    [
      'GitLab',
      { CI_JOB_URL: 'https://git.example.net/b/-/jobs/8', GITLAB_USER_LOGIN: 'bob' },
      'https://git.example.net/b/-/jobs/8',
      'bob@runner-1',
    ],
    [
      'Azure',
      {
        SYSTEM_TEAMFOUNDATIONCOLLECTIONURI: 'https://dev.azure.com/acme/',
        SYSTEM_TEAMPROJECT: 'our backup',
        BUILD_BUILDID: '9',
      },
      'https://dev.azure.com/acme/our%20backup/_build/results?buildId=9',
      'root@runner-1',
    ],
  ])('is told by %s, with the page of the job (P14)', async (_, env, jobUrl, who) => {
    expect(await readProcessFacts(machine(env))).toMatchObject({ jobUrl, who });
  });

  it('never has a job page that is no web address, or with a password in it (P17)', async () => {
    const facts = (url: string) => readProcessFacts(machine({ CI_JOB_URL: url }));
    expect((await facts('javascript:alert(1)')).jobUrl).toBeUndefined();
    expect((await facts(`https://x/${'y'.repeat(999)}`)).jobUrl).toBeUndefined();
    expect((await facts('https://ci:secret@git.example.net/8')).jobUrl).toBe(
      'https://git.example.net/8',
    );
  });

  it('has no proof where there is no /proc', async () => {
    const port = machine({}, { '/proc/sys/kernel/random/boot_id': '' });
    expect((await readProcessFacts(port)).pidProof).toBeUndefined();
  });
});

describe('what is known of a process (P15)', () => {
  it('is read right whatever its program is called', async () => {
    const stat = `9 (a) S 1 (b) R ${STAT_TAIL}`;
    expect((await pidKnowledge(machine({}, { '/proc/9/stat': stat }), 9))?.startTime).toBe('8800');
  });

  it('is that it is dead when it is a zombie', async () => {
    const stat = `9 (node) Z ${STAT_TAIL}`;
    const known = await pidKnowledge(machine({}, { '/proc/9/stat': stat }), 9);
    expect(known).toMatchObject({ bootId: 'b-1', startTime: undefined });
  });

  it.each([
    ['hides other people’s processes', '/proc/1/stat', ''],
    ['is of another pid namespace', '/proc/self/stat', `4711 (node) S ${STAT_TAIL}`],
  ])('is nothing where /proc %s', async (_, file, content) => {
    expect(await pidKnowledge(machine({}, { [file]: content }), 9)).toBeUndefined();
  });

  it.skipIf(process.platform !== 'linux')('proves a real process alive, then dead', async () => {
    const child = spawn('sh', ['-c', 'echo up; read never'], { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    const port = processPort({ pid: process.pid, host: hostname(), user: undefined, env: {} });
    const pid = child.pid ?? 0;
    const known = await pidKnowledge(port, pid);
    if (known?.startTime === undefined) throw new Error('it runs, so it has a start time');
    const run = { host: hostname(), pidProof: { ...known, startTime: known.startTime } };
    expect(deadByPid(run, await pidKnowledge(port, pid))).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(deadByPid(run, await pidKnowledge(port, pid))).toBe('dead');
  });
});
