import type { VmConfig, VmFacts } from '../model/inventory.ts';
import { lookup } from '../model/lookup.ts';
import type { ActionKind, Held } from '../model/plan.ts';
import { expectedEnd, holderName, holderOf, whereabouts } from '../model/runs.ts';
import { isBegunUnseen, type Located } from './identity.ts';
import type { WorkerCase, WorkerContext } from './plan-input.ts';

const RECORD_ONLY: readonly ActionKind[] = ['configure', 'forget', 'rename'];
const REMOVING: readonly ActionKind[] = ['destroy', 'replace'];

/** Why a worker's actions are not run now; the first that applies, in the order of HeldWhy. */
export function heldOf(
  worker: WorkerCase,
  actions: readonly ActionKind[],
  blockedBy: string | undefined,
  located: Located,
  context: WorkerContext,
): Held | undefined {
  const place = heldByPlace(worker, located);
  if (place !== undefined) return actions.includes('forget') ? undefined : place;
  if (actions.length === 0) return undefined;
  return (
    heldByTarget(worker, actions, context) ??
    heldByLease(worker, context) ??
    heldByVm(actions, located, context) ??
    heldByProtection(worker, actions, located) ??
    heldByDoubt(located) ??
    (blockedBy === undefined
      ? undefined
      : { why: 'guard' as const, by: `volume of somebody else: ${blockedBy}` }) ??
    heldByQuarantine(worker, actions, context)
  );
}

/** Its VM can't be reached or seen: shown even when nothing is planned. */
function heldByPlace({ name, desired, record }: WorkerCase, located: Located): Held | undefined {
  if (desired !== undefined && isBegunUnseen(record, located)) return undefined;
  if (located.kind === 'unreachable')
    return {
      why: 'unreachable',
      by: located.why,
      remedy: `Bring its node back, then plan again; the record of ${name} is kept.`,
    };
  if (located.kind === 'invisible')
    return {
      why: 'invisible',
      by: 'its id is taken, and the token may not see by what',
      remedy: 'Give the token VM.Audit on that VM or its pool.',
    };
  return undefined;
}

/** The node where something would be made, or moved to, does not answer. */
function heldByTarget(
  { desired }: WorkerCase,
  actions: readonly ActionKind[],
  { inventory }: WorkerContext,
): Held | undefined {
  if (desired === undefined || actions.every((action) => RECORD_ONLY.includes(action)))
    return undefined;
  const { node } = desired.spec;
  const facts = lookup(inventory.nodes, node);
  if (facts === undefined || (facts.online && facts.unreachable === undefined)) return undefined;
  return {
    why: 'unreachable',
    by: facts.unreachable ?? `node ${node} is offline`,
    remedy: `Bring ${node} back, then plan again.`,
  };
}

function heldByLease(
  { name, record }: WorkerCase,
  { state, inventory, options }: WorkerContext,
): Held | undefined {
  if (record === undefined || options.force.includes(name)) return undefined;
  const { time } = inventory.cluster;
  const holder = holderOf(record, state, time);
  if (holder === undefined) return undefined;
  const until = expectedEnd(holder, state, time);
  const leader = holder.session === undefined ? '' : `It is led by ${whereabouts(holder)}. `;
  const remedy = `${leader}Wait for it to end, or use --wait.`;
  const ends = until === undefined ? {} : { until };
  return { why: 'leased', by: holderName(holder), remedy, ...ends };
}

/** Locks and HA concern only what is done to the VM. Muster never unlocks by itself. */
function heldByVm(
  actions: readonly ActionKind[],
  located: Located,
  { inventory }: WorkerContext,
): Held | undefined {
  if (actions.every((action) => RECORD_ONLY.includes(action))) return undefined;
  if (located.kind === 'ours' || located.kind === 'adoptable')
    return heldByState(located.vm, located.config, inventory.haManaged);
  // A deploy goes on under another id; to delete it, its clone or creation has to end first.
  return located.kind === 'unfinished' && actions.includes('destroy')
    ? heldByLock(located.vm, located.lock)
    : undefined;
}

function heldByLock({ vmid }: VmFacts, lock: string): Held {
  return {
    why: 'locked',
    by: `lock ${lock}`,
    remedy: `Wait for the ${lock} of vm ${vmid} to end, or use --wait.`,
  };
}

/** What PVE itself has to do with this VM just now, or always. */
export function heldByState(
  vm: VmFacts,
  config: VmConfig,
  haManaged: readonly number[],
): Held | undefined {
  const lock = config.values.lock ?? vm.lock;
  if (lock !== undefined) return heldByLock(vm, lock);
  const { vmid, haState } = vm;
  if (!haManaged.includes(vmid) && haState === undefined) return undefined;
  return {
    why: 'ha-managed',
    by: `vm ${vmid} is under HA or replication`,
    remedy: 'Remove the HA or replication entry of that VM; Muster powers its workers itself.',
  };
}

/** Protection as last applied, which outlives the block that declared it, or as somebody set it in PVE. */
function heldByProtection(
  { name, record, desired }: WorkerCase,
  actions: readonly ActionKind[],
  located: Located,
): Held | undefined {
  if (!actions.some((action) => REMOVING.includes(action))) return undefined;
  if (record?.protect === true || desired?.spec.protect === true)
    return {
      why: 'protected',
      by: 'protect: true',
      remedy: `Declare ${name} with "protect: false" and apply that first.`,
    };
  return located.kind === 'ours' ? heldByItself(located.vm, located.config) : undefined;
}

/** PVE would refuse to delete it. */
export function heldByItself({ vmid }: VmFacts, { values }: VmConfig): Held | undefined {
  if (values.protection !== '1') return undefined;
  return {
    why: 'protected',
    by: 'protection of the VM itself',
    remedy: `Somebody protected it in PVE. To let it go: qm set ${vmid} --protection 0`,
  };
}

/** A VM that may be somebody's copy is not written to, whoever asks for it. */
function heldByDoubt(located: Located): Held | undefined {
  if (located.kind !== 'ambiguous') return undefined;
  return {
    why: 'guard',
    by: `vm ${located.vm.vmid} can't be told for certain to be its own: ${located.why}`,
    remedy: 'Compare smbios1 and description of both VMs, and delete the copy.',
  };
}

function heldByQuarantine(
  { name, record }: WorkerCase,
  actions: readonly ActionKind[],
  { inventory }: WorkerContext,
): Held | undefined {
  const quarantine = record?.quarantine;
  if (quarantine === undefined) return undefined;
  const { until, note, by } = quarantine;
  if (until !== undefined && until <= inventory.cluster.time) return undefined;
  // Powering off and book-keeping are what a quarantined worker needs most.
  const harmless: readonly ActionKind[] = [...RECORD_ONLY, 'shutdown'];
  if (actions.every((action) => harmless.includes(action))) return undefined;
  return {
    why: 'quarantined',
    by: `${by}: ${note}`,
    remedy: `To end that:  muster release ${name}`,
    ...(until === undefined ? {} : { until }),
  };
}
