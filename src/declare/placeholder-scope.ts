import { isPlainMap } from './merge-sources.ts';
import type { Path } from './source.ts';

const VM = ['vm.id', 'vm.name', 'vm.node', 'vm.address'];
const WORKER = ['node', 'worker.name'];

/** Every placeholder besides `var.*` and `secret.*`. */
export const PLACEHOLDERS: readonly string[] = [
  ...VM,
  ...WORKER,
  'item.name',
  'repository.address',
];

/** What a text at some path may hold besides `${var.x}`. */
export interface PlaceholderScope {
  readonly names: readonly string[];
  readonly secrets: boolean;
  /** It is expanded when the worker or the item is known: until then `$${` stays as written. */
  readonly later: boolean;
}

const NOW: PlaceholderScope = { names: [], secrets: false, later: false };

/** `entry` is the value at the path's first four parts: the work item, in a session. */
export function placeholderScope(path: Path, entry: unknown): PlaceholderScope {
  switch (path[0]) {
    case 'defaults':
    case 'workers':
      return workerScope(path);
    case 'workerSets':
      return path[2] === 'name' ? later(['node']) : workerScope(path);
    case 'renamed':
      return later(['node']);
    case 'repositories':
      return path[2] === 'env' ? secret([...WORKER, 'item.name', 'repository.address']) : NOW;
    case 'sessions':
      return sessionScope(path, entry);
    default:
      return NOW;
  }
}

/** Where a value isn't a worker's own text but chooses something that is read now. */
function workerScope(path: Path): PlaceholderScope {
  const files = path.indexOf('files');
  return files > 0 && path[files + 2] === 'from' ? NOW : later(WORKER);
}

function sessionScope(path: Path, item: unknown): PlaceholderScope {
  if (path[2] === 'env') return secret([...WORKER, 'item.name']);
  if (path[2] !== 'items') return NOW;
  const { forEachVm, repository } = isPlainMap(item) ? item : {};
  const vm = forEachVm === undefined ? [] : VM;
  const forRun = [
    ...vm,
    ...WORKER,
    'item.name',
    ...(repository === undefined ? [] : ['repository.address']),
  ];
  switch (path[4]) {
    case 'name':
      return later(vm);
    case 'run':
      return later(forRun);
    case 'env':
      return secret(forRun);
    default:
      return NOW;
  }
}

function later(names: readonly string[]): PlaceholderScope {
  return { names, secrets: false, later: true };
}

function secret(names: readonly string[]): PlaceholderScope {
  return { names, secrets: true, later: true };
}
