import { again, ended, JobFailed, type JobKind, type Run, type Step } from '../tasks.ts';
import { filePath, findVolume, removeVolume, volumeKey } from '../vm/volumes.ts';

const GIB = 1024 ** 3;

/** Removing what isn't there is no failure. */
export const removeImage: JobKind = {
  step: (run) => {
    const { job, log } = run.task;
    if (job.stage === 'start') {
      job.stage = 'work';
      return again(run.world.durations.smallTaskMs);
    }
    const volid = String(job.data.volid);
    const storage = run.world.storages[volid.split(':')[0] ?? ''];
    if (findVolume(run.world, volid, run.task.node) === undefined && storage !== undefined) {
      log.push(`disk image '${filePath(storage, volid)}' does not exist`);
    }
    removeVolume(run.world, volid, run.task.node);
    log.push(`Removed volume '${volid}'`);
    return ended();
  },
};

export const download: JobKind = {
  step: (run): Step => {
    const { job, log } = run.task;
    if (job.stage === 'work') return store(run);
    const { url = '', 'checksum-algorithm': algorithm, checksum } = job.params;
    const volid = String(job.data.volid);
    const storage = run.world.storages[volid.split(':')[0] ?? ''];
    const path = storage === undefined ? volid : filePath(storage, volid);
    log.push(`downloading ${url} to ${path}`);
    const there = findVolume(run.world, volid, run.task.node);
    const source = run.world.downloads[url];
    if (there !== undefined) {
      const same =
        checksum !== undefined &&
        job.data.known !== null &&
        source?.checksums[algorithm ?? ''] === checksum;
      if (!same) throw new JobFailed(`refusing to override existing file '${path}'`);
      log.push(
        'calculating checksum of existing file...OK, got correct file already, no need to download',
      );
      return ended();
    }
    if (source === undefined || source.status !== 200) {
      log.push(source === undefined ? 'ERROR: connection failed' : `ERROR ${source.status}`);
      throw new JobFailed(`download failed: exit code ${source === undefined ? 4 : 8}`);
    }
    job.stage = 'work';
    return again(Math.round((source.size / GIB) * run.world.durations.downloadPerGiBMs) + 300);
  },
};

function store(run: Run): Step {
  const { params, data } = run.task.job;
  const source = run.world.downloads[params.url ?? ''];
  const volid = String(data.volid);
  const storage = run.world.storages[volid.split(':')[0] ?? ''];
  if (source === undefined || storage === undefined)
    throw new JobFailed('download failed: exit code 4');
  const actual = source.checksums[params['checksum-algorithm'] ?? ''] ?? '';
  if (params.checksum !== undefined && params.checksum !== actual) {
    throw new JobFailed(`checksum mismatch: got '${actual}' != expect '${params.checksum}'`);
  }
  const node = storage.shared ? null : run.task.node;
  run.world.volumes[volumeKey(volid, node)] = {
    volid,
    storage: storage.id,
    node,
    format: volid.split('.').pop() ?? 'raw',
    content: params.content ?? 'import',
    size: source.size,
    ctime: Math.floor(run.nowMs / 1000),
    ...(source.image === undefined ? {} : { image: source.image }),
  };
  run.task.log.push('download finished');
  return ended();
}
