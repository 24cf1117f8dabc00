import { describe, expect, it } from 'vitest';
import { ExecLost, WaitTimeout } from '../../src/model/errors.ts';
import { isMissingProgram } from '../../src/model/pve-texts.ts';
import { type Canned, cannedCluster } from './support/canned-cluster.ts';

const AGENT = '/nodes/pve1/qemu/101/agent';
const EXEC = `POST ${AGENT}/exec`;
const STATUS = `GET ${AGENT}/exec-status?pid=604`;
const RUNS: Canned = { data: { exited: 0 } };

function guest(...statuses: readonly Canned[]) {
  return cannedCluster({ [EXEC]: { data: { pid: 604 } }, [STATUS]: statuses });
}

const LIMIT = { timeout: 60_000 };

describe('a command in a guest', () => {
  it('gives its exit code and both outputs', async () => {
    const ended = {
      exited: 1,
      exitcode: 3,
      'out-data': 'out\n',
      'err-data': 'err\n',
      'out-truncated': 0,
    };
    const { pve } = guest(RUNS, RUNS, { data: ended });
    await expect(pve.agent.exec('pve1', 101, ['sh', '-c', 'exit 3'], LIMIT)).resolves.toEqual({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
      truncated: false,
    });
  });

  it('is asked about quickly at first, then less and less', async () => {
    const { pve, clock } = guest(...Array<Canned>(12).fill(RUNS), {
      data: { exited: 1, exitcode: 0 },
    });
    await pve.agent.exec('pve1', 101, ['sleep', '9'], LIMIT);
    expect(clock.slept[0]).toBe(100);
    expect(Math.max(...clock.slept)).toBe(2_000);
  });

  it('gives output as the bytes that the guest wrote, read as UTF-8', async () => {
    // "ä" arrives as two code points, and a stray byte as one.
    const { pve } = guest({ data: { exited: 1, exitcode: 0, 'out-data': 'Ã¤\n' } });
    const { stdout } = await pve.agent.exec('pve1', 101, ['printf', 'x'], LIMIT);
    expect(stdout).toBe('ä\n');
  });

  it('that a signal ended has the exit code of a shell', async () => {
    const { pve } = guest({ data: { exited: 1, signal: 9 } });
    const { exitCode } = await pve.agent.exec('pve1', 101, ['x'], LIMIT);
    expect(exitCode).toBe(137);
  });

  it('ends in a time-out that says what was waited for', async () => {
    const { pve } = guest(RUNS);
    const error = await pve.agent
      .exec('pve1', 101, ['sleep', '99'], { timeout: 5_000 })
      .catch((e) => e);
    expect(error).toBeInstanceOf(WaitTimeout);
    expect(error).toMatchObject({ waitingFor: 'waiting-for-command', waitedMs: 5_000 });
  });

  it('survives a node that gives no answer for a while', async () => {
    const { pve } = guest(...Array<Canned>(7).fill({ status: 595, reason: 'Connection refused' }), {
      data: { exited: 1, exitcode: 0 },
    });
    await expect(pve.agent.exec('pve1', 101, ['true'], LIMIT)).resolves.toMatchObject({
      exitCode: 0,
    });
  });

  it('whose status was told once and lost on the way has its own error', async () => {
    const { pve } = guest(
      { error: new Error('ECONNRESET') },
      { status: 500, reason: 'Agent error: PID ld does not exist' },
    );
    const error = await pve.agent.exec('pve1', 101, ['true'], LIMIT).catch((e) => e);
    expect(error).toBeInstanceOf(ExecLost);
    expect(error).toMatchObject({ vmid: 101, pid: 604 });
  });

  it('that does not exist is told apart, and not tried again', async () => {
    const { pve, sent } = cannedCluster({ [EXEC]: { status: 596, reason: 'Broken pipe' } });
    const error = await pve.agent.exec('pve1', 101, ['/nonexistent'], LIMIT).catch((e) => e);
    expect(isMissingProgram(error)).toBe(true);
    expect(sent).toEqual([EXEC]);
  });

  it('gets bytes on its standard input, at most as many as Proxmox takes', async () => {
    const { pve, requests } = guest({ data: { exited: 1, exitcode: 0 } });
    await pve.agent.exec('pve1', 101, ['cat'], { ...LIMIT, stdin: 'pä\n' });
    expect(new URLSearchParams(requests[0]?.body).get('input-data')).toBe('pÃ¤\n');
    const stdin = 'x'.repeat(65_537);
    await expect(pve.agent.exec('pve1', 101, ['cat'], { ...LIMIT, stdin })).rejects.toThrow(
      RangeError,
    );
    expect(requests).toHaveLength(2);
  });

  it('is not waited for any more when the caller gives up', async () => {
    const { pve, sent } = guest(RUNS);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(pve.agent.exec('pve1', 101, ['x'], { ...LIMIT, signal })).rejects.toThrow(
      'enough',
    );
    expect(sent).toEqual([]);
  });
});

describe('a file in a guest', () => {
  const READ = `GET ${AGENT}/file-read?file=%2Fvar%2Ftmp%2Frc`;

  it('is read as UTF-8, and may be empty', async () => {
    const { pve } = cannedCluster({
      [READ]: [
        { data: { content: 'Ã¤7\n', 'bytes-read': 4 } },
        { data: { content: '', 'bytes-read': 0 } },
      ],
    });
    await expect(pve.agent.readFile('pve1', 101, '/var/tmp/rc')).resolves.toBe('ä7\n');
    await expect(pve.agent.readFile('pve1', 101, '/var/tmp/rc')).resolves.toBe('');
  });

  it('is undefined when there is none, and an error when it may not be read', async () => {
    const words = "Agent error: failed to open file '/var/tmp/rc' (mode: 'r'): ";
    const { pve } = cannedCluster({
      [READ]: [
        { status: 500, reason: `${words}No such file or directory` },
        { status: 500, reason: `${words}Permission denied` },
      ],
    });
    await expect(pve.agent.readFile('pve1', 101, '/var/tmp/rc')).resolves.toBeUndefined();
    await expect(pve.agent.readFile('pve1', 101, '/var/tmp/rc')).rejects.toThrow(
      'Permission denied',
    );
  });

  it('is written byte for byte, in pieces that Proxmox takes', async () => {
    const { pve, requests } = cannedCluster({ [`POST ${AGENT}/file-write`]: { data: null } });
    await pve.agent.writeFile('pve1', 101, '/bin/x', Uint8Array.of(0, 255, 10));
    expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual({
      file: '/bin/x',
      content: 'AP8K',
      encode: '0',
    });
    await pve.agent.writeFile('pve1', 101, '/bin/x', new Uint8Array(46_080));
    expect(new URLSearchParams(requests[1]?.body).get('content')).toHaveLength(61_440);
    const tooMuch = new Uint8Array(46_081);
    await expect(pve.agent.writeFile('pve1', 101, '/bin/x', tooMuch)).rejects.toThrow(RangeError);
  });
});

describe('the addresses of a guest', () => {
  it('are those by which others can reach it', async () => {
    const face = (name: string, ...addresses: string[]) => ({
      name,
      'ip-addresses': addresses.map((address) => ({ 'ip-address': address, prefix: 24 })),
    });
    const { pve } = cannedCluster({
      [`GET ${AGENT}/network-get-interfaces`]: {
        data: {
          result: [
            face('lo', '127.0.0.1', '::1'),
            face('eth0', '10.77.0.51', 'fe80::be24:11ff:fed4:f1', '2001:db8::51'),
            face('eth1', '169.254.3.4'),
            { name: 'eth2' },
          ],
        },
      },
    });
    await expect(pve.agent.addresses('pve1', 101)).resolves.toEqual(['10.77.0.51', '2001:db8::51']);
  });
});
