import { constants, type FileHandle, open, stat } from 'node:fs/promises';
import { errnoOf } from './file-trouble.ts';
import type { KernelTryLock, LockAttempt, LockOptions } from './lock-attempt.ts';
import { heldFileHolder } from './lock-file.ts';
import { formatHolder, parseHolder } from './lock-holder.ts';

/** undefined when the native module does not load here (no build for this system). Loaded only for writing. */
export async function loadKernelLock(): Promise<KernelTryLock | undefined> {
  try {
    const { tryLock } = await import('fs-native-extensions');
    return (fd) => tryLock(fd);
  } catch {
    return undefined;
  }
}

/** One try. The file stays when the lock is released: removing it would let two hold "the" lock. */
export async function tryKernelLock(
  options: LockOptions,
  kernel: KernelTryLock,
): Promise<LockAttempt> {
  const path = `${options.path}.lock`;
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  let release: (() => Promise<void>) | undefined;
  try {
    if (!kernel(file.fd)) return { kind: 'busy', holder: parseHolder(await textOf(file)) };
    if (!(await isStill(path, file))) return { kind: 'busy', holder: undefined };
    await say(file, formatHolder(options.holder()));
    // Somebody without kernel locks may hold it by a lock file; each says who it is before it looks.
    const other = await heldFileHolder(options);
    if (other.kind === 'busy') {
      await say(file, '');
      return other;
    }
    release = async () => {
      await say(file, '').finally(() => file.close());
    };
    return { kind: 'locked', release };
  } finally {
    if (release === undefined) await file.close();
  }
}

/** The lock file may have been removed or replaced meanwhile; a lock on what it was is worth nothing. */
async function isStill(path: string, file: FileHandle): Promise<boolean> {
  try {
    const [named, opened] = await Promise.all([
      stat(path, { bigint: true }),
      file.stat({ bigint: true }),
    ]);
    return named.ino === opened.ino && named.dev === opened.dev;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function textOf(file: FileHandle): Promise<string> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
  return buffer.toString('utf8', 0, bytesRead);
}

async function say(file: FileHandle, text: string): Promise<void> {
  await file.truncate(0);
  if (text !== '') await file.write(text, 0, 'utf8');
}
