import type { Declaration, WorkerSetSpec } from '../model/declaration.ts';
import type { Diagnostic, Location } from '../model/diagnostic.ts';
import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import { expandPlaceholders } from '../model/placeholder.ts';
import type { WorkerFields } from '../model/worker.ts';

/** One worker before its fields are merged. */
export interface Member {
  readonly name: string;
  /** Given by the set; an explicit worker's own field says it otherwise. */
  readonly node?: string;
  readonly set?: string;
  /** Lowest first. */
  readonly layers: readonly WorkerFields[];
  readonly declaredAt: Location;
}

/** All workers that a declaration names on these nodes, and what is wrong with their names. */
export function members(
  declaration: Declaration,
  nodes: readonly string[],
): { readonly members: readonly Member[]; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const byName = new Map<string, Member>();
  for (const [set, spec] of sortedEntries(declaration.workerSets))
    for (const node of nodesOf(spec, nodes)) {
      const member = setMember(declaration, set, spec, node);
      const other = byName.get(member.name);
      if (other === undefined) byName.set(member.name, member);
      else diagnostics.push(sameName(member, other));
    }
  for (const [name, fields] of sortedEntries(declaration.workers)) {
    const declaredAt = declaration.locate(['workers', name]);
    const refined = byName.get(name);
    const moved = refined?.node !== undefined && fields.node !== undefined;
    if (refined !== undefined && moved && refined.node !== fields.node)
      diagnostics.push(sameName({ name, layers: [], declaredAt }, refined));
    else
      byName.set(name, {
        ...refined,
        name,
        layers: [...(refined?.layers ?? []), fields],
        declaredAt,
      });
  }
  return { members: [...byName.values()], diagnostics };
}

/** The nodes of a set, sorted. A listed node that the cluster lacks stays in: its worker is reported. */
function nodesOf(set: WorkerSetSpec, nodes: readonly string[]): readonly string[] {
  if (set.nodes === 'all') return [...nodes].sort(byCodeUnit);
  if (!('except' in set.nodes)) return [...new Set(set.nodes)].sort(byCodeUnit);
  const { except } = set.nodes;
  return nodes.filter((node) => !except.includes(node)).sort(byCodeUnit);
}

function setMember(
  declaration: Declaration,
  set: string,
  spec: WorkerSetSpec,
  node: string,
): Member {
  const own = lookup(spec.perNode, node);
  return {
    name: expandPlaceholders(spec.name, { node }),
    node,
    set,
    layers: [spec.worker, ...(own === undefined ? [] : [own])],
    declaredAt: declaration.locate(['workerSets', set]),
  };
}

function sameName(member: Member, other: Member): Diagnostic {
  return {
    severity: 'error',
    code: 'duplicate-worker',
    message: `two workers have the name ${member.name}`,
    labels: [
      { ...other.declaredAt, text: describe(other) },
      { ...member.declaredAt, text: describe(member) },
    ],
    remedy: 'Give one of them another name; a set takes "${node}" in its name.',
  };
}

function describe({ set, node }: Member): string {
  return set === undefined ? 'declared here' : `workerSets.${set}, for ${node}`;
}

function sortedEntries<T>(record: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
  return Object.entries(record).sort(([a], [b]) => byCodeUnit(a, b));
}
