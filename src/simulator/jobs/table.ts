import { ApiError } from '../api-error.ts';
import { JobFailed, type JobKind } from '../tasks.ts';
import { applyUpdate, readUpdate } from '../vm/update.ts';
import { clone } from './clone.ts';
import { create } from './create.ts';
import { destroy } from './destroy.ts';
import { migrate, move, resize, template } from './disks.ts';
import { bulk, byHa } from './many.ts';
import { brief, pause, reboot, reset, resume, shutdown, start, stop } from './power.ts';
import { drop, rollback, take } from './snapshots.ts';
import { download, removeImage } from './storage.ts';

const configure: JobKind = brief((run, vm) => {
  const shown = Object.entries(run.task.job.params)
    .filter(([key]) => key !== 'node' && key !== 'vmid' && key !== 'digest')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `-${key} ${key === 'cipassword' ? '<hidden>' : value}`);
  run.task.log.push(`update VM ${vm.vmid}: ${shown.join(' ')}`);
  try {
    applyUpdate(run.world, vm, readUpdate(run.task.job.params), run.task.log);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const [detail] = Object.entries(error.errors ?? {});
    throw new JobFailed(
      detail === undefined ? error.message : `${error.message} ${detail.join(': ')}`,
    );
  }
});

/** What a task of each type does. */
export const jobs: Readonly<Record<string, JobKind>> = {
  qmclone: clone,
  qmcreate: create,
  qmdestroy: destroy,
  qmstart: start,
  qmstop: stop,
  qmshutdown: shutdown,
  qmreboot: reboot,
  qmreset: reset,
  qmpause: pause,
  qmresume: resume,
  qmconfig: configure,
  qmmove: move,
  qmigrate: migrate,
  qmtemplate: template,
  qmsnapshot: take,
  qmdelsnapshot: drop,
  qmrollback: rollback,
  resize,
  imgdel: removeImage,
  download,
  'bulk-start': bulk('start'),
  'bulk-shutdown': bulk('shutdown'),
  hastart: byHa(true),
  hastop: byHa(false),
};
