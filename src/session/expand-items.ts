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
import { selectVms, type Unselectable } from './select-vms.ts';

export interface ExpandInput {
  /** Key under `sessions:`, for messages. */
  readonly session: string;
  readonly spec: SessionSpec;
  readonly repositories: Readonly<Record<string, RepositorySpec>>;
  readonly inventory: Inventory;
  readonly state: Pick<State, 'workers'>;
  /** Addresses of VMs by vmid, as far as somebody asked; the others' `${vm.address}` is put in later. */
  readonly addresses?: ReadonlyMap<number, string>;
  /** Only these items (`--item`). */
  readonly only?: readonly string[];
  readonly locate?: (path: readonly (string | number)[]) => Location;
}

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

/** A name is a file name too, in the records and in the guest. */
const ITEM_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

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
    refusals: input.only === undefined ? tooFew(all, input) : [],
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
            ),
          ]
        : []),
      ...containerWarning(selected.containers, index, input),
      ...unreachableWarning(selected.vms, index, input),
    ],
  };
}

function itemOf(
  spec: ItemSpec,
  vm: VmFacts | undefined,
  repository: RepositorySpec | undefined,
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

function nameProblems(all: readonly ExpandedItem[], input: ExpandInput): readonly Diagnostic[] {
  const counts = new Map<string, ExpandedItem[]>();
  for (const item of all) counts.set(item.name, [...(counts.get(item.name) ?? []), item]);
  return [...counts].flatMap(([name, items]) => [
    ...(items.length > 1 ? [duplicate(name, items, input)] : []),
    ...(ITEM_NAME.test(name)
      ? []
      : [
          mistake(input, undefined, 'bad-item-name', `"${name}" can't be the name of an item`, {
            detail: ['Letters, digits, "_", "." and "-", at most 128, a letter or digit first.'],
            remedy: 'Use ${vm.id} in the name.',
          }),
        ]),
  ]);
}

function duplicate(name: string, items: readonly ExpandedItem[], input: ExpandInput): Diagnostic {
  const vms = items.flatMap(({ vm }) => (vm === undefined ? [] : [`vm ${vm.vmid} (${vm.name})`]));
  return mistake(
    input,
    undefined,
    'duplicate-item',
    `${items.length} items have the name "${name}"`,
    {
      ...(vms.length === 0 ? {} : { detail: [`of ${vms.slice(0, 10).join(', ')}`] }),
      remedy:
        'Results are kept by name: put ${vm.id} into it, or exclude a VM that another entry has.',
    },
  );
}

/** An empty night is a failure, unless `minItems: 0` says otherwise. */
function tooFew(all: readonly ExpandedItem[], input: ExpandInput): readonly SessionRefusal[] {
  const { minItems } = input.spec.guards;
  if (all.length >= minItems) return [];
  const message = `session ${input.session} has ${all.length} of at least ${minItems} items`;
  const diagnostic = mistake(input, undefined, 'too-few-items', message, {
    remedy: 'Check what forEachVm selects, or lower guards.minItems.',
  });
  return [{ exitCode: 6, diagnostic }];
}

const WHY: Readonly<Record<Unselectable, string>> = {
  missing: 'does not exist, or the token may not see it (VM.Audit)',
  container: 'is a container',
  template: 'is a template',
  worker: 'is a backup worker',
};

function unselectableVm(
  vmid: number,
  why: Unselectable,
  index: number,
  input: ExpandInput,
): Diagnostic {
  const code = why === 'missing' ? 'unknown-vm' : 'not-a-vm';
  return mistake(input, index, code, `vm ${vmid} ${WHY[why]}`, {
    remedy: 'Remove it from forEachVm.vmids.',
  });
}

function containerWarning(
  vmids: readonly number[],
  index: number,
  input: ExpandInput,
): readonly Diagnostic[] {
  if (vmids.length === 0) return [];
  const message = `no items for containers (${list(vmids)}): forEachVm means VMs`;
  return [warning(input, index, 'containers-left-out', message)];
}

function unreachableWarning(
  vms: readonly VmFacts[],
  index: number,
  input: ExpandInput,
): readonly Diagnostic[] {
  const silent = vms.filter(({ node }) => {
    const facts = lookup(input.inventory.nodes, node);
    return facts !== undefined && (!facts.online || facts.unreachable !== undefined);
  });
  if (silent.length === 0) return [];
  const message = `vm ${list(silent.map(({ vmid }) => vmid))}: on a node that does not answer`;
  return [warning(input, index, 'vm-unreachable', message)];
}

function list(vmids: readonly number[]): string {
  const rest = vmids.length - 10;
  return [...vmids.slice(0, 10), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}

function mistake(
  { session, locate }: ExpandInput,
  index: number | undefined,
  code: string,
  message: string,
  more: Pick<Diagnostic, 'detail' | 'remedy'>,
): Diagnostic {
  const path = ['sessions', session, ...(index === undefined ? [] : ['items', index])];
  return {
    severity: 'error',
    code,
    message,
    labels: locate === undefined ? [] : [locate(path)],
    ...more,
  };
}

function warning(input: ExpandInput, index: number, code: string, message: string): Diagnostic {
  return { ...mistake(input, index, code, message, {}), severity: 'warning' };
}
