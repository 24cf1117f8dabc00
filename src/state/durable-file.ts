import { constants, type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { Random } from '../model/ports.ts';
import { errnoOf } from './file-trouble.ts';

/** More than any real one: ten thousand workers make about 30 MB. */
const LARGEST_FILE = 256 * 2 ** 20;

/**
 * Replaces a file in one step: after a crash at any instant there is the old content or the new one. The
 * content is on the disk when this resolves, and so is its name. Follows no link at `path`.
 */
export async function writeDurably(
  path: string,
  content: string | Uint8Array,
  mode: number,
  random: Random,
): Promise<void> {
  const temp = tempPath(path, random);
  try {
    const file = await open(temp, 'wx', mode);
    await fillAndClose(file, content, mode);
    await rename(temp, path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') await rm(temp, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** A new name beside `path`, which `sweepTemps` knows. */
export function tempPath(path: string, random: Random): string {
  return join(dirname(path), `${tempPrefix(path)}${random.uuid()}.tmp`);
}

/** Removes temp files that earlier, killed writers of this path left. Only while no other one can be writing. */
export async function sweepTemps(path: string): Promise<void> {
  const prefix = tempPrefix(path);
  for (const name of await readdir(dirname(path))) {
    const isTemp = name.startsWith(prefix) && /^[^.]+\.tmp$/.test(name.slice(prefix.length));
    if (isTemp) await rm(join(dirname(path), name), { force: true });
  }
}

/** The bytes of a regular file; undefined when there is none. Pipes and devices are refused: they could hang. */
export async function readRegularFile(path: string): Promise<Uint8Array | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { size, isRegular } = await facts(file);
    if (!isRegular) throw refused('not-a-file', `${path} is not a regular file`);
    if (size > LARGEST_FILE) throw refused('file-too-big', `${path} has ${size} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** True when something has that name, whatever it is. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Makes renames in a folder durable. Some systems can't sync a folder; there a rename is as safe as it gets. */
export async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle;
  try {
    folder = await open(path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'EISDIR' || errnoOf(error) === 'EPERM') return;
    throw error;
  }
  try {
    await folder.sync();
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'EBADF', 'ENOTSUP'].includes(errnoOf(error) ?? '')) throw error;
  } finally {
    await folder.close();
  }
}

function tempPrefix(path: string): string {
  return `.${basename(path)}.`;
}

async function fillAndClose(
  file: FileHandle,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  try {
    await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function facts(file: FileHandle): Promise<{ size: number; isRegular: boolean }> {
  const found = await file.stat();
  if (found.isDirectory())
    throw Object.assign(new Error('EISDIR: is a folder'), { code: 'EISDIR' });
  return { size: found.size, isRegular: found.isFile() };
}

function refused(code: string, message: string): DiagnosticsError {
  return new DiagnosticsError([problem(code, message, 'Use another path.')]);
}
