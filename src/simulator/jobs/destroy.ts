import { checkConfigLock } from '../locks.ts';
import { again, ended, JobFailed, type JobKind, type Run } from '../tasks.ts';
import { isRunning } from '../vm/config.ts';
import { diskKey, parseDrive, unusedKey } from '../vm/drives.ts';
import { findVolume, removeVolume } from '../vm/volumes.ts';
import type { Vm } from '../world.ts';
import { lockVm, vmOfTask } from './power.ts';

export const destroy: JobKind = {
  step: (run) => {
    const { job } = run.task;
    if (job.stage === 'start') {
      const waiting = lockVm(run);
      if (waiting) return waiting;
      check(run, vmOfTask(run));
      job.stage = 'work';
      return again(run.world.durations.destroyMs);
    }
    remove(run, vmOfTask(run));
    return ended();
  },
};

function check(run: Run, vm: Vm): void {
  if (isRunning(vm)) throw new JobFailed(`VM ${vm.vmid} is running - destroy failed`);
  checkConfigLock(vm.config.lock);
  for (const volid of ownVolumes(vm)) {
    const base = findVolume(run.world, volid, vm.node);
    const clones = Object.values(run.world.volumes).some(
      (volume) => base?.isBase === true && volume.parent === volid && volume.node === base.node,
    );
    if (clones) throw new JobFailed(`base volume '${volid}' is still in use by linked cloned`);
  }
}

/** Every disk that its config names, detached ones too; not the ones of other VMs. */
function ownVolumes(vm: Vm): string[] {
  const configs = [vm.config, ...Object.values(vm.snapshots).map((snapshot) => snapshot.config)];
  const named = configs.flatMap((config) =>
    Object.keys(config)
      .filter((key) => diskKey.test(key) || unusedKey.test(key))
      .map((key) => parseDrive(config[key] ?? '').volume),
  );
  const own = new RegExp(`(?:vm|base)-${vm.vmid}-`);
  return [...new Set(named.filter((volid) => own.test(volid.split('/').pop() ?? '')))];
}

function remove(run: Run, vm: Vm): void {
  const { world, task } = run;
  for (const volid of ownVolumes(vm)) removeVolume(world, volid, vm.node);
  if (task.job.params['destroy-unreferenced-disks'] === '1') {
    for (const volume of Object.values(world.volumes)) {
      if (volume.vmid === vm.vmid) removeVolume(world, volume.volid, vm.node);
    }
  }
  if (task.job.params.purge === '1') {
    task.log.push(`purging VM ${vm.vmid} from related configurations..`);
    delete world.ha[`vm:${vm.vmid}`];
    world.replication = world.replication.filter((entry) => entry.guest !== vm.vmid);
  }
  for (const pool of Object.values(world.pools)) {
    pool.vms = pool.vms.filter((id) => id !== vm.vmid);
  }
  world.access.acls = world.access.acls.filter((acl) => acl.path !== `/vms/${vm.vmid}`);
  delete world.vms[String(vm.vmid)];
}
