import type { ItemSpec, RepositorySpec, SessionSpec } from '../model/declaration.ts';
import type { Diagnostic, Location } from '../model/diagnostic.ts';
import type { Inventory, VmFacts } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import { expandPlaceholders, type Scope, substitutePlaceholders } from '../model/placeholder.ts';
import type { SessionItem } from '../model/session.ts';
import type { SessionRefusal } from '../model/session-plan.ts';
import type { State } from '../model/state.ts';
import { didYouMean } from '../model/suggest.ts';
import {
  containerWarning,
  mistake,
  nameProblems,
  tooFew,
  unreachableWarning,
  unselectableVm,
  warning,
} from './item-problems.ts';
import { selectVms } from './select-vms.ts';

export interface ExpandInput {
  /** Key under `sessions:`, for messages. */
  readonly session: string;
  readonly spec: SessionSpec;
  readonly repositories: Readonly<Record<string, Repository>>;
  readonly inventory: Inventory;
  readonly state: Pick<State, 'workers'>;
  /** Addresses of VMs by vmid, as far as somebody asked; the others' `${vm.address}` is put in later. */
  readonly addresses?: ReadonlyMap<number, string>;
  /** Only these items (`--item`). */
  readonly only?: readonly string[];
  readonly locate?: (path: readonly (string | number)[]) => Location;
}

type Repository = Pick<RepositorySpec, 'address' | 'maxConcurrent' | 'env'>;

/** An item before anybody said how long it takes. */
export type ExpandedItem = Omit<SessionItem, 'estimate'>;

export interface ExpandedItems {
  /** In the order of the declaration, then by vmid. */
  readonly items: readonly ExpandedItem[];
  /** Mistakes: nothing may be launched. */
  readonly problems: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
  readonly refusals: readonly SessionRefusal[];
}

/** A session's items for the VMs that are there now: listed ones as they are, templates once for each VM. */
export function expandItems(input: ExpandInput): ExpandedItems {
  const parts = input.spec.items.map((spec, index) => expandEntry(spec, index, input));
  const all = parts.flatMap(({ items }) => items);
  const { items, unknown } = onlyAsked(all, input);
  return {
    items,
    problems: [
      ...parts.flatMap(({ problems }) => problems),
      ...nameProblems(all, input),
      ...unknown,
    ],
    warnings: parts.flatMap(({ warnings }) => warnings),
    refusals: input.only === undefined ? tooFew(all.length, input.spec.guards.minItems, input) : [],
  };
}

type Entry = Pick<ExpandedItems, 'items' | 'problems' | 'warnings'>;

function expandEntry(spec: ItemSpec, index: number, input: ExpandInput): Entry {
  const repository =
    spec.repository === undefined ? undefined : lookup(input.repositories, spec.repository);
  const problems: readonly Diagnostic[] =
    spec.repository !== undefined && repository === undefined
      ? [
          mistake(
            input,
            index,
            'unknown-repository',
            `there is no repository "${spec.repository}"`,
            {
              remedy:
                didYouMean(spec.repository, Object.keys(input.repositories)) ??
                'Declare it under repositories.',
            },
          ),
        ]
      : [];
  const { forEachVm } = spec;
  if (forEachVm === undefined)
    return { items: [itemOf(spec, undefined, repository, input)], problems, warnings: [] };
  const selected = selectVms(forEachVm, input.inventory, input.state);
  return {
    items: selected.vms.map((vm) => itemOf(spec, vm, repository, input)),
    problems: [
      ...problems,
      ...selected.unselectable.map(({ vmid, why }) => unselectableVm(vmid, why, index, input)),
    ],
    warnings: [
      ...(selected.vms.length === 0 && selected.unselectable.length === 0
        ? [
            warning(
              input,
              index,
              'selects-no-vm',
              `forEachVm selects no VM, so "${spec.name}" gives no items`,
              poolRemedy(forEachVm.pool, input),
            ),
          ]
        : []),
      ...containerWarning(selected.containers, index, input),
      ...unreachableWarning(selected.vms, input.inventory.nodes, index, input),
    ],
  };
}

/** A pool without a VM that the token may see looks like one that does not exist. */
function poolRemedy(pool: string | undefined, { inventory }: ExpandInput): { remedy?: string } {
  const pools = [...new Set(Object.values(inventory.vms).flatMap((vm) => vm.pool ?? []))].sort(
    byCodeUnit,
  );
  if (pool === undefined || pools.includes(pool)) return {};
  const known = pools.length === 0 ? '' : ` Pools with VMs: ${pools.slice(0, 10).join(', ')}.`;
  const hint = didYouMean(pool, pools) ?? known.trim();
  return { remedy: `The token sees no VM in a pool "${pool}". ${hint}`.trim() };
}

function itemOf(
  spec: ItemSpec,
  vm: VmFacts | undefined,
  repository: Repository | undefined,
  { spec: session, addresses }: ExpandInput,
): ExpandedItem {
  const address = vm === undefined ? undefined : addresses?.get(vm.vmid);
  const vmScope: Scope =
    vm === undefined ? {} : { 'vm.id': String(vm.vmid), 'vm.name': nameOf(vm), 'vm.node': vm.node };
  const name = expandPlaceholders(spec.name, vmScope);
  const scope: Scope = {
    ...vmScope,
    'item.name': name,
    ...(address === undefined ? {} : { 'vm.address': address }),
    ...(repository === undefined ? {} : { 'repository.address': repository.address }),
  };
  const fill = (text: string): string => substitutePlaceholders(text, scope);
  const env = Object.entries({ ...repository?.env, ...session.env, ...spec.env });
  return {
    name,
    run: spec.run.map(fill),
    env: Object.fromEntries(
      env.sort(([a], [b]) => byCodeUnit(a, b)).map(([key, value]) => [key, fill(value)]),
    ),
    ...(spec.repository === undefined ? {} : { repository: spec.repository }),
    timeout: spec.timeout,
    retries: spec.retries,
    ...(vm === undefined ? {} : { vm: { vmid: vm.vmid, name: nameOf(vm), node: vm.node } }),
  };
}

/** A VM that was just made has no name in the lists yet. */
function nameOf({ vmid, name }: VmFacts): string {
  return name ?? `vm-${vmid}`;
}

function onlyAsked(
  all: readonly ExpandedItem[],
  { only }: ExpandInput,
): { readonly items: readonly ExpandedItem[]; readonly unknown: readonly Diagnostic[] } {
  if (only === undefined) return { items: all, unknown: [] };
  const names = new Set(all.map(({ name }) => name));
  return {
    items: all.filter(({ name }) => only.includes(name)),
    unknown: only
      .filter((name) => !names.has(name))
      .map((name) => ({
        severity: 'error',
        code: 'unknown-item',
        message: `the session has no item "${name}"`,
        labels: [],
        remedy: didYouMean(name, names) ?? 'muster plan --with-session NAME lists them.',
      })),
  };
}
