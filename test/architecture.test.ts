import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** The layout's import rules, as a table: what a folder may import besides itself, and which packages. */
const RULES: Readonly<
  Record<string, { readonly folders: readonly string[]; readonly npm: readonly string[] }>
> = {
  model: { folders: [], npm: ['ipaddr.js'] },
  declare: { folders: ['model', 'generated'], npm: ['yaml'] },
  plan: { folders: ['model', 'generated'], npm: [] },
  report: { folders: ['model'], npm: ['diff', 'picocolors'] },
  pve: { folders: ['model'], npm: ['proxmox-api'] },
  state: { folders: ['model', 'generated'], npm: ['lowdb', 'fs-native-extensions'] },
  guest: { folders: ['model', 'generated'], npm: [] },
  apply: { folders: ['model', 'plan', 'guest'], npm: [] },
  session: { folders: ['model', 'plan', 'apply', 'guest'], npm: [] },
  simulator: { folders: [], npm: [] },
  cli: {
    folders: [
      'model',
      'declare',
      'plan',
      'report',
      'pve',
      'state',
      'guest',
      'apply',
      'session',
      'simulator',
      'generated',
    ],
    npm: ['commander'],
  },
  generated: { folders: [], npm: [] },
  'main.ts': { folders: ['cli', 'pve', 'state', 'simulator', 'model'], npm: [] },
};

/** Node's modules that only compute. */
const PURE = new Set(['node:crypto', 'node:net', 'node:path', 'node:buffer', 'node:util']);

/** Folders (or files) that may have effects of their own, and which of node's modules they use for them. */
const EFFECTS: Readonly<Record<string, readonly string[]>> = {
  pve: ['node:https', 'node:http', 'node:tls', 'node:net', 'node:stream'],
  state: ['node:fs', 'node:fs/promises', 'node:os', 'node:http', 'node:https'],
  'simulator/embedded.ts': ['node:fs', 'node:fs/promises'],
  'simulator/server.ts': ['node:http', 'node:https', 'node:net'],
  'main.ts': [
    'node:os',
    'node:events',
    'node:timers/promises',
    'node:readline/promises',
    'node:crypto',
  ],
};

const src = fileURLToPath(new URL('../src', import.meta.url));

interface SourceFile {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .map((path) => {
    const text = readFileSync(join(src, path), 'utf8');
    const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    const statement =
      /^(?:import|export)\s(?:type\s)?(?:[\w$]+|\{[^}]*\}|\*(?:\sas\s\w+)?)(?:,\s*\{[^}]*\})?\sfrom\s'([^']+)'|\bimport\(\s*'([^']+)'/gm;
    const imports = [...code.matchAll(statement)].map((match) => match[1] ?? match[2] ?? '');
    return { path, folder: path.split('/')[0] ?? '', text: code, imports };
  });

describe('the layout', () => {
  it('lets every folder import only what its row of the table allows', () => {
    const broken = files.flatMap((file) => file.imports.flatMap((target) => verdict(file, target)));
    expect(broken).toEqual([]);
  });

  it('has no import cycles', () => {
    expect(cycles()).toEqual([]);
  });

  it('keeps clock, randomness, timers, console and process out of everything but main.ts', () => {
    const forbidden =
      /\b(Date\.now|new Date\(\)|Math\.random|randomUUID|setTimeout|setInterval|console\.|process\.(?:env|argv|exit|std\w+|pid|cwd|on|hrtime|platform)\b|performance\.now)/g;
    const found = files
      .filter(({ path }) => path !== 'main.ts' && !isDoor(path))
      .flatMap(({ path, text }) =>
        [...text.matchAll(forbidden)]
          .filter(([word]) => !(word.startsWith('process.') && namesItsOwnProcess(text)))
          .map(([word]) => `${path}: ${word}`),
      );
    expect(found).toEqual([]);
  });
});

/** A guest's process in the simulator is called a process too. */
function namesItsOwnProcess(text: string): boolean {
  return /\b(?:const|let) process\b|[(,{]\s*process\s*[,:})]/.test(text);
}

/** The simulator's two doors and the network side of pve need timers of their own. */
function isDoor(path: string): boolean {
  return (
    /^simulator\/(server|embedded|door)/.test(path) ||
    /^pve\/(exchange|connection-pool|https-transport)/.test(path)
  );
}

function verdict(file: SourceFile, target: string): readonly string[] {
  const rule = RULES[file.folder];
  if (rule === undefined) return file.folder.endsWith('.ts') ? [] : [`${file.path}: no rule`];
  if (target.startsWith('node:')) {
    const allowed = [...(EFFECTS[file.folder] ?? []), ...(EFFECTS[file.path] ?? [])];
    return PURE.has(target) || allowed.includes(target) ? [] : [`${file.path} -> ${target}`];
  }
  if (!target.startsWith('.')) {
    const name = target
      .split('/')
      .slice(0, target.startsWith('@') ? 2 : 1)
      .join('/');
    return rule.npm.includes(name) ? [] : [`${file.path} -> ${target}`];
  }
  const folder = relative(src, join(src, dirname(file.path), target)).split('/')[0] ?? '';
  const isOwn = folder === file.folder || folder === 'version.ts';
  return isOwn || rule.folders.includes(folder) ? [] : [`${file.path} -> ${target}`];
}

function cycles(): readonly string[] {
  const edges = new Map(
    files.map((file) => [
      file.path,
      file.imports
        .filter((target) => target.startsWith('.'))
        .map((target) => join(dirname(file.path), target)),
    ]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
    if (done.has(path) || trail.includes(path)) return;
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return found;
}
