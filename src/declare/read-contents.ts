import { sha256 } from '../model/digest.ts';
import type { Files } from '../model/ports.ts';
import type { Locator } from './locator.ts';
import { outsideProject } from './named-paths.ts';
import { projectPath } from './project-path.ts';
import { layersOf, type RuleContext } from './rules/rule.ts';
import type { Mistake, Path } from './source.ts';

const MAX_FILE = 2 ** 20;
const MAX_TOTAL = 64 * 2 ** 20;

/** A file that workers get, or that the cluster's TLS needs. */
export interface FileContent {
  /** Relative to the project's root. */
  readonly path: string;
  readonly digest: string;
  readonly base64: string;
}

export interface Contents {
  /** By the file that names it and the path as written there. */
  readonly byName: ReadonlyMap<string, FileContent>;
  readonly mistakes: readonly Mistake[];
}

/** Reads every file under `files:`, each once. */
export async function readContents(
  files: Files,
  context: RuleContext,
  locator: Locator,
): Promise<Contents> {
  const byName = new Map<string, FileContent>();
  const mistakes: Mistake[] = [];
  const cache = new Map<string, Promise<FileContent | string>>();
  let total = 0;
  for (const { path, from } of wanted(context)) {
    const file = locator.spot({ path }).source.file;
    const target = projectPath(file, from);
    if (target === undefined) {
      mistakes.push(outsideProject(path, from));
      continue;
    }
    const reading = cache.get(target) ?? readContent(files, target);
    cache.set(target, reading);
    const content = await reading;
    if (typeof content === 'string') mistakes.push(unreadable(path, content));
    else {
      if (!byName.has(contentName(file, from))) total += content.base64.length;
      byName.set(contentName(file, from), content);
    }
    if (total > MAX_TOTAL) return { byName, mistakes: [...mistakes, tooMuch(path)] };
  }
  return { byName, mistakes };
}

/** The key of `Contents.byName`. */
export function contentName(file: string, from: string): string {
  return `${file}\n${from}`;
}

function wanted(context: RuleContext): readonly { readonly path: Path; readonly from: string }[] {
  return layersOf(context).flatMap(({ path, fields }) =>
    (fields.files ?? []).map(({ from }, index) => ({
      path: [...path, 'files', index, 'from'],
      from,
    })),
  );
}

/** The content, or what is wrong with it. */
async function readContent(files: Files, path: string): Promise<FileContent | string> {
  const bytes = await files.read(path);
  if (bytes === undefined) return `there is no file ${path}`;
  if (bytes.byteLength > MAX_FILE)
    return `${path} has ${bytes.byteLength} bytes, more than ${MAX_FILE}`;
  return { path, digest: sha256(bytes), base64: Buffer.from(bytes).toString('base64') };
}

function unreadable(path: Path, message: string): Mistake {
  return {
    code: message.startsWith('there is no') ? 'no-file' : 'file-too-large',
    message,
    at: [{ path }],
    remedy:
      'Paths are relative to the YAML file that they stand in; larger files belong into the image.',
  };
}

function tooMuch(path: Path): Mistake {
  return {
    code: 'file-too-large',
    message: `the files of all workers are larger than ${MAX_TOTAL} bytes together`,
    at: [{ path }],
    remedy: 'Put large files into the image.',
  };
}
