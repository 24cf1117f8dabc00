import { afterAll, describe, expect, it } from 'vitest';
import { dataOf, loadExpectations, Replay } from './replay.ts';
import { openTarget } from './target.ts';

const target = await openTarget(1);
const replay = new Replay(target, loadExpectations('life-cycle'));
const agent = new Replay(target, loadExpectations('agent'));
const vm = `/nodes/${target.names.node}/qemu/${target.names.vmid}`;

async function digest(): Promise<string> {
  const config = dataOf(await target.call('GET', `${vm}/config`)) as Record<string, string>;
  return config.digest ?? '';
}

async function until(ready: () => Promise<boolean>): Promise<void> {
  for (let polls = 0; polls < 400; polls += 1) {
    if (await ready()) return;
    await target.sleep(1000);
  }
  throw new Error('that never came about');
}

/** The task of a copy that is made to be given up. */
let copying: unknown;

/** Whatever failed, the machines go again. */
afterAll(async () => {
  if (copying !== undefined) {
    await target.call('DELETE', `/nodes/${target.names.node}/tasks/${String(copying)}`);
    await replay.task(copying);
  }
  await remove(vm);
  await remove(`/nodes/${target.names.node}/qemu/${target.names.other}`);
});

async function remove(machine: string): Promise<void> {
  if ((await target.call('GET', `${machine}/config`)).status !== 200) return;
  const stopped = await target.call('POST', `${machine}/status/stop`);
  await replay.task(dataOf(stopped));
  const gone = await target.call('DELETE', machine, { purge: '1' });
  if (gone.status === 200) await replay.task(dataOf(gone));
}

describe('the life of a machine, step by step', () => {
  it('is cloned under a lock, shown while it is copied, and owned by nobody else meanwhile', async () => {
    const upid = await replay.same('02/20');
    for (const id of ['02/21', '02/22', '02/24', '02/26', '02/27']) await replay.same(id);
    expect(String(upid)).toMatch(new RegExp(`:qmclone:${target.names.template}:.*:$`));
    expect(await replay.task(upid)).toBe('OK');
    await replay.same('02/31');
  });

  it('is configured at once, or by a task', async () => {
    await replay.same('02/34', { digest: await digest() });
    await replay.same('02/35');
    await replay.ends('02/36', 'OK');
  });

  it('refuses a write that was based on another state', async () => {
    for (const id of ['02/40', '02/41', '02/42']) await replay.same(id);
  });

  it("lets options be deleted, but not unknown ones, nor root's, nor nothing", async () => {
    for (const id of ['02/43', '02/44', '02/45', '02/46', '02/47']) await replay.same(id);
  });

  it('grows a disk and never shrinks it', async () => {
    await replay.ends('02/48', 'OK');
    await replay.ends('02/52', replay.exitOf('02/54'));
    await replay.ends('02/56', replay.exitOf('02/57'));
    for (const id of ['02/59', '02/60', '02/61', '02/63', '02/65', '02/66']) await replay.same(id);
  });

  it('gets its cloud-init drive made anew', async () => {
    await replay.same('02/62');
  });

  it('leaves its pool, and comes back', async () => {
    const pool = async () => dataOf(await target.call('GET', `/pools/${target.names.pool}`));
    await replay.same('03/324');
    expect(JSON.stringify(await pool())).not.toContain(`"vmid":${target.names.vmid}`);
    await replay.same('03/320');
    expect(JSON.stringify(await pool())).toContain(`"vmid":${target.names.vmid}`);
  });

  it('takes a shutdown or stop of a stopped machine for done, and refuses its reboot', async () => {
    await replay.ends('02/67', 'OK');
    await replay.same('02/70');
    await replay.ends('02/71', 'OK');
    await replay.same('02/74');
  });

  it('starts, and its agent answers only later', async () => {
    await replay.ends('02/75', 'OK');
    for (const id of ['02/80', '02/81', '02/82']) await agent.same(id);
    await replay.ends('02/83', replay.exitOf('02/84'));
    await until(async () => (await target.call('POST', `${vm}/agent/ping`)).status === 200);
    await replay.same('02/86');
  });

  it('has an agent that tells what is inside', async () => {
    for (const id of ['02/87', '02/89', '02/90', '02/93', '02/94']) await agent.same(id);
    for (const id of ['02/135', '02/136', '02/137', '02/138', '02/139']) await agent.same(id);
  });

  it('runs programs and gives each exit status once', async () => {
    const { pid } = (await agent.same('02/108')) as { pid: number };
    const path = `${vm}/agent/exec-status`;
    await until(async () => {
      const answer = await target.call('GET', path, { pid: String(pid) });
      if ((dataOf(answer) as { exited: number }).exited === 0) return false;
      agent.compare('02/109', answer);
      return true;
    });
    agent.compare('02/129', await target.call('GET', path, { pid: String(pid) }));
    await agent.same('02/129');
    await agent.same('02/128');
  });

  it('loses its backend over a program that is missing', async () => {
    await agent.same('02/110');
    await agent.same('02/114');
  });

  it('writes and reads files of the guest', async () => {
    await agent.same('02/132');
    await agent.same('02/133');
    await agent.same('02/134');
  });

  it('takes no more than so much at once', async () => {
    await agent.same('08/84', { 'input-data': 'x'.repeat(65_537) });
    await agent.same('08/85', { content: 'x'.repeat(61_441) });
  });

  it("keeps what can't change while it runs as pending", async () => {
    for (const id of ['02/143', '02/144', '02/145', '02/146', '02/147']) await replay.same(id);
    const config = dataOf(await target.call('GET', `${vm}/config`, { current: '1' }));
    expect(config).toMatchObject({ cores: 1, memory: '1024' });
  });

  it('plugs a NIC in while it runs, if the bridge is there', async () => {
    await replay.same('02/150');
    const refused = await replay.send('02/152');
    expect(refused.status).toBe(400);
    expect(refused.body).toContain('hotplug problem - VM ');
    await target.call('PUT', `${vm}/config`, { delete: 'net2,net1' });
  });

  it("can't be removed or made a template while it runs", async () => {
    for (const id of ['02/159', '02/160', '02/161']) await replay.same(id);
  });

  it('can be paused, and is deaf then', async () => {
    await replay.ends('02/170', 'OK');
    await replay.same('02/173');
    await replay.same('02/174');
    await replay.ends('02/175', 'OK');
  });

  it('fails a shutdown whose time is up, and shuts down given time', async () => {
    await replay.ends('02/178', replay.exitOf('02/181'));
    await replay.ends('02/184', 'OK');
  });

  it('has snapshots with names of their own', async () => {
    await replay.ends('02/192', 'OK');
    await replay.same('02/196');
    await replay.ends('02/197', replay.exitOf('02/198'));
    await replay.ends('02/200', 'OK');
    await replay.ends('02/204', 'OK');
    await replay.ends('02/208', replay.exitOf('02/209'));
  });

  it('may be given up while it is copied, by those who may, and then there is none', async () => {
    const other = target.names.other ?? '';
    // Slow enough to be seen: 1 MiB/s.
    const clone = { newid: other, full: '1', storage: target.names.storage ?? '', bwlimit: '1024' };
    const begun = await target.call(
      'POST',
      `/nodes/${target.names.node}/qemu/${target.names.template}/clone`,
      clone,
    );
    copying = dataOf(begun);
    const task = `/nodes/${target.names.node}/tasks/${String(copying)}`;
    await until(
      async () => (await target.call('GET', '/cluster/nextid', { vmid: other })).status !== 200,
    );
    if (target.poorToken !== undefined)
      replay.compare('03/293', await target.call('DELETE', task, {}, target.poorToken));
    replay.compare('03/294', await target.call('DELETE', task));
    expect(await replay.task(copying)).toMatch(
      /^clone failed: copy failed: .* failed: interrupted by signal$/,
    );
    expect((await target.call('GET', '/cluster/nextid', { vmid: other })).status).toBe(200);
  });

  it('is destroyed and leaves nothing', async () => {
    await replay.ends('02/211', 'OK');
    for (const id of ['02/215', '02/217', '02/220', '02/222']) await replay.same(id);
  });
});
