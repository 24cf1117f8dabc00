import { type Diagnostic, problem } from '../model/diagnostic.ts';
import type { Inventory, VmConfig, VmFacts } from '../model/inventory.ts';
import { lookup } from '../model/lookup.ts';
import { readMarks } from '../model/marks.ts';
import type { State } from '../model/state.ts';
import { vmidOwner } from '../model/transitions.ts';
import { marksAgree } from './identity.ts';

export interface ImportCandidate {
  readonly worker: string;
  readonly vmid: number;
  readonly state: State;
  readonly inventory: Inventory;
}

/** What an import is about: a VM that nothing speaks against taking in. */
export type Importable =
  | {
      readonly kind: 'importable';
      readonly vm: VmFacts;
      readonly config: VmConfig;
      /** Of marks that an earlier import of this worker has written before it was cut short. */
      readonly markedUuid: string | undefined;
    }
  | { readonly kind: 'refused'; readonly problem: Diagnostic };

/** Judges a VM that was made by hand. One that may be somebody's, or that is in use, is refused. */
export function importable(candidate: ImportCandidate): Importable {
  const { worker, vmid, state, inventory } = candidate;
  const vm = lookup(inventory.vms, String(vmid));
  const config = lookup(inventory.configs, String(vmid));
  if (vm === undefined) return refuse('no-vm', absence(vmid, inventory));
  const name = nameOf(vm);
  const recorded = recordedTo(worker, vmid, state);
  if (recorded !== undefined) return refuse('recorded', recorded);
  if (config === undefined) return refuse('no-config', unseen(vm, inventory));
  const unfit = unfitness(vm, config, inventory);
  if (unfit !== undefined) return refuse('not-importable', [`${name} ${unfit[0]}`, unfit[1]]);
  const marks = readMarks(config.values);
  if (marks.serialLineage === undefined && marks.card === undefined)
    return { kind: 'importable', vm, config, markedUuid: undefined };
  const isOwn =
    marksAgree(marks) && marks.card?.lineage === state.lineage && marks.card.worker === worker;
  if (isOwn) return { kind: 'importable', vm, config, markedUuid: marks.uuid };
  const whose = marks.card === undefined ? 'another state' : `worker ${marks.card.worker}`;
  return refuse('marked', [
    `${name} bears marks of ${whose}: it is not one that was made by hand`,
    'muster orphans says what it is. A copy of a worker can be imported when its SMBIOS serial and the muster line of its notes are removed.',
  ]);
}

type Words = readonly [message: string, remedy: string];

function refuse(code: string, [message, remedy]: Words): Importable {
  return { kind: 'refused', problem: problem(code, message, remedy, ['Nothing was changed.']) };
}

function recordedTo(worker: string, vmid: number, state: State): Words | undefined {
  const owner = vmidOwner(state, vmid);
  const record = lookup(state.workers, worker);
  if (owner === worker)
    return [`vm ${vmid} is ${worker}'s already`, 'There is nothing to import: muster plan.'];
  if (owner !== undefined)
    return [
      `vm ${vmid} is worker ${owner}'s`,
      `Rename that one: muster state mv ${owner} ${worker}`,
    ];
  if (record?.vm === undefined) return undefined;
  return [
    `${worker} has a VM already, vm ${record.vm.vmid} on ${record.vm.node}`,
    `Choose another worker, or destroy that one first: muster destroy ${worker}`,
  ];
}

function absence(vmid: number, inventory: Inventory): Words {
  if (lookup(inventory.absent, String(vmid)) === 'gone')
    return [`no guest of this cluster has the id ${vmid}`, 'Look it up in the portal.'];
  return [
    `vm ${vmid} can't be seen: the token may not, or its node does not answer`,
    `Give the token VM.Audit on /vms/${vmid}; muster doctor shows what it lacks.`,
  ];
}

function unseen(vm: VmFacts, inventory: Inventory): Words {
  const why = lookup(inventory.nodes, vm.node)?.unreachable ?? "its config can't be read";
  return [
    `${nameOf(vm)} can't be looked into: ${why}`,
    `Give the token VM.Audit on /vms/${vm.vmid}, or wait for ${vm.node}.`,
  ];
}

/** Why a VM can't become a worker as it is, and what to do. */
function unfitness(vm: VmFacts, config: VmConfig, inventory: Inventory): Words | undefined {
  const lock = config.values.lock ?? vm.lock;
  if (vm.kind !== 'qemu') return ['is a container', 'Workers are VMs.'];
  if (vm.template)
    return [
      'is a template',
      'Clone it, or declare it as an image: images: { name: { template: ... } }.',
    ];
  if (lock !== undefined)
    return [`is locked (${lock})`, 'Wait until the task that holds the lock has ended.'];
  if (vm.status !== 'stopped')
    return [
      `is ${vm.status === 'running' ? 'running' : 'in an unknown power state'}`,
      `Shut it down first, a worker rests powered off: qm shutdown ${vm.vmid}`,
    ];
  if (inventory.haManaged.includes(vm.vmid))
    return [
      'is managed by HA, or replicated',
      `Take it out first, Muster alone starts workers: ha-manager remove vm:${vm.vmid}`,
    ];
  return undefined;
}

function nameOf({ vmid, node, name }: VmFacts): string {
  return `vm ${vmid}${name === undefined ? '' : ` (${name})`} on ${node}`;
}
