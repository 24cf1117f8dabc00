import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import {
  type Loaded,
  type LoadOptions,
  loadDeclaration,
} from '../../src/declare/load-declaration.ts';
import type { Declaration } from '../../src/model/declaration.ts';
import type { Files } from '../../src/model/ports.ts';

type Content = string | Uint8Array;

/** A project in memory. */
export function filesOf(contents: Readonly<Record<string, Content>>): Files {
  const bytes = (content: Content) =>
    typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    read: async (path) => {
      const content = Object.hasOwn(contents, path) ? contents[path] : undefined;
      return content === undefined ? undefined : bytes(content);
    },
    append: async () => {
      throw new Error('declare writes nothing');
    },
    write: async () => {
      throw new Error('declare writes nothing');
    },
    glob: async (pattern) =>
      Object.keys(contents)
        .filter((path) => expression(pattern).test(path))
        .sort(),
  };
}

/** `*` stays inside a folder, `**` does not. */
function expression(glob: string): RegExp {
  const parts = glob.split(/(\*\*\/|\*)/).map((part) => {
    if (part === '**/') return '(.*/)?';
    return part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}

/** A folder of this repository as a project. */
export function folderFiles(folder: string): Files {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
  return filesOf(Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))])));
}

/** The head that every declaration needs. */
export const HEAD = `muster: 1
project: test
cluster: { endpoint: simulator, vmids: { from: 9100, to: 9199 } }
images: { debian-13: { template: 9000 } }
defaults: { image: debian-13 }
`;

export function load(
  contents: Readonly<Record<string, Content>> | string,
  options: LoadOptions = {},
): Promise<Loaded> {
  const files = typeof contents === 'string' ? { 'muster.yaml': contents } : contents;
  return loadDeclaration(filesOf(files), options);
}

/** Loads what must be free of mistakes. */
export async function loadClean(
  contents: Readonly<Record<string, Content>> | string,
  options: LoadOptions = {},
): Promise<Declaration> {
  const { declaration, diagnostics } = await load(contents, options);
  if (declaration === undefined || diagnostics.length > 0)
    throw new Error(`not clean: ${JSON.stringify(diagnostics, null, 1)}`);
  return declaration;
}

/** Code and message of each diagnostic, in their order. */
export async function mistakesOf(
  contents: Readonly<Record<string, Content>> | string,
  options: LoadOptions = {},
): Promise<readonly string[]> {
  const { diagnostics } = await load(contents, options);
  return diagnostics.map(({ code, message }) => `${code}: ${message}`);
}
