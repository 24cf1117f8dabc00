import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { tempPath } from './durable-file.ts';
import { errnoOf } from './file-trouble.ts';
import type { LockAttempt, LockOptions } from './lock-attempt.ts';
import { formatHolder, type LockHolder, parseHolder } from './lock-holder.ts';

/**
 * The lock for machines without kernel locks: a file that only one can create. It outlives a killed holder, so
 * it is removed when its process is proven dead, and else only by a person.
 */
export async function tryLockFile(options: LockOptions): Promise<LockAttempt> {
  const path = heldPath(options.path);
  if (!(await createWhole(options, path))) {
    const held = await heldFileHolder(options);
    return held.kind === 'busy' ? held : { kind: 'busy', holder: undefined };
  }
  const release = () => rm(path, { force: true });
  const other = parseHolder((await textOf(`${options.path}.lock`)) ?? '');
  if (other === undefined || (await options.isDead(other))) return { kind: 'locked', release };
  await release();
  return { kind: 'busy', holder: other };
}

/** Who holds it by a lock file. A dead one's is removed, and the next try finds it free. */
export async function heldFileHolder(
  options: LockOptions,
): Promise<{ readonly kind: 'free' } | (LockAttempt & { readonly kind: 'busy' })> {
  const path = heldPath(options.path);
  const text = await textOf(path);
  if (text === undefined) return { kind: 'free' };
  const holder = parseHolder(text);
  if (holder !== undefined && (await options.isDead(holder))) await removeDead(options, path);
  return { kind: 'busy', holder };
}

/** Who holds the state's lock by a lock file; undefined: nobody. */
export async function lockFileHolder(statePath: string): Promise<LockHolder | undefined> {
  return parseHolder((await textOf(heldPath(statePath))) ?? '');
}

/** For a person who knows that no other Muster runs: removes lock files. A kernel lock ends with its process. */
export async function removeLockFiles(statePath: string): Promise<LockHolder | undefined> {
  const path = heldPath(statePath);
  const holder = parseHolder((await textOf(path)) ?? '');
  await rm(path, { force: true });
  await rm(guardPath(path), { force: true });
  return holder;
}

/** Under a guard, or a second remover could take away the lock that the first one's successor just made. */
async function removeDead(options: LockOptions, path: string): Promise<void> {
  const guard = guardPath(path);
  if (!(await createWhole(options, guard))) return removeIfDead(options, guard);
  try {
    await removeIfDead(options, path);
  } finally {
    await rm(guard, { force: true });
  }
}

async function removeIfDead(options: LockOptions, path: string): Promise<void> {
  const holder = parseHolder((await textOf(path)) ?? '');
  if (holder !== undefined && (await options.isDead(holder))) await rm(path, { force: true });
}

function heldPath(statePath: string): string {
  return `${statePath}.lock.held`;
}

function guardPath(path: string): string {
  return `${path}.removing`;
}

/**
 * Creates a file that says who we are, in one step: one that a killed process left empty could not be told
 * from a living one's. False when it is there already.
 */
async function createWhole(options: LockOptions, path: string): Promise<boolean> {
  const temp = tempPath(options.path, options.random);
  const content = formatHolder(options.holder());
  try {
    await writeFile(temp, content, { flag: 'wx', mode: 0o600 });
    await link(temp, path);
    return true;
  } catch (error) {
    const code = errnoOf(error) ?? '';
    // ENOENT: whoever has the lock swept our temp file away.
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    if (!NO_LINKS.has(code)) throw error;
    return await createInPlace(path, content);
  } finally {
    await rm(temp, { force: true });
  }
}

const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

async function createInPlace(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
