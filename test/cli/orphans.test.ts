import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { editConfig, lockVm } from '../../src/simulator/by-hand.ts';
import { runRecord } from '../state/support/states.ts';
import { type House, openHouse } from '../support/house.ts';
import { TWO_WORKERS } from './project.ts';

const ONE_WORKER = TWO_WORKERS.replace('  backup-pve1: { node: pve1 }\n', '');

/** Two workers with VMs; of the first one neither declaration nor state knows any more. */
async function houseWithOrphan(): Promise<{ readonly house: House; readonly vmid: number }> {
  const house = openHouse({ files: { 'muster.yaml': TWO_WORKERS } });
  await house.muster('apply', '--test', '--auto-approve');
  const { vmid = 0 } = house.state().workers['backup-pve1']?.vm ?? {};
  await house.muster('state', 'rm', 'backup-pve1');
  house.write('muster.yaml', ONE_WORKER);
  return { house, vmid };
}

function vmids(house: House): readonly number[] {
  return Object.keys(house.cluster.world.vms).map(Number);
}

describe('orphans', () => {
  it('says so where nothing is left over, and asks nothing of the state', async () => {
    const house = openHouse({ files: { 'muster.yaml': TWO_WORKERS } });
    await house.muster('apply', '--test', '--auto-approve');
    const before = house.state();
    const told = await house.muster('orphans');
    expect(told.code, told.stderr).toBe(0);
    expect(told.stdout).toContain('Nothing is left over');
    expect(house.state()).toEqual(before);
  });

  it('shows a VM that no state knows with every mark it was judged by, and the command (W3 W27)', async () => {
    const { house, vmid } = await houseWithOrphan();
    const { lineage } = house.state();
    const told = await house.muster('orphans');
    expect(told.stdout).toContain(`orphan: vm ${vmid} on pve1, backup-pve1`);
    expect(told.stdout.replace(/\s+/g, ' ')).toContain(
      `serial of lineage ${lineage}; tag; card of backup-pve1`,
    );
    expect(told.stdout).toContain(`muster orphans ${vmid} --destroy`);
    const { orphans } = JSON.parse((await house.muster('orphans', '--json')).stdout) as {
      orphans: readonly object[];
    };
    expect(orphans).toEqual([expect.objectContaining({ kind: 'ours', vmid, node: 'pve1' })]);
  });

  it('destroys one that is named, and nothing else that the plan would do (P25 W9)', async () => {
    const { house, vmid } = await houseWithOrphan();
    house.write('muster.yaml', ONE_WORKER.replace('node: pve2 }', 'node: pve2, memory: 3GiB }'));
    const before = vmids(house);
    const record = house.state().workers['backup-pve2'];
    const told = await house.muster('orphans', String(vmid), '--destroy', '--auto-approve');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(told.stdout).toContain('1 to destroy, 0 to replace');
    expect(vmids(house)).toEqual(before.filter((id) => id !== vmid));
    expect(house.state().workers['backup-pve2']).toEqual(record);
    expect((await house.muster('orphans')).stdout).toContain('Nothing is left over');
  });

  it('destroys nothing that is not named, not a recorded worker, and not what lacks a mark', async () => {
    const { house, vmid } = await houseWithOrphan();
    const own = house.state().workers['backup-pve2']?.vm?.vmid ?? 0;
    editConfig(house.cluster.world, vmid, { tags: 'prod' });
    const before = vmids(house);
    expect((await house.muster('orphans', '--destroy', '--auto-approve')).code).toBe(1);
    const worker = await house.muster('orphans', String(own), '--destroy', '--auto-approve');
    expect(worker.code).toBe(6);
    expect(worker.stderr).toContain('is no orphan of this project');
    const partly = await house.muster('orphans', String(vmid), '--destroy', '--auto-approve');
    expect(partly.code).toBe(6);
    expect(partly.stderr).toContain('does not bear all marks');
    expect(partly.stderr).toContain('no tag');
    expect(vmids(house)).toEqual(before);
  });

  it('destroys of two orphans the one that is named', async () => {
    const house = openHouse({ files: { 'muster.yaml': TWO_WORKERS } });
    await house.muster('apply', '--test', '--auto-approve');
    const [first = 0, second = 0] = Object.values(house.state().workers).map(
      ({ vm }) => vm?.vmid ?? 0,
    );
    await house.muster('state', 'rm', 'backup-pve1', 'backup-pve2');
    const told = await house.muster('orphans', String(first), '--destroy', '--auto-approve');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(vmids(house)).not.toContain(first);
    expect(vmids(house)).toContain(second);
  });

  it('lets volumes that Muster did not make go only with the --force that its refusal recommends', async () => {
    const { house, vmid } = await houseWithOrphan();
    const { world } = house.cluster;
    editConfig(world, vmid, { scsi1: 'local-lvm:8' });
    const destroy = ['orphans', String(vmid), '--destroy', '--auto-approve'];
    const told = await house.muster(...destroy);
    expect(told.code, told.stdout + told.stderr).toBe(6);
    const words = told.stdout.replace(/\s+/g, ' ');
    expect(words).toContain('would delete volumes that Muster did not make');
    const [recommended = ''] = /--force \S+(?=\.)/.exec(words) ?? [];
    expect((await house.muster(...destroy, '--force', 'nobody')).code).toBe(1);
    expect(vmids(house)).toContain(vmid);
    const forced = await house.muster(...destroy, ...recommended.split(' '));
    expect(forced.code, forced.stdout + forced.stderr).toBe(0);
    expect(vmids(house)).not.toContain(vmid);
  });

  it('asks before it destroys', async () => {
    const { house, vmid } = await houseWithOrphan();
    const told = await house.muster('orphans', String(vmid), '--destroy');
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('nobody can be asked here');
    expect(vmids(house)).toContain(vmid);
  });

  it('shows a disk whose VM is gone, and how to free it, and does not free it (W20)', async () => {
    const { house, vmid } = await houseWithOrphan();
    const { world } = house.cluster;
    delete world.vms[String(vmid)];
    const volumes = Object.keys(world.volumes);
    const told = await house.muster('orphans');
    expect(told.stdout).toContain(`volume: local-lvm:vm-${vmid}-disk-0 (20 GiB) on pve1`);
    expect(told.stdout).toContain(`pvesm free local-lvm:vm-${vmid}-disk-0`);
    expect(Object.keys(world.volumes)).toEqual(volumes);
    const named = await house.muster('orphans', String(vmid), '--destroy', '--auto-approve');
    expect(named.code).toBe(6);
  });

  it('shows a lock whose task died, on the worker that it blocks (W20)', async () => {
    const house = openHouse({ files: { 'muster.yaml': TWO_WORKERS } });
    await house.muster('apply', '--test', '--auto-approve');
    const { vmid = 0 } = house.state().workers['backup-pve1']?.vm ?? {};
    lockVm(house.cluster.world, vmid, 'snapshot-delete');
    lockVm(house.cluster.world, 101, 'backup');
    const told = await house.muster('orphans');
    expect(told.stdout).toContain(`lock (snapshot-delete) on vm ${vmid} on pve1`);
    expect(told.stdout).toContain(`no task of vm ${vmid} runs`);
    expect(told.stdout).toContain(`qm unlock ${vmid}`);
    expect(told.stdout).not.toContain('vm 101');
  });

  it('shows leases of a run that died, and how to release them (P14 P15 W25)', async () => {
    const house = openHouse({ files: { 'muster.yaml': TWO_WORKERS } });
    await house.muster('apply', '--auto-approve');
    const state = house.state();
    const r1 = runRecord('r1', { beat: house.clock.now() - 3_600_000 });
    const workers = Object.entries(state.workers).map(([name, record]) => [
      name,
      { ...record, lease: { run: 'r1', fence: 1 } },
    ]);
    writeFileSync(
      join(house.root, 'muster.state.json'),
      JSON.stringify({ ...state, runs: { r1 }, workers: Object.fromEntries(workers) }),
    );
    const told = await house.muster('orphans');
    expect(told.stdout).toContain('lease: lease of run r1 on backup-pve1, backup-pve2');
    expect(told.stdout).toContain('muster state unlock r1');
  });

  it('of a state that is lost names the lineage to recover', async () => {
    const { house, vmid } = await houseWithOrphan();
    const { lineage } = house.state();
    const fresh = openHouse({
      files: { 'muster.yaml': ONE_WORKER },
      cluster: house.cluster,
      clock: house.clock,
      seed: 2,
    });
    const told = await fresh.muster('orphans', String(vmid));
    expect(told.stdout).toContain(`other state: vm ${vmid} on pve1, backup-pve1`);
    expect(told.stdout).toContain(`muster state recover --lineage ${lineage}`);
  });
});
