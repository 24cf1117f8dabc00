import { powerOn } from '../guest/lifetime.ts';
import { randomUuid } from '../sequence.ts';
import { again, ended, JobFailed, type JobKind, type Run, type Step } from '../tasks.ts';
import { diskKey, parseDrive } from '../vm/drives.ts';
import { makeDisk } from '../vm/new-disks.ts';
import { defaultBootOrder, normalise } from '../vm/normalise.ts';
import { findVolume, removeVolume, storageOf, totalBytes, usedBytes } from '../vm/volumes.ts';
import type { Task, World } from '../world.ts';
import { checkStartable } from './power.ts';

const GIB = 1024 ** 3;
const ofTheCall = new Set([
  'node',
  'vmid',
  'pool',
  'start',
  'storage',
  'unique',
  'force',
  'archive',
  'bwlimit',
  'ha-managed',
  'live-restore',
  'import-working-storage',
]);

export const create: JobKind = {
  step: (run) => {
    const { job } = run.task;
    if (job.stage === 'start') {
      job.stage = 'work';
      job.data.endsMs = run.nowMs + workMs(run);
      return again(workMs(run));
    }
    if (job.stage === 'autostart') return autostart(run);
    return build(run);
  },
  cleanUp: (run) => removeCreated(run.world, run.task),
};

function workMs(run: Run): number {
  const { durations } = run.world;
  let total = durations.createMs;
  for (const value of Object.values(run.task.job.params)) {
    const from = /import-from=([^,]+)/.exec(value)?.[1];
    const source = from === undefined ? undefined : findVolume(run.world, from, run.task.node);
    if (source !== undefined) total += (source.size / GIB) * durations.importPerGiBMs;
  }
  return Math.round(total);
}

function build(run: Run): Step {
  const { world, task } = run;
  const vm = world.vms[task.id];
  if (vm === undefined) return ended();
  try {
    vm.config = configFor(run, vm.vmid);
  } catch (error) {
    removeCreated(world, task);
    throw error;
  }
  const { pool } = task.job.params;
  if (pool !== undefined) world.pools[pool]?.vms.push(vm.vmid);
  if (task.job.params.start !== '1') return ended();
  task.log.push('Execute autostart');
  task.job.stage = 'autostart';
  return again(world.durations.startMs);
}

function configFor(run: Run, vmid: number): Record<string, string> {
  const { world, task } = run;
  const { params } = task.job;
  const fail = (text: string) => new JobFailed(`unable to create VM ${vmid} - ${text}`);
  const config: Record<string, string> = {};
  for (const key of Object.keys(params).sort()) {
    if (ofTheCall.has(key)) continue;
    const value = params[key] ?? '';
    if (!diskKey.test(key)) {
      const kept = normalise(world, key, value);
      if (kept !== undefined) config[key] = kept;
      continue;
    }
    config[key] = makeDisk({ world, node: task.node, vmid, key, value, log: task.log, fail });
    checkSpace(run, value, fail);
  }
  config.boot ??= defaultBootOrder(config);
  config.vmgenid ??= randomUuid(world);
  config.smbios1 ??= `uuid=${randomUuid(world)}`;
  config.meta = `creation-qemu=10.0.13,ctime=${Math.floor(run.nowMs / 1000)}`;
  return config;
}

function checkSpace(run: Run, value: string, fail: (text: string) => Error): void {
  const storage = run.world.storages[storageOf(parseDrive(value).volume)];
  if (storage === undefined || !value.includes('import-from=')) return;
  if (usedBytes(run.world, storage, run.task.node) > totalBytes(storage, run.task.node)) {
    throw fail(`copy failed: no space left on storage '${storage.id}'`);
  }
}

function autostart(run: Run): Step {
  const vm = run.world.vms[run.task.id];
  if (vm === undefined) return ended();
  checkStartable(run.world, vm, run.task.log);
  powerOn(run.world, vm, run.nowMs);
  return ended();
}

/** A failed create leaves nothing. */
function removeCreated(world: World, task: Task): void {
  const vm = world.vms[task.id];
  if (vm?.config.lock !== 'create') return;
  for (const volume of Object.values(world.volumes)) {
    if (volume.vmid === vm.vmid) removeVolume(world, volume.volid, task.node);
  }
  delete world.vms[task.id];
}
