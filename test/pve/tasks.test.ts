import { describe, expect, it } from 'vitest';
import { TaskFailed, TaskTimeout } from '../../src/model/errors.ts';
import { type Canned, cannedCluster } from './support/canned-cluster.ts';

const UPID = 'UPID:pve1:00000A56:0004AEEF:6B02AF00:qmclone:9000:muster@pve!ci:';
const TASK = `/nodes/pve1/tasks/${encodeURIComponent(UPID)}`;
const STATUS = `GET ${TASK}/status`;
const LOG = `GET ${TASK}/log`;
const RUNS: Canned = { data: { upid: UPID, status: 'running' } };
const LIMIT = { timeout: 30 * 60_000 };

function ended(exitstatus: string): Canned {
  return { data: { upid: UPID, status: 'stopped', exitstatus } };
}

function log(lines: readonly string[], total = lines.length): Canned {
  return { data: lines.map((t, index) => ({ n: index + 1, t })), total };
}

describe('waiting for a task', () => {
  it('ends with the number of its warnings', async () => {
    const fine = cannedCluster({ [STATUS]: [RUNS, ended('OK')] });
    await expect(fine.pve.tasks.wait(UPID, LIMIT)).resolves.toBe(0);
    const warned = cannedCluster({ [STATUS]: ended('WARNINGS: 2') });
    await expect(warned.pve.tasks.wait(UPID, LIMIT)).resolves.toBe(2);
  });

  it('asks quickly at first and every three seconds at most', async () => {
    const { pve, clock } = cannedCluster({
      [STATUS]: [...Array<Canned>(15).fill(RUNS), ended('OK')],
    });
    await pve.tasks.wait(UPID, LIMIT);
    expect(clock.slept.slice(0, 3)).toEqual([100, 150, 225]);
    expect(Math.max(...clock.slept)).toBe(3_000);
  });

  it('P23: goes on through 595, 596, 599 and lost connections, however many', async () => {
    const lost: readonly Canned[] = [
      { status: 595, reason: 'No route to host' },
      { status: 596, reason: 'Connection timed out' },
      { status: 599, reason: 'Too many redirections' },
      { error: new Error('ECONNRESET') },
    ];
    const hiccups = Array.from({ length: 10 }, () => lost).flat();
    const { pve, sent } = cannedCluster({ [STATUS]: [RUNS, ...hiccups, ended('OK')] });
    await expect(pve.tasks.wait(UPID, LIMIT)).resolves.toBe(0);
    expect(sent).toHaveLength(42);
  });

  it('P19: fails with the exit text, its kind and the end of the log', async () => {
    const text = "can't lock file '/var/lock/qemu-server/lock-210.conf' - got timeout";
    const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`);
    const { pve } = cannedCluster({
      [STATUS]: ended(text),
      [LOG]: log([...lines, `TASK ERROR: ${text}`]),
    });
    const error = await pve.tasks.wait(UPID, LIMIT).catch((e) => e);
    expect(error).toBeInstanceOf(TaskFailed);
    expect(error).toMatchObject({ upid: UPID, exitText: text, failure: 'lock-timeout' });
    expect(error.log).toHaveLength(20);
    expect(error.log.at(-1)).toBe(`TASK ERROR: ${text}`);
  });

  it('reads only the end of a log of thousands of lines', async () => {
    const { pve, sent } = cannedCluster({
      [STATUS]: ended('clone failed'),
      [`${LOG}?start=0&limit=500`]: log(Array(500).fill('x'), 4_000),
      [`${LOG}?start=3980&limit=500`]: log(Array(20).fill('the end'), 4_000),
    });
    const error = await pve.tasks.wait(UPID, LIMIT).catch((e) => e);
    expect(error.log).toEqual(Array(20).fill('the end'));
    expect(sent.filter((line) => line.startsWith(LOG))).toHaveLength(2);
  });

  it('fails all the same when the log can not be read', async () => {
    const { pve } = cannedCluster({
      [STATUS]: ended('VM is locked (backup)'),
      [LOG]: { status: 500, reason: 'no' },
    });
    const error = await pve.tasks.wait(UPID, LIMIT).catch((e) => e);
    expect(error).toMatchObject({ failure: 'locked', log: [] });
  });

  it('takes a task that nobody knows any more as interrupted', async () => {
    const { pve } = cannedCluster({
      [STATUS]: {
        status: 400,
        reason: 'Parameter verification failed.',
        errors: { upid: 'no such task' },
      },
    });
    await expect(pve.tasks.wait(UPID, LIMIT)).rejects.toMatchObject({ failure: 'interrupted' });
  });

  it('ends at its time limit, also when the node never answers', async () => {
    for (const answer of [RUNS, { status: 595, reason: 'No route to host' }]) {
      const { pve } = cannedCluster({ [STATUS]: answer });
      const error = await pve.tasks.wait(UPID, { timeout: 60_000 }).catch((e) => e);
      expect(error).toBeInstanceOf(TaskTimeout);
      expect(error).toMatchObject({ upid: UPID, waitedMs: 60_000 });
    }
  });

  it('ends at once when the token is refused', async () => {
    const { pve } = cannedCluster({
      [STATUS]: [RUNS, { status: 401, reason: 'Authentication failed!' }],
    });
    await expect(pve.tasks.wait(UPID, LIMIT)).rejects.toMatchObject({ facts: { status: 401 } });
  });

  it('ends when the caller gives up', async () => {
    const { pve, sent } = cannedCluster({ [STATUS]: RUNS });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(pve.tasks.wait(UPID, { ...LIMIT, signal })).rejects.toThrow('enough');
    expect(sent).toEqual([]);
  });

  it('P48: shares one poll among all who wait for the same task', async () => {
    const { pve, sent } = cannedCluster({ [STATUS]: [RUNS, RUNS, ended('OK')] });
    const waits = Array.from({ length: 5 }, () => pve.tasks.wait(UPID, LIMIT));
    await expect(Promise.all(waits)).resolves.toEqual([0, 0, 0, 0, 0]);
    expect(sent).toEqual([STATUS, STATUS, STATUS]);
  });

  it('goes on for the others when one gives up or runs out of time', async () => {
    const { pve } = cannedCluster({ [STATUS]: [...Array<Canned>(9).fill(RUNS), ended('OK')] });
    const giveUp = new AbortController();
    const patient = pve.tasks.wait(UPID, LIMIT);
    const hasty = pve.tasks.wait(UPID, { timeout: 1_000 });
    const gone = pve.tasks.wait(UPID, { ...LIMIT, signal: giveUp.signal });
    giveUp.abort(new Error('enough'));
    const [first, second, third] = await Promise.allSettled([patient, hasty, gone]);
    expect(first).toEqual({ status: 'fulfilled', value: 0 });
    expect(second).toMatchObject({ status: 'rejected', reason: expect.any(TaskTimeout) });
    expect(third).toMatchObject({ status: 'rejected', reason: { message: 'enough' } });
  });

  it('P22: tells how far the task is, from its log, every few seconds', async () => {
    const { pve } = cannedCluster({
      [STATUS]: [...Array<Canned>(14).fill(RUNS), ended('OK')],
      [LOG]: [
        log(['create full clone of drive scsi0', 'transferred 1.2 GiB of 20.0 GiB (6.03%)']),
        log(['transferred 2.4 GiB of 20.0 GiB (12.07%)', ''], 4),
        // What Proxmox sends where nothing follows.
        log(['no content'], 4),
      ],
    });
    const told: string[] = [];
    await pve.tasks.wait(UPID, { ...LIMIT, onProgress: (line) => told.push(line) });
    expect(told).toEqual([
      'transferred 1.2 GiB of 20.0 GiB (6 %)',
      'transferred 2.4 GiB of 20.0 GiB (12 %)',
    ]);
  });
});

describe('the list of tasks', () => {
  it('tells running from ended ones, newest first', async () => {
    const task = { node: 'pve1', type: 'qmclone', id: '9000', user: 'muster@pve' };
    const older = 'UPID:pve1:00000001:00000001:6B02AF00:qmstart:101:muster@pve!ci:';
    const { pve, sent } = cannedCluster({
      'GET /nodes/pve1/tasks': {
        data: [
          {
            ...task,
            upid: older,
            type: 'qmstart',
            id: '101',
            starttime: 100,
            endtime: 101,
            status: 'OK',
          },
          { ...task, upid: UPID, starttime: 200, status: 'RUNNING', saved: '0' },
        ],
      },
    });
    await expect(pve.tasks.list('pve1', 9000)).resolves.toEqual([
      { upid: UPID, node: 'pve1', type: 'qmclone', id: '9000', startTime: 200_000, running: true },
      {
        upid: older,
        node: 'pve1',
        type: 'qmstart',
        id: '101',
        startTime: 100_000,
        running: false,
        exitText: 'OK',
      },
    ]);
    expect(sent).toEqual(['GET /nodes/pve1/tasks?source=all&limit=200&vmid=9000']);
  });
});
