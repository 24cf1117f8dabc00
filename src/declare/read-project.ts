import type { Files } from '../model/ports.ts';
import { didYouMean } from '../model/suggest.ts';
import { makeLocator } from './locator.ts';
import { isPlainMap, type Part } from './merge-sources.ts';
import { parseYaml } from './parse-yaml.ts';
import { plainValue } from './plain-value.ts';
import { projectPath } from './project-path.ts';
import type { Mistake, Path, Place, Source } from './source.ts';

const MAIN = 'muster.yaml';
const DEFAULT_INCLUDE = ['workers/*.yaml', 'sessions/*.yaml'];
const MAX_FILES = 5_000;
const MAX_BYTES = 64 * 2 ** 20;

/** Every file of a declaration, parsed but not yet put together. */
export interface ProjectFiles {
  readonly main: Part;
  readonly included: readonly Part[];
  /** The environment's file. */
  readonly top?: Part;
  readonly mistakes: readonly Mistake[];
}

/** Reads muster.yaml, the environment's file and what `include` names. */
export async function readProject(files: Files, environment: string): Promise<ProjectFiles> {
  const bytes = await files.read(MAIN);
  if (bytes === undefined) return { main: emptyPart(), included: [], mistakes: [noDeclaration()] };
  const main = readPart(MAIN, bytes);
  if (Object.keys(main.part.value).length === 0 && main.mistakes.length === 0)
    return { main: main.part, included: [], mistakes: [emptyDeclaration(main.part.source)] };
  const top = environment === '' ? undefined : await readEnvironment(files, environment);
  const included = await readIncluded(files, main.part, top?.part);
  return {
    main: main.part,
    included: included.parts,
    ...(top?.part === undefined ? {} : { top: top.part }),
    mistakes: [...main.mistakes, ...(top?.mistakes ?? []), ...included.mistakes],
  };
}

interface Read {
  readonly part: Part;
  readonly mistakes: readonly Mistake[];
}

export function readPart(file: string, bytes: Uint8Array): Read {
  const { source, mistakes } = parseYaml(file, bytes);
  // The tree of a file with syntax errors is a guess: judging it would report what nobody wrote.
  if (mistakes.length > 0) return { part: { source, value: {} }, mistakes };
  const plain = plainValue(source);
  const { value } = plain;
  if (plain.mistakes.length > 0) return { part: { source, value: {} }, mistakes: plain.mistakes };
  if (value === null || value === undefined) return { part: { source, value: {} }, mistakes: [] };
  if (isPlainMap(value)) return { part: { source, value }, mistakes: [] };
  return { part: { source, value: {} }, mistakes: [notAMap(source)] };
}

async function readEnvironment(
  files: Files,
  name: string,
): Promise<{ readonly part?: Part; readonly mistakes: readonly Mistake[] }> {
  const file = `environments/${name}.yaml`;
  const bytes = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name) ? await files.read(file) : undefined;
  if (bytes !== undefined) return readPart(file, bytes);
  const present = (await files.glob('environments/*.yaml')).map((path) =>
    path.replace(/^environments\/|\.yaml$/g, ''),
  );
  return { mistakes: [noEnvironment(name, present)] };
}

async function readIncluded(
  files: Files,
  main: Part,
  top: Part | undefined,
): Promise<{ readonly parts: readonly Part[]; readonly mistakes: readonly Mistake[] }> {
  const mistakes: Mistake[] = [];
  const { paths, strangers } = await includedPaths(files, main, top);
  const parts: Part[] = [];
  let bytesLeft = MAX_BYTES;
  for (const path of paths) {
    const bytes = await files.read(path);
    if (bytes === undefined) continue;
    bytesLeft -= bytes.byteLength;
    if (bytesLeft < 0 || parts.length >= MAX_FILES) {
      mistakes.push(tooMuch(main.source));
      break;
    }
    const read = readPart(path, bytes);
    parts.push(read.part);
    mistakes.push(...read.mistakes, ...includeElsewhere(read.part));
  }
  return { parts, mistakes: [...strangers, ...mistakes] };
}

async function includedPaths(
  files: Files,
  main: Part,
  top: Part | undefined,
): Promise<{ readonly paths: readonly string[]; readonly strangers: readonly Mistake[] }> {
  const owner = [top, main].find((part) => part !== undefined && globsOf(part).length > 0);
  const paths = new Set<string>();
  const strangers: Mistake[] = [];
  const globs = owner === undefined ? DEFAULT_INCLUDE : globsOf(owner);
  for (const [index, glob] of globs.entries()) {
    const file = owner?.source.file ?? MAIN;
    const path = projectPath(file, glob);
    const found = path === undefined ? [] : await files.glob(path);
    for (const name of found) if (name !== MAIN) paths.add(name);
    if (owner === undefined) continue;
    if (path === undefined) strangers.push(outside(owner.source, glob, ['include', index]));
    else if (found.length === 0)
      strangers.push(nothingFound(owner.source, glob, ['include', index]));
  }
  return { paths: [...paths].sort(), strangers };
}

function globsOf({ value: { include } }: Part): readonly string[] {
  const globs = Array.isArray(include) ? include : [include];
  return globs.filter((glob): glob is string => typeof glob === 'string' && glob !== '');
}

function spotIn(source: Source, path: Path, part: Place['part'] = 'value') {
  const locator = makeLocator(source, new Map(), undefined);
  return locator.spotIn(source, { path, part });
}

function emptyPart(): Part {
  return { source: parseYaml(MAIN, new Uint8Array()).source, value: {} };
}

function noDeclaration(): Mistake {
  return {
    code: 'no-declaration',
    message: 'there is no muster.yaml in this folder',
    at: [],
    remedy: 'Run "muster init" to make one, or name its folder with -C.',
  };
}

function emptyDeclaration(source: Source): Mistake {
  return {
    code: 'empty-declaration',
    message: 'muster.yaml declares nothing',
    at: [{ source, start: 0, end: 0 }],
    remedy: 'Delete it and run "muster init" for one to start from.',
  };
}

function notAMap(source: Source): Mistake {
  return {
    code: 'wrong-type',
    message: 'a declaration is a map of sections',
    at: [spotIn(source, [])],
    remedy: 'Begin with "muster: 1" or "workers:".',
  };
}

function noEnvironment(name: string, present: readonly string[]): Mistake {
  const list = present.length === 0 ? 'none' : present.join(', ');
  return {
    code: 'no-environment',
    message: `there is no environment "${name}"`,
    at: [],
    detail: [`Environments here: ${list}.`],
    remedy: didYouMean(name, present) ?? `Write environments/${name}.yaml, or leave -e out.`,
  };
}

function tooMuch(source: Source): Mistake {
  return {
    code: 'too-many-files',
    message: `the included files are more than ${MAX_FILES}, or larger than ${MAX_BYTES} bytes together`,
    at: [spotIn(source, ['include'])],
    remedy: 'Check what the globs of include name.',
  };
}

function includeElsewhere(part: Part): readonly Mistake[] {
  if (!Object.hasOwn(part.value, 'include')) return [];
  return [
    {
      code: 'misplaced-key',
      message: "an included file can't include others",
      at: [spotIn(part.source, ['include'], 'key')],
      remedy: `Move it to ${MAIN}.`,
    },
  ];
}

function outside(source: Source, glob: string, path: Path): Mistake {
  return {
    code: 'outside-project',
    message: `"${glob}" leads outside the project`,
    at: [spotIn(source, path)],
    remedy: "Use a relative path inside the project's folder.",
  };
}

function nothingFound(source: Source, glob: string, path: Path): Mistake {
  return {
    severity: 'warning',
    code: 'nothing-included',
    message: `no file matches "${glob}"`,
    at: [spotIn(source, path)],
  };
}
