import type { Diagnostic, Location } from '../model/diagnostic.ts';
import type { Inventory, VmFacts } from '../model/inventory.ts';
import { lookup } from '../model/lookup.ts';
import type { SessionItem } from '../model/session.ts';
import type { SessionRefusal } from '../model/session-plan.ts';
import type { Unselectable } from './select-vms.ts';

/** Where a session's problems are shown. */
export interface Place {
  readonly session: string;
  readonly locate?: (path: readonly (string | number)[]) => Location;
}

type NamedItem = Pick<SessionItem, 'name' | 'vm'>;

/** A name is a file name too, in the records and in the guest. */
const ITEM_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

/** Names that two items have, or that can't be kept under. */
export function nameProblems(all: readonly NamedItem[], input: Place): readonly Diagnostic[] {
  const counts = new Map<string, NamedItem[]>();
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

function duplicate(name: string, items: readonly NamedItem[], input: Place): Diagnostic {
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
export function tooFew(count: number, minItems: number, input: Place): readonly SessionRefusal[] {
  if (count >= minItems) return [];
  const message = `session ${input.session} has ${count} of at least ${minItems} items`;
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

export function unselectableVm(
  vmid: number,
  why: Unselectable,
  index: number,
  input: Place,
): Diagnostic {
  const code = why === 'missing' ? 'unknown-vm' : 'not-a-vm';
  return mistake(input, index, code, `vm ${vmid} ${WHY[why]}`, {
    remedy: 'Remove it from forEachVm.vmids.',
  });
}

export function containerWarning(
  vmids: readonly number[],
  index: number,
  input: Place,
): readonly Diagnostic[] {
  if (vmids.length === 0) return [];
  const message = `no items for containers (${list(vmids)}): forEachVm means VMs`;
  return [warning(input, index, 'containers-left-out', message)];
}

export function unreachableWarning(
  vms: readonly VmFacts[],
  nodes: Inventory['nodes'],
  index: number,
  input: Place,
): readonly Diagnostic[] {
  const silent = vms.filter(({ node }) => {
    const facts = lookup(nodes, node);
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

export function mistake(
  { session, locate }: Place,
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

export function warning(
  input: Place,
  index: number,
  code: string,
  message: string,
  more: { readonly remedy?: string } = {},
): Diagnostic {
  return { ...mistake(input, index, code, message, more), severity: 'warning' };
}
