import { isMap, type Node, type Pair, type YAMLMap } from 'yaml';
import { sameJson } from '../model/json.ts';
import type { Files } from '../model/ports.ts';
import type { WorkerFields } from '../model/worker.ts';
import { isPlainMap, type Part, type PlainMap } from './merge-sources.ts';
import { keyOf } from './plain-value.ts';
import { readPart, readProject } from './read-project.ts';
import { workerYaml } from './worker-yaml.ts';

export interface InsertedWorker {
  /** Relative to the project's root. */
  readonly file: string;
  /** The whole file as it would be: all other bytes of it are as they were. */
  readonly text: string;
  /** The lines that were put in. */
  readonly added: string;
}

/**
 * Where a worker would be declared: behind the last one in the file that declares workers of the same node, else
 * in the last file that declares any, else in muster.yaml. Undefined when it can't be put there without touching
 * what others wrote (a map in braces), or when that worker stands there already.
 */
export async function insertWorker(
  files: Files,
  environment: string,
  name: string,
  fields: WorkerFields,
): Promise<InsertedWorker | undefined> {
  const { main, included, top } = await readProject(files, environment);
  const parts = [main, ...included, ...(top === undefined ? [] : [top])];
  const entries = parts.map((part) => ({ part, workers: workersOf(part.value) }));
  if (entries.some(({ workers }) => Object.hasOwn(workers, name))) return undefined;
  const having = entries.filter(({ workers }) => Object.keys(workers).length > 0);
  const near = having.findLast(({ workers }) => isOnNode(workers, fields.node));
  const { part } = near ?? having.at(-1) ?? { part: main };
  const inserted = insertInto(part, name, fields);
  return inserted !== undefined && isOnlyThat(part, inserted, name) ? inserted : undefined;
}

function workersOf({ workers }: PlainMap): PlainMap {
  return isPlainMap(workers) ? workers : {};
}

function isOnNode(workers: PlainMap, node: string | undefined): boolean {
  return Object.values(workers).some((worker) => isPlainMap(worker) && worker.node === node);
}

function insertInto(
  { source }: Part,
  name: string,
  fields: WorkerFields,
): InsertedWorker | undefined {
  const { file, text, root, lines } = source;
  if (!isMap(root) || root.flow === true) return undefined;
  const workers = root.items.find((pair) => keyOf(pair.key as Node | null) === 'workers');
  const yaml = workerYaml(name, fields);
  if (workers === undefined) {
    const added = `workers:\n${indent(yaml, 2)}`;
    const gap = text.endsWith('\n') ? '\n' : '\n\n';
    return { file, added, text: `${text}${gap}${added}` };
  }
  const map = workers.value as Node | null;
  const last = isMap(map) && map.flow !== true ? lastOf(map) : undefined;
  if (last === undefined) return undefined;
  const added = indent(yaml, lines.linePos(last.start).col - 1);
  const at = lineEnd(text, last.end);
  const before = text.slice(0, at);
  const gap = before.endsWith('\n') ? '' : '\n';
  return { file, added, text: `${before}${gap}${added}${text.slice(at)}` };
}

/** Where the last entry of a map begins, and where its last letter is. */
function lastOf(map: YAMLMap): { readonly start: number; readonly end: number } | undefined {
  const pair = map.items.at(-1) as Pair<Node | null, Node | null> | undefined;
  const start = pair?.key?.range?.[0];
  const end = pair?.value?.range?.[1] ?? pair?.key?.range?.[1];
  return start === undefined || end === undefined ? undefined : { start, end };
}

/** Behind the line feed of the line with the last letter before `end`. */
function lineEnd(text: string, end: number): number {
  const letter = text.slice(0, end).trimEnd().length;
  const feed = text.indexOf('\n', letter);
  return feed < 0 ? text.length : feed + 1;
}

function indent(yaml: string, columns: number): string {
  return yaml
    .split('\n')
    .map((line) => (line === '' ? line : ' '.repeat(columns) + line))
    .join('\n');
}

/** Text that follows a block of text may become part of it: what else the file says must be the same. */
function isOnlyThat(part: Part, { file, text }: InsertedWorker, name: string): boolean {
  // What can't be read any more has no sections.
  const { part: after } = readPart(file, new TextEncoder().encode(text));
  const { [name]: _, ...workers } = workersOf(after.value);
  return sameJson({ ...after.value, workers }, { ...part.value, workers: workersOf(part.value) });
}
