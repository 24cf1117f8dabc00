import { keepDisk } from '../guest/boot.ts';
import { acquire, checkConfigLock } from '../locks.ts';
import { randomMac, randomUuid } from '../sequence.ts';
import { again, ended, JobFailed, type JobKind, type Run, type Step } from '../tasks.ts';
import { isRunning, missingText, vmOn } from '../vm/config.ts';
import {
  diskKey,
  isCdrom,
  isCloudInit,
  netKey,
  parseDrive,
  parseNic,
  parseSize,
  printDrive,
  printNic,
  printSize,
  unusedKey,
} from '../vm/drives.ts';
import {
  addVolume,
  filePath,
  findVolume,
  isDirectory,
  nextDiskName,
  removeVolume,
  storageOf,
  totalBytes,
  usedBytes,
  writtenBytes,
} from '../vm/volumes.ts';
import type { SimStorage, Task, Vm, Volume, World } from '../world.ts';

/** How long the source's lock is waited for, and a storage's. */
const SOURCE_LOCK_MS = 1000;
const STORAGE_LOCK_MS = 10_000;
const ALLOCATE_MS = 150;

export const clone: JobKind = {
  step: (run) => {
    const { job } = run.task;
    if (job.stage === 'start') return begin(run);
    if (job.stage === 'allocate') return allocate(run);
    if (job.stage === 'copy') return showCopying(run);
    return finish(run);
  },
  cleanUp: (run) => removeClone(run.world, run.task),
  killed: strandVolume,
  aborted: (task) => `clone failed: ${copyCommand(task, '')} failed: interrupted by signal`,
};

function copyCommand(task: Task, detail: string): string {
  return `copy failed: command '/usr/bin/qemu-img convert -p -n ${detail || `VM ${task.id}`}'`;
}

function newVm(run: Run): Vm | undefined {
  return run.world.vms[String(run.task.job.data.newid)];
}

function begin(run: Run): Step {
  const { world, task } = run;
  const { data } = task.job;
  const source = vmOn(world, task.node, task.id);
  const shared = source === undefined || !isRunning(source);
  const waiting = acquire(run, `vm:${task.id}`, SOURCE_LOCK_MS, { shared });
  if (waiting) return waiting;
  if (task.log.length === 0)
    task.log.push(`creating a clone of VM ${task.id} with ID ${data.newid}`);
  if (data.elsewhere === true) {
    throw new JobFailed(
      `close (rename) atomic file '/etc/pve/nodes/${task.node}/qemu-server/${data.newid}.conf' failed: File exists`,
    );
  }
  if (source === undefined) throw new JobFailed(missingText(task.node, task.id));
  checkConfigLock(source.config.lock);
  task.job.stage = 'allocate';
  data.endsMs = run.nowMs + copyMs(world, source, task) + ALLOCATE_MS;
  return again(1);
}

function copyMs(world: World, source: Vm, task: Task): number {
  const { durations } = world;
  if (task.job.data.full !== true) return durations.linkedCloneMs;
  const limit = Number(task.job.params.bwlimit ?? '0') * 1024;
  let bytes = 0;
  for (const [, volume] of disksOf(world, source)) bytes += writtenBytes(world, volume);
  const free = durations.cloneBaseMs + (bytes / 1024 ** 3) * durations.clonePerGiBMs;
  return Math.round(limit > 0 ? Math.max(free, (bytes / limit) * 1000) : free);
}

export function disksOf(world: World, vm: Vm): [string, Volume][] {
  const found: [string, Volume][] = [];
  for (const key of Object.keys(vm.config).sort()) {
    if (!diskKey.test(key)) continue;
    const drive = parseDrive(vm.config[key] ?? '');
    const volume = findVolume(world, drive.volume, vm.node);
    if (volume !== undefined && !isCdrom(drive)) found.push([key, volume]);
  }
  return found;
}

/** Space is allocated under the storage's lock, one clone after the other. */
function allocate(run: Run): Step {
  const { task } = run;
  const storage = targetStorage(run, storageOfSource(run));
  const waiting = acquire(run, `storage:${storage.id}`, STORAGE_LOCK_MS);
  if (waiting) return waiting;
  const broken = storage.broken;
  if (broken !== undefined) {
    removeClone(run.world, task);
    throw new JobFailed(`clone failed: ${broken}`);
  }
  task.job.stage = 'copy';
  return again(ALLOCATE_MS);
}

function storageOfSource(run: Run): string {
  const source = run.world.vms[run.task.id];
  const disk = source === undefined ? undefined : disksOf(run.world, source)[0];
  return storageOf(disk?.[1].volid ?? Object.keys(run.world.storages)[0] ?? '');
}

function targetStorage(run: Run, usual: string): SimStorage {
  const id = run.task.job.params.storage ?? usual;
  const storage = run.world.storages[id];
  if (storage === undefined) throw new JobFailed(`storage '${id}' does not exist`);
  return storage;
}

/** While it copies, the new config shows everything but the disks still to come. */
function showCopying(run: Run): Step {
  const { world, task, nowMs } = run;
  task.job.locks = task.job.locks.filter((lock) => !lock.startsWith('storage:'));
  const source = world.vms[task.id];
  const fresh = newVm(run);
  if (source === undefined || fresh === undefined)
    throw new JobFailed(missingText(task.node, task.id));
  fresh.config = { ...clonedConfig(run, source), lock: 'clone' };
  task.job.stage = 'work';
  return again(Math.max(1, Number(task.job.data.endsMs) - nowMs));
}

function clonedConfig(run: Run, source: Vm): Record<string, string> {
  const { params } = run.task.job;
  const from =
    params.snapname === undefined
      ? source.config
      : (source.snapshots[params.snapname]?.config ?? {});
  const config: Record<string, string> = {};
  for (const [key, value] of Object.entries(from)) {
    if (key === 'template' || key === 'lock' || unusedKey.test(key) || diskKey.test(key)) continue;
    config[key] = netKey.test(key)
      ? printNic({ ...parseNic(value), mac: randomMac(run.world) })
      : value;
  }
  config.name = params.name ?? `Copy-of-VM-${source.config.name ?? source.vmid}`;
  if (params.description !== undefined) config.description = params.description.replace(/\s+$/, '');
  const kept = (source.config.smbios1 ?? '')
    .split(',')
    .filter((part) => part !== '' && !part.startsWith('uuid='));
  config.smbios1 = [`uuid=${randomUuid(run.world)}`, ...kept].join(',');
  config.vmgenid = randomUuid(run.world);
  return config;
}

function finish(run: Run): Step {
  const { world, task } = run;
  const source = world.vms[task.id];
  const fresh = newVm(run);
  if (source === undefined || fresh === undefined) return ended();
  keepDisk(world, source);
  try {
    copyDisks(run, source, fresh);
  } catch (error) {
    if (error instanceof JobFailed) removeClone(world, task);
    throw error;
  }
  delete fresh.config.lock;
  fresh.backupBytes = source.backupBytes;
  const target = task.job.params.target;
  if (target !== undefined) fresh.node = target;
  const pool = task.job.params.pool;
  if (pool !== undefined) world.pools[pool]?.vms.push(fresh.vmid);
  return ended();
}

function copyDisks(run: Run, source: Vm, fresh: Vm): void {
  const from = run.task.job.params.snapname;
  const config = from === undefined ? source.config : (source.snapshots[from]?.config ?? {});
  const place = (key: string) => (/^ide/.test(key) ? 0 : 1);
  const keys = Object.keys(config)
    .filter((key) => diskKey.test(key))
    .sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  for (const key of keys) {
    const drive = parseDrive(config[key] ?? '');
    const volume = findVolume(run.world, drive.volume, source.node);
    if (volume === undefined || (isCdrom(drive) && !isCloudInit(drive))) {
      fresh.config[key] = config[key] ?? '';
      continue;
    }
    const copy = copyVolume(run, key, volume, fresh, isCloudInit(drive));
    fresh.config[key] = printDrive({
      volume: copy.volid,
      options: { ...drive.options, size: printSize(copy.size) },
    });
  }
}

function copyVolume(run: Run, key: string, volume: Volume, fresh: Vm, seed: boolean): Volume {
  const { world, task } = run;
  const linked = task.job.data.full !== true && !seed;
  const storage = targetStorage(run, volume.storage);
  task.log.push(`create ${linked ? 'linked' : 'full'} clone of drive ${key} (${volume.volid})`);
  const copy = addVolume(world, storage, {
    vmid: fresh.vmid,
    node: task.node,
    name: seed ? `vm-${fresh.vmid}-cloudinit` : nextDiskName(world, storage, fresh.vmid),
    format: task.job.params.format ?? volume.format,
    size: volume.size,
    from: volume,
    linked,
  });
  const path = filePath(storage, copy.volid);
  if (isDirectory(storage.type) && !linked) {
    task.log.push(`Formatting '${path}', fmt=${copy.format} size=${copy.size}`);
  }
  if (!linked) task.log.push(`allocated target volume '${copy.volid}'`);
  if (usedBytes(world, storage, task.node) > totalBytes(storage, task.node)) {
    const detail = `-f ${volume.format} -O ${copy.format} ${volume.volid} zeroinit:${path}`;
    throw new JobFailed(`clone failed: ${copyCommand(task, detail)} failed: exit code 1`);
  }
  if (!linked) task.log.push(`transferred ${parseSize(printSize(copy.size))} bytes (100.00%)`);
  return copy;
}

/** The copy had begun: its volume is there, and no config names it. */
function strandVolume(run: Run): void {
  const source = run.world.vms[run.task.id];
  const volume = source === undefined ? undefined : disksOf(run.world, source)[0]?.[1];
  if (volume === undefined) return;
  const storage = targetStorage(run, volume.storage);
  const vmid = Number(run.task.job.data.newid);
  const name = nextDiskName(run.world, storage, vmid);
  const { format, size } = volume;
  addVolume(run.world, storage, { vmid, node: run.task.node, name, format, size, from: volume });
}

/** A failed clone leaves nothing. */
function removeClone(world: World, task: Task): void {
  const id = Number(task.job.data.newid);
  const fresh = world.vms[String(id)];
  if (fresh?.config.lock !== 'clone' || task.job.data.elsewhere === true) return;
  for (const volume of Object.values(world.volumes)) {
    if (volume.vmid === id) removeVolume(world, volume.volid, task.node);
  }
  delete world.vms[String(id)];
}
