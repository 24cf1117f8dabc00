import { failed } from './api-error.ts';
import { JobFailed, type Run, type Step } from './tasks.ts';
import type { Task, World } from './world.ts';

/**
 * The cluster's own locks, as opposed to a config's `lock:` property: `vm:101` on a VM's file,
 * `storage:local` while space is allocated. Only tasks hold them; a shared one is `vm:101:shared`.
 */

function holders(world: World, lock: string, shared: boolean, self?: Task): Task[] {
  return world.tasks.filter(
    (task) =>
      task !== self &&
      task.status === 'running' &&
      task.job.locks.some((held) => held === lock || (!shared && held === `${lock}:shared`)),
  );
}

function lockText(lock: string): string {
  const [kind, id] = lock.split(':');
  return kind === 'vm'
    ? `can't lock file '/var/lock/qemu-server/lock-${id}.conf' - got timeout`
    : `cfs-lock 'storage-${id}' error: got lock request timeout`;
}

/** A step that says to wait, or undefined once the task holds the lock. Throws after `timeoutMs`. */
export function acquire(
  run: Run,
  lock: string,
  timeoutMs: number,
  options: { readonly shared?: boolean; readonly quiet?: boolean } = {},
): Step | undefined {
  const { world, task, nowMs } = run;
  const shared = options.shared ?? false;
  const name = shared ? `${lock}:shared` : lock;
  if (task.job.locks.includes(name)) return undefined;
  const since = task.job.data[`wait ${name}`];
  if (holders(world, lock, shared, task).length === 0) {
    if (since !== undefined && !options.quiet) task.log.push(' OK');
    delete task.job.data[`wait ${name}`];
    task.job.locks.push(name);
    return undefined;
  }
  if (since === undefined) {
    task.job.data[`wait ${name}`] = nowMs;
    if (!options.quiet) task.log.push('trying to acquire lock...');
  } else if (nowMs - Number(since) >= timeoutMs) {
    throw new JobFailed(lockText(lock));
  }
  return { kind: 'again', inMs: 100 };
}

/**
 * For a call that takes the lock itself: how long it waits for it. Throws, with the time that takes,
 * when it isn't free in time. The caller may act at once: nobody sees the difference.
 */
export function waitForLock(world: World, lock: string, timeoutMs: number, prefix = ''): number {
  let wait = 0;
  for (const task of holders(world, lock, false)) {
    const ends = task.job.data.endsMs;
    const left = typeof ends === 'number' ? ends - world.nowMs : Number.POSITIVE_INFINITY;
    if (left > timeoutMs) throw failed(`${prefix}${lockText(lock)}`, timeoutMs);
    wait = Math.max(wait, left);
  }
  return wait;
}

/** Throws what a config's `lock:` property makes PVE say. */
export function checkConfigLock(lock: string | undefined): void {
  if (lock !== undefined) throw new JobFailed(`VM is locked (${lock})`);
}
