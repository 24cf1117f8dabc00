import type { Declaration } from '../model/declaration.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { VmFacts } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import { expandDeep } from '../model/placeholder.ts';
import type { Desired, DesiredWorker, WorkerFields } from '../model/worker.ts';
import { completeSpec } from './complete-spec.ts';
import { duplicates } from './duplicates.ts';
import type { ExpandFacts } from './expand-facts.ts';
import { type Member, members } from './members.ts';
import { mergeFields } from './merge-fields.ts';

export interface Expanded {
  readonly desired: Desired;
  /** Sorted by place. Workers with errors are in `desired` as far as they could be worked out. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * One complete entry per worker, for these nodes. Precedence: built-in < defaults < set < perNode < worker; an
 * explicit worker that has the name of a set's member refines that member. Pure, linear, sorted by name.
 */
export function expand(declaration: Declaration, facts: ExpandFacts): Expanded {
  const found = members(declaration, Object.keys(facts.nodes));
  const templates = new Map<string, readonly VmFacts[]>();
  for (const vm of facts.vms)
    if (vm.template && vm.name !== undefined)
      templates.set(vm.name, [...(templates.get(vm.name) ?? []), vm]);
  const completed = found.members.map((member) =>
    completeSpec(member.name, fieldsOf(declaration, member), {
      declaration,
      facts,
      templates,
      declaredAt: member.declaredAt,
    }),
  );
  const workers = found.members.map((member, index): DesiredWorker | undefined => {
    const spec = completed[index]?.spec;
    if (spec === undefined) return undefined;
    const { name, declaredAt, set } = member;
    return { name, spec, declaredAt, ...(set === undefined ? {} : { set }) };
  });
  const present = workers.filter((worker) => worker !== undefined);
  return {
    desired: {
      workers: present.sort((a, b) => byCodeUnit(a.name, b.name)),
      contents: declaration.contents,
      repositories: repositoriesOf(declaration),
    },
    diagnostics: [
      ...found.diagnostics,
      ...completed.flatMap(({ diagnostics }) => diagnostics),
      ...duplicates(present, declaration),
    ],
  };
}

/** All layers of one worker merged, and the texts in them filled in. */
export function fieldsOf(declaration: Declaration, member: Member): WorkerFields {
  const fields = mergeFields([declaration.defaults, ...member.layers]);
  const node = member.node ?? fields.node;
  const scope = { 'worker.name': member.name, ...(node === undefined ? {} : { node }) };
  return { ...expandDeep(fields, scope), ...(node === undefined ? {} : { node }) };
}

function repositoriesOf(declaration: Declaration): Desired['repositories'] {
  return Object.entries(declaration.repositories)
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([name, { host, port, fingerprint }]) => ({
      name,
      host,
      port,
      ...(fingerprint === undefined ? {} : { fingerprint }),
    }));
}
