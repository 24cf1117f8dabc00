import { describe, expect, it } from 'vitest';
import { PveError } from '../../src/model/errors.ts';
import { isDigestConflict } from '../../src/model/pve-texts.ts';
import { cannedCluster, TOKEN } from './support/canned-cluster.ts';

const UPID = 'UPID:pve1:00000AAB:0004AF93:6B02AF02:qmconfig:101:muster@pve!ci:';
const VM = '/nodes/pve1/qemu/101';

/** What one call of ours sends: the request line, and the form decoded once, key by key. */
async function sentBy(
  key: string,
  run: (pve: ReturnType<typeof cannedCluster>['pve']) => Promise<unknown>,
  data: unknown = UPID,
): Promise<{ readonly line: string; readonly form: readonly (readonly [string, string])[] }> {
  const { pve, requests, sent } = cannedCluster({ [key]: { data } });
  await run(pve);
  const body = new URLSearchParams(requests[0]?.body ?? '');
  return { line: sent[0] ?? '', form: [...body] };
}

describe('a request', () => {
  it('carries the token in its header, and a form as its body', async () => {
    const { pve, requests } = cannedCluster({ [`POST ${VM}/status/start`]: { data: UPID } });
    await pve.write.start('pve1', 101);
    expect(requests[0]?.headers).toEqual({
      accept: 'application/json',
      authorization: `PVEAPIToken=${TOKEN}`,
      'content-type': 'application/x-www-form-urlencoded',
    });
  });

  it('sends booleans as 1 and 0, and percent-encodes what is encoded already once more', async () => {
    const keys = encodeURIComponent('ssh-ed25519 AAAA+/== me@home');
    const { pve, requests } = cannedCluster({ [`PUT ${VM}/config`]: { data: null } });
    const set = {
      onboot: false,
      protection: true,
      cores: 4,
      sshkeys: keys,
      net7: 'virtio,bridge=vmbr0',
    };
    await pve.write.setConfig('pve1', 101, set, [], 'abc');
    expect(requests[0]?.body).toBe(
      'onboot=0&protection=1&cores=4&sshkeys=ssh-ed25519%2520AAAA%252B%252F%253D%253D%2520me%2540home' +
        '&net7=virtio%2Cbridge%3Dvmbr0&digest=abc',
    );
  });

  it('repeats the key of a list', async () => {
    const { pve, requests } = cannedCluster({
      [`POST ${VM}/agent/exec`]: { data: { pid: 7 } },
      [`GET ${VM}/agent/exec-status`]: { data: { exited: 1, exitcode: 0 } },
    });
    await pve.agent.exec('pve1', 101, ['sh', '-c', 'echo "a b"'], { timeout: 1_000 });
    expect(requests[0]?.body).toBe('command=sh&command=-c&command=echo+%22a+b%22');
  });
});

describe('what is written', () => {
  it('removes keys in the same guarded write', async () => {
    const { line, form } = await sentBy(
      `PUT ${VM}/config`,
      (pve) => pve.write.setConfig('pve1', 101, { memory: 6144 }, ['net1', 'balloon'], 'd1'),
      null,
    );
    expect(line).toBe(`PUT ${VM}/config`);
    expect(form).toEqual([
      ['memory', '6144'],
      ['delete', 'net1,balloon'],
      ['digest', 'd1'],
    ]);
  });

  it('is nothing at all when there is nothing to write', async () => {
    const { pve, sent } = cannedCluster({});
    await pve.write.setConfig('pve1', 101, {}, [], 'd1');
    expect(sent).toEqual([]);
  });

  it('tells a config that somebody changed meanwhile', async () => {
    const reason = 'checksum mismatch (file change by other user?)';
    const { pve } = cannedCluster({ [`PUT ${VM}/config`]: { status: 500, reason } });
    const error = await pve.write.setConfig('pve1', 101, { cores: 2 }, [], 'old').catch((e) => e);
    expect(isDigestConflict(error)).toBe(true);
  });

  it('destroys with purge in the query, and never frees volumes that no config names', async () => {
    const { line } = await sentBy(`DELETE ${VM}`, (pve) => pve.write.destroy('pve1', 101));
    expect(line).toBe(`DELETE ${VM}?purge=1`);
  });

  it('stops over a shutdown that runs', async () => {
    const { form } = await sentBy(`POST ${VM}/status/stop`, (pve) => pve.write.stop('pve1', 101));
    expect(form).toEqual([['overrule-shutdown', '1']]);
  });

  it('gives a shutdown its time in seconds', async () => {
    const key = `POST ${VM}/status/shutdown`;
    const { form } = await sentBy(key, (pve) => pve.write.shutdown('pve1', 101, 180_000));
    expect(form).toEqual([['timeout', '180']]);
  });

  it('P34: grows a disk to an absolute size in bytes', async () => {
    const run = (pve: ReturnType<typeof cannedCluster>['pve']) =>
      pve.write.resize('pve1', 101, 'scsi0', 20 * 2 ** 30, 'd1');
    const { form } = await sentBy(`PUT ${VM}/resize`, run);
    expect(Object.fromEntries(form)).toEqual({ disk: 'scsi0', size: '21474836480', digest: 'd1' });
  });

  it('clones with all that a clone takes', async () => {
    const params = { newid: 101, name: 'w', description: 'd\nmuster:1 {}', full: true, pool: 'p' };
    const key = 'POST /nodes/pve1/qemu/9000/clone';
    const { form } = await sentBy(key, (pve) => pve.write.clone('pve1', 9000, params));
    expect(Object.fromEntries(form)).toEqual({
      newid: '101',
      name: 'w',
      description: 'd\nmuster:1 {}',
      full: '1',
      pool: 'p',
    });
  });

  it('downloads an image with its checksum', async () => {
    const run = (pve: ReturnType<typeof cannedCluster>['pve']) =>
      pve.write.downloadImage('pve1', 'local', {
        url: 'https://example.net/a.qcow2',
        filename: 'a.qcow2',
        checksum: 'ff',
        algorithm: 'sha512',
      });
    const { form } = await sentBy('POST /nodes/pve1/storage/local/download-url', run);
    expect(Object.fromEntries(form)).toEqual({
      url: 'https://example.net/a.qcow2',
      filename: 'a.qcow2',
      content: 'import',
      checksum: 'ff',
      'checksum-algorithm': 'sha512',
    });
  });

  it('moves a VM into a pool, out of another if need be, and out again', async () => {
    const into = await sentBy('PUT /pools', (pve) => pve.write.setPool('p', 101, true), null);
    expect(Object.fromEntries(into.form)).toEqual({ poolid: 'p', vms: '101', 'allow-move': '1' });
    const out = await sentBy('PUT /pools', (pve) => pve.write.setPool('p', 101, false), null);
    expect(Object.fromEntries(out.form)).toEqual({ poolid: 'p', vms: '101', delete: '1' });
  });

  it('must be answered with a task id', async () => {
    const { pve } = cannedCluster({ [`POST ${VM}/status/start`]: { data: null } });
    await expect(pve.write.start('pve1', 101)).rejects.toMatchObject({
      facts: { failure: 'garbled' },
    });
  });
});

describe('an id that becomes part of a path', () => {
  it.each(['../pve2', 'pve1?x=1', 'pve1#', 'pve1/qemu', '', '-', 'a'.repeat(64)])(
    'is refused before anything is sent: node "%s"',
    async (node) => {
      const { pve, sent } = cannedCluster({});
      await expect(pve.write.start(node, 101)).rejects.toMatchObject({
        facts: { failure: 'refused', status: 0 },
      });
      expect(sent).toEqual([]);
    },
  );

  it.each([99, 1e9, 101.5, Number.NaN, -101])('is refused: vm %s', async (vmid) => {
    const { pve, sent } = cannedCluster({});
    await expect(pve.write.destroy('pve1', vmid)).rejects.toBeInstanceOf(PveError);
    expect(sent).toEqual([]);
  });

  it.each(['UPID:pve1/../x:0:0:0:a:1:u@p:', 'garbage', `${UPID}\nx`])(
    'is refused: task %s',
    async (upid) => {
      const { pve, sent } = cannedCluster({});
      await expect(pve.tasks.abort(upid)).rejects.toBeInstanceOf(PveError);
      expect(sent).toEqual([]);
    },
  );

  it('escapes what a task id may hold', async () => {
    const { pve, sent } = cannedCluster({
      [`DELETE /nodes/pve1/tasks/${encodeURIComponent(UPID)}`]: { data: null },
    });
    await pve.tasks.abort(UPID);
    expect(sent).toHaveLength(1);
  });
});
