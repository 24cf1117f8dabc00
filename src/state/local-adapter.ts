import { copyFile, link, lstat, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Adapter } from 'lowdb';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { sha256 } from '../model/digest.ts';
import type { Migrations } from '../model/migrations.ts';
import type { Random, StateRead } from '../model/ports.ts';
import type { State } from '../model/state.ts';
import {
  exists,
  readRegularFile,
  sweepTemps,
  syncFolder,
  tempPath,
  writeDurably,
} from './durable-file.ts';
import { errnoOf, withFileTrouble } from './file-trouble.ts';
import { NO_STATE, revisionOf } from './revision.ts';
import { requireState, stateVanished } from './state-diagnostics.ts';
import { formatState, parseState } from './state-text.ts';

/** What lowdb holds: a state as read, or one to be written with its text (formatted once; empty when read). */
export interface StateDocument extends StateRead {
  readonly text: string;
}

/** The document to write for a state. */
export function documentOf(state: State): StateDocument {
  const text = formatState(state);
  return { state, text, revision: revisionOf(state, sha256(text)) };
}

/**
 * lowdb's adapter for one state file. It never answers null, which lowdb would silently replace by its default:
 * a missing state is `{ state: undefined }`, one that can't be read is an error.
 */
export interface LocalAdapter extends Adapter<StateDocument> {
  read(): Promise<StateDocument>;
  /** Replaces the file in one step. Only under the state's lock. */
  write(next: StateDocument): Promise<void>;
  /** The revision on the disk, without reading it as a state. */
  digest(): Promise<string>;
  /** Removes temp files of killed writers. Only under the state's lock. */
  sweep(): Promise<void>;
  /** Keeps the file as it is now as `.backup`. Only under the state's lock. */
  keepBackup(): Promise<void>;
}

export function localAdapter(
  path: string,
  random: Random,
  migrations: Migrations | undefined,
): LocalAdapter {
  const backup = `${path}.backup`;
  return {
    read: () => withFileTrouble('read the state', path, () => readState(path, backup, migrations)),
    write: ({ text }) =>
      withFileTrouble('write the state', path, () => writeDurably(path, text, 0o600, random)),
    digest: () =>
      withFileTrouble('read the state', path, async () => {
        const bytes = await readRegularFile(path);
        return bytes === undefined ? NO_STATE : sha256(bytes);
      }),
    sweep: () => withFileTrouble('tidy up beside the state', path, () => sweepTemps(path)),
    keepBackup: () =>
      withFileTrouble('keep a backup as', backup, () => keepBackup(path, backup, random)),
  };
}

/** The file itself: two names of one state must have one lock, and a rename must not replace a link. */
export async function resolveLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  if (await isLink(path))
    throw new DiagnosticsError([
      problem(
        'dangling-link',
        `the state ${path} is a link to a file that does not exist`,
        'Check that what it points to is mounted, or remove the link.',
      ),
    ]);
  const folder = dirname(path);
  return folder === path ? path : join(await resolveLinks(folder), basename(path));
}

async function readState(
  path: string,
  backup: string,
  migrations: Migrations | undefined,
): Promise<StateDocument> {
  const bytes = await readRegularFile(path);
  const kept = (await exists(backup)) ? backup : undefined;
  if (bytes === undefined) {
    if (kept !== undefined) throw stateVanished(path, kept);
    return { state: undefined, revision: NO_STATE, text: '' };
  }
  const { state, older } = requireState(parseState(bytes, migrations), path, kept);
  return { state, older, revision: revisionOf(state, sha256(bytes)), text: '' };
}

/** A second name for the file: it is only ever replaced, never written into. A copy where links don't work. */
async function keepBackup(path: string, backup: string, random: Random): Promise<void> {
  if (!(await exists(path))) return;
  const temp = tempPath(path, random);
  try {
    await link(path, temp).catch(() => copyFile(path, temp));
    await rename(temp, backup);
  } finally {
    // Renaming onto another name of the same file does nothing (POSIX): the temp name is still there.
    await rm(temp, { force: true });
  }
  await syncFolder(dirname(path));
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
