import { keepDisk } from '../guest/boot.ts';
import { powerOff } from '../guest/lifetime.ts';
import { JobFailed, type JobKind, type Run } from '../tasks.ts';
import { findVolume, isDirectory } from '../vm/volumes.ts';
import type { Snapshot, Vm } from '../world.ts';
import { disksOf } from './clone.ts';
import { brief } from './power.ts';

export const take: JobKind = brief((run, vm) => {
  const { snapname = '', description = '' } = run.task.job.params;
  if (vm.snapshots[snapname] !== undefined) {
    throw new JobFailed(`snapshot name '${snapname}' already used`);
  }
  const disks = disksOf(run.world, vm);
  for (const [, volume] of disks) {
    const type = run.world.storages[volume.storage]?.type ?? '';
    if (isDirectory(type) && volume.format === 'raw') {
      throw new JobFailed('snapshot feature is not available');
    }
  }
  keepDisk(run.world, vm);
  const snapshot: Snapshot = {
    name: snapname,
    description,
    snaptime: Math.floor(run.nowMs / 1000),
    config: { ...vm.config },
    disks: {},
    ...(vm.currentParent === undefined ? {} : { parent: vm.currentParent }),
  };
  for (const [key, volume] of disks) {
    run.task.log.push(`snapshotting 'drive-${key}' (${volume.volid})`);
    snapshot.disks[volume.volid] = structuredClone(volume.disk ?? null);
  }
  vm.snapshots[snapname] = snapshot;
  vm.currentParent = snapname;
});

function needSnapshot(run: Run, vm: Vm): Snapshot {
  const name = run.task.job.params.snapname ?? '';
  const snapshot = vm.snapshots[name];
  if (snapshot === undefined) throw new JobFailed(`snapshot '${name}' does not exist`);
  return snapshot;
}

export const drop: JobKind = brief((run, vm) => {
  const snapshot = needSnapshot(run, vm);
  for (const other of Object.values(vm.snapshots)) {
    if (other.parent !== snapshot.name) continue;
    if (snapshot.parent === undefined) delete other.parent;
    else other.parent = snapshot.parent;
  }
  if (vm.currentParent === snapshot.name) {
    if (snapshot.parent === undefined) delete vm.currentParent;
    else vm.currentParent = snapshot.parent;
  }
  delete vm.snapshots[snapshot.name];
});

export const rollback: JobKind = brief((run, vm) => {
  const snapshot = needSnapshot(run, vm);
  if (vm.power.status === 'running') powerOff(run.world, vm);
  vm.config = { ...snapshot.config };
  for (const [volid, disk] of Object.entries(snapshot.disks)) {
    const volume = findVolume(run.world, volid, vm.node);
    if (volume === undefined) continue;
    if (disk === null) delete volume.disk;
    else volume.disk = structuredClone(disk);
  }
  vm.currentParent = snapshot.name;
});
