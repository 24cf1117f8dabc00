import { appendFile, mkdir, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { byCodeUnit } from '../model/json.ts';
import type { Files, Random } from '../model/ports.ts';
import { readRegularFile, writeDurably } from './durable-file.ts';
import { errnoOf, withFileTrouble } from './file-trouble.ts';
import { type GlobPart, parseGlob } from './glob.ts';

/** A project is some dozens of files; `include: ["**"]` in a home folder must end. */
const MOST_ENTRIES = 50_000;

/**
 * The files of the project at `root` (absolute). A relative path stays inside, links included: a pull request
 * may bring a link to anywhere. An absolute path is the user's own word and is taken as it is. Missing folders
 * are made when writing. Failures are DiagnosticsErrors that name the path.
 */
export function projectFiles(root: string, random: Random): Files {
  return {
    read: (path) =>
      withFileTrouble('read', path, async () => {
        if (isAbsolute(path)) return (await isPipe(path)) ? readFile(path) : readRegularFile(path);
        const real = await within(root, path);
        return real === undefined ? undefined : readRegularFile(real);
      }),
    write: (path, content, mode = 0o600) =>
      withFileTrouble('write', path, async () => {
        const real = (await within(root, path)) ?? (await makeRoomFor(root, path));
        await writeDurably(real, content, mode, random);
      }),
    append: (path, bytes) =>
      withFileTrouble('write', path, async () => {
        const real = (await within(root, path)) ?? (await makeRoomFor(root, path));
        await appendFile(real, bytes, { mode: 0o600 });
      }),
    glob: (pattern) =>
      withFileTrouble('look for files', pattern, async () => {
        const parts = parseGlob(pattern);
        if (parts === undefined) throw escapes(pattern);
        const walk: Walk = { root, found: new Set(), left: { entries: MOST_ENTRIES } };
        await visit(walk, '', parts);
        return [...walk.found].sort(byCodeUnit);
      }),
  };
}

/** The real path of what is there; undefined when nothing is. Throws when a relative path leads out of the root. */
async function within(root: string, path: string): Promise<string | undefined> {
  const whole = resolve(root, path);
  if (!isAbsolute(path) && !isInside(root, whole)) throw escapes(path);
  try {
    const real = await realpath(whole);
    if (!isAbsolute(path) && !isInside(await realpath(root), real)) throw escapes(path);
    return real;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes the folders that a new file needs, one after the other: none of them may be a link that leads out. */
async function makeRoomFor(root: string, path: string): Promise<string> {
  const folder = dirname(resolve(root, path));
  if (isAbsolute(path)) {
    await mkdir(folder, { recursive: true });
    return path;
  }
  let reached = await realpath(root);
  for (const part of relative(root, folder)
    .split(sep)
    .filter((name) => name !== '')) {
    reached = join(reached, part);
    await mkdir(reached).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error;
    });
    reached = await realpath(reached);
    if (!isInside(await realpath(root), reached)) throw escapes(path);
  }
  return join(reached, basename(path));
}

interface Walk {
  readonly root: string;
  readonly found: Set<string>;
  /** Shared by the whole walk. */
  readonly left: { entries: number };
}

/** `at`: the folder reached so far, relative, with forward slashes, empty for the root. */
async function visit(walk: Walk, at: string, parts: readonly GlobPart[]): Promise<void> {
  const [part, ...rest] = parts;
  if (part === undefined) return;
  if (part.kind === 'deep') return visitDeep(walk, at, parts, rest);
  const entries = await list(walk, at);
  for (const { name, kind } of entries) {
    if (!(part.kind === 'name' ? name === part.name : part.matches(name))) continue;
    const path = joined(at, name);
    const real = kind === 'link' ? await linkKind(walk, path) : kind;
    if (rest.length === 0 && real === 'file') walk.found.add(path);
    if (rest.length > 0 && real === 'folder') await visit(walk, path, rest);
  }
}

/** `**` goes into real folders only, never through links: those could lead in circles. */
async function visitDeep(
  walk: Walk,
  at: string,
  parts: readonly GlobPart[],
  rest: readonly GlobPart[],
): Promise<void> {
  await visit(walk, at, rest.length === 0 ? [{ kind: 'pattern', matches: isShown }] : rest);
  for (const { name, kind } of await list(walk, at))
    if (kind === 'folder' && isShown(name)) await visit(walk, joined(at, name), parts);
}

function isShown(name: string): boolean {
  return !name.startsWith('.');
}

interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
}

/** What a folder holds; empty when there is none. One that can't be read is an error: files would be missed. */
async function list(walk: Walk, at: string): Promise<readonly Entry[]> {
  try {
    const found = await readdir(join(walk.root, at), { withFileTypes: true });
    walk.left.entries -= found.length;
    if (walk.left.entries < 0) throw tooMany();
    return found.map((entry) => ({
      name: entry.name,
      kind: entry.isFile()
        ? 'file'
        : entry.isDirectory()
          ? 'folder'
          : entry.isSymbolicLink()
            ? 'link'
            : 'other',
    }));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}

async function linkKind(walk: Walk, path: string): Promise<'file' | 'folder' | 'other'> {
  const real = await within(walk.root, path);
  if (real === undefined) throw danglingLink(path);
  const found = await stat(real);
  return found.isDirectory() ? 'folder' : found.isFile() ? 'file' : 'other';
}

/** What a shell makes of `<(command)`. */
async function isPipe(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFIFO();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function joined(at: string, name: string): string {
  return at === '' ? name : `${at}/${name}`;
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function escapes(path: string): DiagnosticsError {
  return new DiagnosticsError([
    problem(
      'path-outside-project',
      `${path} leads out of the project`,
      'Keep files that the project names inside its folder; links out of it are not followed.',
    ),
  ]);
}

function danglingLink(path: string): DiagnosticsError {
  return new DiagnosticsError([
    problem('dangling-link', `${path} is a link to nothing`, 'Mend or remove the link.'),
  ]);
}

function tooMany(): DiagnosticsError {
  return new DiagnosticsError([
    problem(
      'too-many-files',
      `there are more than ${MOST_ENTRIES} files to look through`,
      'Narrow the pattern, or run Muster in the folder that holds muster.yaml (-C).',
    ),
  ]);
}
