import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { StateLocked } from '../model/errors.ts';
import { errnoOf } from './file-trouble.ts';
import { tryKernelLock } from './kernel-lock.ts';
import type { LockAttempt, LockOptions } from './lock-attempt.ts';
import { tryLockFile } from './lock-file.ts';
import { describeHolder } from './lock-holder.ts';

/**
 * Holds the state's lock while `work` runs; milliseconds, as a rule: it guards one compare-and-swap, not a run.
 * The kernel's lock is released by death. Where there is none, a lock file does, which names its holder.
 * Throws StateLocked when the lock could not be had within the timeout.
 */
export async function withStateLock<T>(options: LockOptions, work: () => Promise<T>): Promise<T> {
  const release = await waitForLock(options);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function waitForLock(options: LockOptions): Promise<() => Promise<void>> {
  const { clock, timeoutMs, path } = options;
  const start = clock.monotonic();
  for (let pause = 1; ; pause = Math.min(pause * 2, 20)) {
    const attempt = await tryOnce(options);
    if (attempt.kind === 'locked') return attempt.release;
    const left = timeoutMs - (clock.monotonic() - start);
    if (left <= 0) throw new StateLocked(path, describeHolder(attempt.holder));
    await clock.sleep(Math.min(pause, left));
  }
}

async function tryOnce(options: LockOptions): Promise<LockAttempt> {
  const { kernel } = options;
  if (kernel === undefined) return tryLockFile(options);
  try {
    return await tryKernelLock(options, kernel);
  } catch (error) {
    throw NO_LOCKS.has(errnoOf(error) ?? '') ? locksUnsupported(options.path, error) : error;
  }
}

/** What systems answer for a file system without locks, or a network one whose lock service is down. */
const NO_LOCKS = new Set(['ENOLCK', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP', 'EINVAL', 'EBADRPC']);

function locksUnsupported(path: string, cause: unknown): DiagnosticsError {
  const error = new DiagnosticsError([
    problem(
      'no-file-locks',
      `the file system of ${path} can't lock files, so two runs could overwrite each other`,
      'Keep the state on a local disk or NFSv4, or use the http backend.',
      [String(cause)],
    ),
  ]);
  error.cause = cause;
  return error;
}
