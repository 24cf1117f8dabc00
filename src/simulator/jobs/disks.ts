import { checkConfigLock } from '../locks.ts';
import { again, ended, JobFailed, type JobKind, type Run, type Step } from '../tasks.ts';
import { digestOf, isRunning } from '../vm/config.ts';
import { diskKey, isCdrom, parseDrive, parseSize, printDrive, printSize } from '../vm/drives.ts';
import {
  addVolume,
  findVolume,
  isDirectory,
  isOnNode,
  nextDiskName,
  removeVolume,
  volumeKey,
  writtenBytes,
} from '../vm/volumes.ts';
import type { Vm, Volume } from '../world.ts';
import { disksOf } from './clone.ts';
import { lockVm, vmOfTask } from './power.ts';

const GIB = 1024 ** 3;

/** Takes the VM's lock and works for a time that the VM decides. */
function onVm(
  takes: (run: Run, vm: Vm) => number,
  work: (run: Run, vm: Vm) => void,
  check: (run: Run, vm: Vm) => void = () => {},
): JobKind {
  return {
    step: (run): Step => {
      const { job } = run.task;
      if (job.stage === 'work') {
        work(run, vmOfTask(run));
        return ended();
      }
      const waiting = lockVm(run);
      if (waiting) return waiting;
      const vm = vmOfTask(run);
      checkConfigLock(vm.config.lock);
      check(run, vm);
      job.stage = 'work';
      const ms = takes(run, vm);
      job.data.endsMs = run.nowMs + ms;
      return again(ms);
    },
  };
}

function needDisk(vm: Vm, key: string): string {
  const value = vm.config[key];
  if (value === undefined) throw new JobFailed(`disk '${key}' does not exist`);
  return value;
}

function wantedSize(current: number, text: string): number {
  return text.startsWith('+') ? current + parseSize(text.slice(1)) : parseSize(text);
}

export const resize = onVm(
  (run) => run.world.durations.resizeMs,
  (run, vm) => {
    const { disk = '', size = '' } = run.task.job.params;
    const drive = parseDrive(needDisk(vm, disk));
    const volume = findVolume(run.world, drive.volume, vm.node);
    if (volume === undefined) throw new JobFailed(`volume '${drive.volume}' does not exist`);
    const bytes = wantedSize(volume.size, size);
    if (bytes !== volume.size && isDirectory(run.world.storages[volume.storage]?.type ?? '')) {
      run.task.log.push('Image resized.');
    }
    volume.size = bytes;
    vm.config[disk] = printDrive({
      ...drive,
      options: { ...drive.options, size: printSize(bytes) },
    });
  },
  (run, vm) => {
    const { disk = '', size = '', digest } = run.task.job.params;
    if (digest !== undefined && digest !== digestOf(vm)) {
      throw new JobFailed('checksum mismatch (file change by other user?)');
    }
    const drive = parseDrive(needDisk(vm, disk));
    if (isCdrom(drive)) throw new JobFailed(`you can't resize a cdrom`);
    const volume = findVolume(run.world, drive.volume, vm.node);
    if (wantedSize(volume?.size ?? 0, size) < (volume?.size ?? 0)) {
      throw new JobFailed('shrinking disks is not supported');
    }
  },
);

export const move = onVm(
  (run, vm) => {
    const drive = parseDrive(vm.config[run.task.job.params.disk ?? ''] ?? '');
    const volume = findVolume(run.world, drive.volume, vm.node);
    const bytes = volume === undefined ? 0 : writtenBytes(run.world, volume);
    const { durations } = run.world;
    return Math.round(durations.cloneBaseMs + (bytes / GIB) * durations.clonePerGiBMs);
  },
  (run, vm) => {
    const { params } = run.task.job;
    const disk = params.disk ?? '';
    const drive = parseDrive(needDisk(vm, disk));
    const volume = findVolume(run.world, drive.volume, vm.node);
    if (volume === undefined) throw new JobFailed(`volume '${drive.volume}' does not exist`);
    if (params['target-vmid'] !== undefined) return giveDisk(run, vm, disk, volume);
    const storage = run.world.storages[params.storage ?? ''];
    if (storage === undefined) throw new JobFailed(`storage '${params.storage}' does not exist`);
    if (storage.broken !== undefined)
      throw new JobFailed(`storage migration failed: ${storage.broken}`);
    run.task.log.push(
      `copying volume '${volume.volid}' from current storage '${volume.storage}' to target storage '${storage.id}'`,
      `create full clone of drive ${disk} (${volume.volid})`,
    );
    const copy = addVolume(run.world, storage, {
      vmid: vm.vmid,
      node: vm.node,
      name: drive.volume.includes('cloudinit')
        ? `vm-${vm.vmid}-cloudinit`
        : nextDiskName(run.world, storage, vm.vmid),
      format: params.format ?? volume.format,
      size: volume.size,
      from: volume,
    });
    run.task.log.push(`allocated target volume '${copy.volid}'`);
    vm.config[disk] = printDrive({ volume: copy.volid, options: drive.options });
    if (params.delete === '1') removeVolume(run.world, volume.volid, vm.node);
    else addUnused(vm, volume.volid);
  },
);

function addUnused(vm: Vm, volid: string): void {
  let index = 0;
  while (vm.config[`unused${index}`] !== undefined) index += 1;
  vm.config[`unused${index}`] = volid;
}

/** A disk changes its owner: it gets a name after the new one. */
function giveDisk(run: Run, vm: Vm, disk: string, volume: Volume): void {
  const { params } = run.task.job;
  const other = run.world.vms[params['target-vmid'] ?? ''];
  const storage = run.world.storages[volume.storage];
  if (other === undefined || storage === undefined) {
    throw new JobFailed(`target VM ${params['target-vmid']} does not exist`);
  }
  const target = params['target-disk'] ?? disk;
  if (other.config[target] !== undefined) {
    throw new JobFailed(`Target disk key '${target}' is already in use for VM ${other.vmid}`);
  }
  const { options } = parseDrive(vm.config[disk] ?? '');
  delete run.world.volumes[volumeKey(volume.volid, volume.node)];
  const given = addVolume(run.world, storage, {
    vmid: other.vmid,
    node: other.node,
    name: nextDiskName(run.world, storage, other.vmid),
    format: volume.format,
    size: volume.size,
    from: volume,
  });
  delete vm.config[disk];
  other.config[target] = printDrive({ volume: given.volid, options });
}

export const migrate = onVm(
  (run, vm) => {
    const { durations } = run.world;
    let bytes = 0;
    for (const [, volume] of disksOf(run.world, vm)) {
      if (volume.node !== null) bytes += writtenBytes(run.world, volume);
    }
    return Math.round(durations.migrateMs + (bytes / GIB) * durations.clonePerGiBMs * 4);
  },
  (run, vm) => {
    const { target = '', targetstorage } = run.task.job.params;
    run.task.log.push(`starting migration of VM ${vm.vmid} to node '${target}'`);
    for (const key of Object.keys(vm.config)) {
      if (!diskKey.test(key) && !/^unused\d+$/.test(key)) continue;
      moveToNode(run, vm, key, target, targetstorage);
    }
    vm.node = target;
    if (vm.power.guest !== undefined) vm.power.guest.node = target;
    run.task.log.push('migration finished successfully');
  },
  (run, vm) => {
    const { target = '', targetstorage } = run.task.job.params;
    if (isRunning(vm) && run.task.job.params.online !== '1') {
      throw new JobFailed("can't migrate running VM without --online");
    }
    for (const [, volume] of disksOf(run.world, vm)) {
      if (volume.node === null) continue;
      const id = targetstorage ?? volume.storage;
      const storage = run.world.storages[id];
      if (storage === undefined || !isOnNode(storage, target)) {
        throw new JobFailed(
          `migration aborted - storage '${id}' is not available on node '${target}'`,
        );
      }
    }
    if (run.world.nodes[target]?.status !== 'online') {
      throw new JobFailed(`migration aborted - no route to node '${target}'`);
    }
  },
);

function moveToNode(
  run: Run,
  vm: Vm,
  key: string,
  target: string,
  other: string | undefined,
): void {
  const drive = parseDrive(vm.config[key] ?? '');
  const volume = findVolume(run.world, drive.volume, vm.node);
  if (volume === undefined || volume.node === null) return;
  const storage = run.world.storages[other ?? volume.storage];
  if (storage === undefined) return;
  delete run.world.volumes[volumeKey(volume.volid, volume.node)];
  const name = drive.volume.includes('cloudinit')
    ? `vm-${vm.vmid}-cloudinit`
    : nextDiskName(run.world, { ...storage }, vm.vmid);
  const moved = addVolume(run.world, storage, {
    vmid: vm.vmid,
    node: target,
    name,
    format: volume.format,
    size: volume.size,
    from: volume,
  });
  vm.config[key] = printDrive({ volume: moved.volid, options: drive.options });
}

/** `vm-9000-disk-0` becomes `base-9000-disk-0`. */
export const template = onVm(
  (run) => run.world.durations.smallTaskMs,
  (run, vm) => {
    for (const [key, volume] of disksOf(run.world, vm)) {
      const drive = parseDrive(vm.config[key] ?? '');
      delete run.world.volumes[volumeKey(volume.volid, volume.node)];
      volume.volid = volume.volid.replace(/vm-(\d+)-disk/, 'base-$1-disk');
      volume.isBase = true;
      run.world.volumes[volumeKey(volume.volid, volume.node)] = volume;
      vm.config[key] = printDrive({ volume: volume.volid, options: drive.options });
    }
    vm.config.template = '1';
  },
);
