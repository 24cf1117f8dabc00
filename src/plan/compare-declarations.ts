import type { Declaration } from '../model/declaration.ts';
import type { Location } from '../model/diagnostic.ts';
import { byCodeUnit, type Json, sameJson } from '../model/json.ts';
import { fieldsOf } from './expand.ts';
import { members } from './members.ts';

/** Stands for the nodes that only the cluster knows. */
const EACH_NODE = 'each-node';

export interface Difference {
  readonly path: string;
  readonly before: Json;
  readonly after: Json;
}

export interface WorkerDifference {
  readonly worker: string;
  /** removed: its VM would be destroyed; dropped: it is listed under `removed`, so its VM stays. */
  readonly kind: 'removed' | 'changed' | 'renamed' | 'dropped' | 'added';
  readonly from?: string;
  readonly declaredAt: Location;
  readonly changes: readonly Difference[];
}

/** What a declaration says otherwise than another one, without a look at cluster or state. */
export interface Comparison {
  /** Removed ones first; each kind by name. */
  readonly workers: readonly WorkerDifference[];
  /** Everything besides workers: cluster, state, images, repositories, sessions, guards. */
  readonly others: readonly Difference[];
}

const KINDS: readonly WorkerDifference['kind'][] = [
  'removed',
  'changed',
  'renamed',
  'dropped',
  'added',
];

/** Compares what is declared, before built-in defaults. Pure; names of nodes come from the texts. */
export function compareDeclarations(before: Declaration, after: Declaration): Comparison {
  const nodes = [...new Set([...nodesOf(before), ...nodesOf(after)])];
  const old = fieldsByWorker(before, nodes);
  const now = fieldsByWorker(after, nodes);
  const renamed = new Map(Object.entries(after.renamed).map(([from, to]) => [to, from]));
  const gone = [...old].filter(([name]) => !now.has(name) && !isRenamed(name, after, now));
  const workers = [
    ...gone.map(([worker, { declaredAt }]): WorkerDifference => {
      const kind = after.removed.includes(worker) ? 'dropped' : 'removed';
      return { worker, kind, declaredAt, changes: [] };
    }),
    ...[...now].flatMap(([worker, entry]): readonly WorkerDifference[] => {
      const from = renamed.get(worker);
      const earlier = old.get(worker) ?? (from === undefined ? undefined : old.get(from));
      const isMoved = from !== undefined && !old.has(worker) && earlier !== undefined;
      const changes = differences(earlier?.fields ?? {}, entry.fields);
      const kind = earlier === undefined ? 'added' : isMoved ? 'renamed' : 'changed';
      if (kind === 'changed' && changes.length === 0) return [];
      const { declaredAt } = entry;
      return [{ worker, kind, declaredAt, changes, ...(isMoved ? { from } : {}) }];
    }),
  ];
  return { workers: workers.sort(byKind), others: differences(othersOf(before), othersOf(after)) };
}

function byKind(a: WorkerDifference, b: WorkerDifference): number {
  return KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || byCodeUnit(a.worker, b.worker);
}

function isRenamed(name: string, { renamed }: Declaration, now: ReadonlyMap<string, unknown>) {
  const to = Object.hasOwn(renamed, name) ? renamed[name] : undefined;
  return to !== undefined && now.has(to);
}

function fieldsByWorker(declaration: Declaration, nodes: readonly string[]) {
  const found = members(declaration, nodes).members.map((member) => {
    const fields = fieldsOf(declaration, member);
    return [member.name, { fields, declaredAt: member.declaredAt }] as const;
  });
  return new Map(found);
}

function nodesOf({ workers, workerSets }: Declaration): readonly string[] {
  const own = Object.values(workers).flatMap(({ node }) => (node === undefined ? [] : [node]));
  const ofSets = Object.values(workerSets).flatMap(({ nodes, perNode }) => [
    ...(nodes === 'all' ? [EACH_NODE] : 'except' in nodes ? [EACH_NODE, ...nodes.except] : nodes),
    ...Object.keys(perNode),
  ]);
  return [...own, ...ofSets];
}

function othersOf(declaration: Declaration): object {
  const { cluster, state, images, repositories, sessions, guards, removed, renamed } = declaration;
  return { cluster, state, images, repositories, sessions, guards, removed, renamed };
}

function differences(before: object, after: object): readonly Difference[] {
  const old = flattened(before, '');
  const now = flattened(after, '');
  return [...new Set([...old.keys(), ...now.keys()])]
    .sort(byCodeUnit)
    .map((path) => ({ path, before: old.get(path) ?? null, after: now.get(path) ?? null }))
    .filter((each) => !sameJson(each.before, each.after));
}

/** Leaves by path; a list of plain values is one leaf. */
function flattened(value: unknown, path: string): Map<string, Json> {
  if (value === undefined) return new Map();
  const isPlainList = Array.isArray(value) && value.every((each) => typeof each !== 'object');
  if (value === null || typeof value !== 'object' || isPlainList)
    return new Map([[path, JSON.parse(JSON.stringify(value)) as Json]]);
  const parts = Array.isArray(value)
    ? value.map((each, index) => flattened(each, `${path}[${index}]`))
    : Object.entries(value).map(([key, each]) =>
        flattened(each, path === '' ? key : `${path}.${key}`),
      );
  return new Map(parts.flatMap((part) => [...part]));
}
