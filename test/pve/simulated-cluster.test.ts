import { describe, expect, it } from 'vitest';
import { TaskFailed } from '../../src/model/errors.ts';
import {
  agentFailure,
  isDigestConflict,
  isMissingProgram,
  isVmMissing,
} from '../../src/model/pve-texts.ts';
import { readDetails } from '../../src/pve/details.ts';
import { readInventory } from '../../src/pve/inventory.ts';
import { startServer } from '../../src/simulator/server.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import { livePve } from './support/live.ts';
import { type Simulated, simulated } from './support/simulated.ts';

const LIMIT = { timeout: 30 * 60_000 };
const GIB = 2 ** 30;
const PUBLIC_KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL7G6mV5P6luNyn8bhdiLXZsCzu3jdENBuLOE4INXl2c me@home';

async function deploy({ pve }: Simulated, vmid = 9100): Promise<void> {
  const params = { newid: vmid, name: 'w1', description: 'a worker', full: true };
  await pve.tasks.wait(await pve.write.clone('pve1', 9000, params), LIMIT);
}

async function boot(sim: Simulated, vmid = 9100): Promise<void> {
  const { pve, clock } = sim;
  await pve.tasks.wait(await pve.write.start('pve1', vmid), LIMIT);
  for (let tries = 0; tries < 60; tries += 1) {
    try {
      await pve.agent.ping('pve1', vmid);
      return;
    } catch (error) {
      if (agentFailure(error) !== 'not-answering') throw error;
      await clock.sleep(2_000);
    }
  }
  throw new Error('the agent never answered');
}

describe('a whole life against the simulated cluster', () => {
  it('is clone, config, resize, start, exec, files, shutdown, destroy', async () => {
    const sim = simulated();
    const { pve } = sim;
    await deploy(sim);
    const { digest } = await pve.read.config('pve1', 9100);
    const keys = encodeURIComponent(PUBLIC_KEY);
    const set = { memory: 6144, cores: 6, onboot: false, sshkeys: keys, tags: 'muster;prod' };
    await pve.write.setConfig('pve1', 9100, set, [], digest);
    const config = await pve.read.config('pve1', 9100);
    expect(config.values).toMatchObject({ memory: '6144', cores: '6', sshkeys: keys });
    await pve.tasks.wait(await pve.write.resize('pve1', 9100, 'scsi0', 20 * GIB), LIMIT);
    await boot(sim);
    await expect(
      pve.agent.exec('pve1', 9100, ['sh', '-c', 'exit 3'], LIMIT),
    ).resolves.toMatchObject({
      exitCode: 3,
    });
    await pve.agent.writeFile('pve1', 9100, '/var/tmp/x', Buffer.from('grün\n'));
    await expect(pve.agent.readFile('pve1', 9100, '/var/tmp/x')).resolves.toBe('grün\n');
    await expect(pve.agent.readFile('pve1', 9100, '/var/tmp/y')).resolves.toBeUndefined();
    await expect(pve.agent.addresses('pve1', 9100)).resolves.toHaveLength(1);
    await pve.tasks.wait(await pve.write.shutdown('pve1', 9100, 180_000), LIMIT);
    await expect(pve.read.status('pve1', 9100)).resolves.toMatchObject({ status: 'stopped' });
    await pve.tasks.wait(await pve.write.destroy('pve1', 9100), LIMIT);
    await expect(pve.read.idIsFree(9100)).resolves.toBe(true);
    const gone = await pve.read.config('pve1', 9100).catch((error) => error);
    expect(isVmMissing(gone)).toBe(true);
  });

  it('tells apart what can go wrong', async () => {
    const sim = simulated();
    const { pve } = sim;
    await deploy(sim);
    const stale = await pve.write
      .setConfig('pve1', 9100, { cores: 2 }, [], '0'.repeat(40))
      .catch((e) => e);
    expect(isDigestConflict(stale)).toBe(true);
    const off = await pve.agent.ping('pve1', 9100).catch((e) => e);
    expect(agentFailure(off)).toBe('not-running-vm');
    await boot(sim);
    const missing = await pve.agent.exec('pve1', 9100, ['/nonexistent'], LIMIT).catch((e) => e);
    expect(isMissingProgram(missing)).toBe(true);
    const small = await pve.write.resize('pve1', 9100, 'scsi0', GIB);
    const shrunk = await pve.tasks.wait(small, LIMIT).catch((e) => e);
    expect(shrunk).toBeInstanceOf(TaskFailed);
    expect(shrunk).toMatchObject({
      exitText: 'shrinking disks is not supported',
      failure: 'failed',
    });
  });

  it('P23: sends a clone once, though its answer is lost, and finds it in the list of tasks', async () => {
    const { pve, cluster } = simulated();
    cluster.inject({
      match: { method: 'POST', path: '/clone$' },
      effect: { kind: 'do-then-drop' },
    });
    const params = { newid: 9100, name: 'w1', description: '', full: true };
    await expect(pve.write.clone('pve1', 9000, params)).rejects.toMatchObject({
      facts: { failure: 'unanswered' },
    });
    const [task] = await pve.tasks.list('pve1', 9000);
    expect(task).toMatchObject({ type: 'qmclone', id: '9000' });
    await pve.tasks.wait(task?.upid ?? '', LIMIT);
    await expect(pve.read.idIsFree(9100)).resolves.toBe(false);
  });
});

describe('the inventory of the simulated cluster', () => {
  it('has what the planner needs, in two phases', async () => {
    const sim = simulated();
    await deploy(sim);
    const need = { recorded: [{ vmid: 9100, node: 'pve1' }], refresh: true };
    const inventory = await readInventory(sim.pve, need, sim.clock);
    expect(inventory.cluster).toMatchObject({ name: 'homelab', version: '9.2.11', quorate: true });
    expect(inventory.vms['9100']).toMatchObject({ node: 'pve1', status: 'stopped', name: 'w1' });
    expect(inventory.vms['101']).toMatchObject({ pool: 'production', status: 'running' });
    expect(inventory.configs['9100']?.values.name).toBe('w1');
    const details = await readDetails(sim.pve, inventory, {
      nodes: ['pve1', 'pve3'],
      templates: [{ node: 'pve1', vmid: 9000 }],
      volumes: [{ node: 'pve1', storage: 'local', content: 'import' }],
      permissions: true,
      ha: true,
    });
    expect(details.unread).toBeUndefined();
    expect(details.storages['pve3/local-zfs']).toMatchObject({ enabled: true, active: true });
    expect(details.bridges['pve1/vmbr0']).toMatchObject({ vlanAware: true });
    expect(details.configs['9000']?.values.template).toBe('1');
    expect(Object.keys(details.volumes)).toEqual(['pve1/local:import/debian-13.qcow2']);
    expect(details.permissions?.['/']).toContain('VM.Allocate');
  });

  it('P27: holds the VMs of a lost node as unreachable', async () => {
    const sim = simulated();
    await deploy(sim);
    sim.cluster.inject({
      match: { method: 'GET', path: '^/nodes/pve1/qemu$' },
      effect: { kind: 'first', change: { kind: 'lose-node', node: 'pve1' } },
    });
    const need = { recorded: [{ vmid: 9100, node: 'pve1' }], refresh: true };
    const inventory = await readInventory(sim.pve, need, sim.clock);
    expect(inventory.absent).toEqual({ '9100': 'unreachable' });
    expect(inventory.nodes.pve1?.unreachable).toContain('595');
  });
});

describe('over HTTPS', () => {
  it("the simulator's server is trusted by its fingerprint", async () => {
    const server = await startServer({
      port: 0,
      tls: true,
      world: quickstartWorld(),
      nowMs: () => Date.now(),
    });
    const fingerprints = [server.fingerprint ?? ''];
    const pve = livePve([server.endpoint], { token: server.token, tls: { fingerprints } });
    await expect(pve.read.cluster()).resolves.toMatchObject({ nodes: { pve1: { online: true } } });
    await pve.close();
    await server.close();
  });
});
