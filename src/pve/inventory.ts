import { PveError } from '../model/errors.ts';
import type { Absence, Inventory, NodeFacts, VmFacts } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import { MARK_TAG } from '../model/marks.ts';
import type { Clock } from '../model/ports.ts';
import type { ClusterList, Pve } from '../model/pve-port.ts';
import { isVmMissing } from '../model/pve-texts.ts';
import { mapBounded } from './limiter.ts';

export interface InventoryNeed {
  /** VMs that the state records, with the nodes where they were last. */
  readonly recorded: readonly { readonly vmid: number; readonly node: string }[];
  /** Ids that Muster's VMs are made under: one of these may be half made, and not tagged yet. */
  readonly vmids?: { readonly from: number; readonly to: number };
  /** False: only the cluster's one list is read; no power states, no configs, no absences. */
  readonly refresh: boolean;
}

const AT_ONCE = 8;

/**
 * Phase 1 of the inventory: what there is. One list of the cluster, one list per node with recorded or tagged
 * VMs, or with ids of Muster's range (only that has true power states), one config of each of these, and two requests for version and quorum.
 * A node that does not answer makes its VMs unreachable and nothing else fails; a recorded VM that no list
 * shows is gone only when its id is free. Throws PveError when the cluster itself can't be read.
 */
export async function readInventory(
  pve: Pve,
  need: InventoryNeed,
  clock: Clock,
): Promise<Inventory> {
  const [facts, list] = await Promise.all([pve.read.facts(), pve.read.cluster()]);
  const listed = emptyInventory(pve, facts, list, clock);
  if (!need.refresh) return listed;
  const fresh = await readPowerStates(pve, need, listed, list);
  const withConfigs = await readCandidates(pve, need, fresh);
  return { ...withConfigs, absent: await explainAbsences(pve, need, withConfigs) };
}

function emptyInventory(
  pve: Pve,
  facts: Awaited<ReturnType<Pve['read']['facts']>>,
  list: ClusterList,
  clock: Clock,
): Inventory {
  const name = facts.name ?? list.name;
  return {
    cluster: {
      ...facts,
      ...(name === undefined ? {} : { name }),
      time: pve.clusterTime() ?? clock.now(),
    },
    nodes: list.nodes,
    vms: byId(list.vms),
    configs: {},
    absent: {},
    storages: Object.fromEntries(
      list.storages.map((storage) => [`${storage.node}/${storage.storage}`, storage]),
    ),
    bridges: {},
    volumes: {},
    haManaged: list.vms.filter((vm) => vm.haState !== undefined).map((vm) => vm.vmid),
  };
}

/** The nodes' own lists replace what the cluster's list, up to 10 s old, says of these nodes' VMs. */
async function readPowerStates(
  pve: Pve,
  need: InventoryNeed,
  inventory: Inventory,
  list: ClusterList,
): Promise<Inventory> {
  const nodes = nodesThatMatter(need, list);
  const answers = await mapBounded(nodes, AT_ONCE, async (node) => {
    if (inventory.nodes[node]?.online !== true) return { node, reason: 'offline' };
    try {
      return { node, vms: await pve.read.nodeVms(node) };
    } catch (error) {
      return { node, reason: reasonIfUnreachable(error) };
    }
  });
  const asked = new Set(answers.flatMap(({ node, vms }) => (vms === undefined ? [] : [node])));
  const pools = new Map(list.vms.map((vm) => [vm.vmid, vm]));
  const kept = list.vms.filter((vm) => vm.kind === 'lxc' || !asked.has(vm.node));
  const current = answers
    .flatMap(({ vms }) => vms ?? [])
    .map((vm) => withListed(vm, pools.get(vm.vmid)));
  const silent = answers.flatMap(({ node, reason }) =>
    reason === undefined ? [] : [{ node, reason }],
  );
  return {
    ...inventory,
    nodes: markUnreachable(inventory.nodes, silent),
    vms: byId([...kept, ...current]),
  };
}

function nodesThatMatter(need: InventoryNeed, list: ClusterList): readonly string[] {
  const seen = list.vms.filter(candidatesOf(need));
  const listed = new Set(seen.map((vm) => vm.vmid));
  const unseen = need.recorded.filter(({ vmid }) => !listed.has(vmid));
  const nodes = new Set([...seen, ...unseen].map(({ node }) => node));
  // A recorded node that is no member any more has nothing to answer.
  return [...nodes].filter((node) => node in list.nodes).sort(byCodeUnit);
}

/** Recorded, tagged, or under an id of Muster's range. */
function candidatesOf({
  recorded,
  vmids,
}: Pick<InventoryNeed, 'recorded' | 'vmids'>): (vm: VmFacts) => boolean {
  const ids = new Set(recorded.map(({ vmid }) => vmid));
  return ({ vmid, kind, template, tags }) =>
    ids.has(vmid) ||
    tags.includes(MARK_TAG) ||
    (vmids !== undefined && kind === 'qemu' && !template && vmid >= vmids.from && vmid <= vmids.to);
}

/** Pool and HA state stand in the cluster's list only. */
function withListed(vm: VmFacts, listed: VmFacts | undefined): VmFacts {
  const { pool, haState } = listed ?? {};
  return {
    ...vm,
    ...(pool === undefined ? {} : { pool }),
    ...(haState === undefined ? {} : { haState }),
  };
}

async function readCandidates(
  pve: Pve,
  need: InventoryNeed,
  inventory: Inventory,
): Promise<Inventory> {
  const isCandidate = candidatesOf(need);
  const candidates = Object.values(inventory.vms)
    .filter((vm) => vm.kind === 'qemu' && isCandidate(vm))
    .filter((vm) => isReachable(inventory.nodes[vm.node]));
  const answers = await mapBounded(candidates, AT_ONCE, async (vm) => {
    try {
      return { vm, config: await pve.read.config(vm.node, vm.vmid) };
    } catch (error) {
      return { vm, failure: failureOf(error) };
    }
  });
  const read = answers.flatMap(({ vm, config }) =>
    config === undefined ? [] : [[String(vm.vmid), config] as const],
  );
  // One that only has an id of the range keeps it, so that nothing else takes it, and says nothing of its node.
  const isKnown = candidatesOf({ recorded: need.recorded });
  const unread = answers.filter(({ vm }) => isKnown(vm));
  const silent = unread.flatMap(({ vm, failure }) =>
    failure?.kind === 'silent' ? [{ node: vm.node, reason: failure.reason }] : [],
  );
  const hidden = new Set(
    unread.flatMap(({ vm, failure }) => (failure?.kind === 'hidden' ? [vm.vmid] : [])),
  );
  return {
    ...inventory,
    nodes: markUnreachable(inventory.nodes, silent),
    vms: byId(Object.values(inventory.vms).filter((vm) => !hidden.has(vm.vmid))),
    configs: Object.fromEntries(read),
  };
}

type ConfigFailure =
  /** Deleted since the list was made, or not to be read by this token: it counts as not listed. */
  { readonly kind: 'hidden' } | { readonly kind: 'silent'; readonly reason: string };

function failureOf(error: unknown): ConfigFailure {
  const forbidden = error instanceof PveError && error.facts.failure === 'forbidden';
  if (forbidden || isVmMissing(error)) return { kind: 'hidden' };
  return { kind: 'silent', reason: reasonIfUnreachable(error) };
}

async function explainAbsences(
  pve: Pve,
  need: InventoryNeed,
  inventory: Inventory,
): Promise<Readonly<Record<string, Absence>>> {
  const unread = need.recorded.filter(({ vmid }) => inventory.configs[vmid] === undefined);
  const found = await mapBounded(unread, AT_ONCE, async ({ vmid, node }) => {
    const listed = inventory.vms[vmid];
    return [
      String(vmid),
      await explain(pve, inventory, vmid, listed, listed?.node ?? node),
    ] as const;
  });
  return Object.fromEntries(found);
}

async function explain(
  pve: Pve,
  inventory: Inventory,
  vmid: number,
  listed: VmFacts | undefined,
  node: string,
): Promise<Absence> {
  // A container took the id: the VM is gone.
  if (listed?.kind === 'lxc') return 'gone';
  if (listed !== undefined) return 'unreachable';
  if (await isFree(pve, vmid)) return 'gone';
  return node in inventory.nodes && isReachable(inventory.nodes[node])
    ? 'invisible'
    : 'unreachable';
}

/** An id that can't be asked about is not called free: nothing is gone without proof. */
async function isFree(pve: Pve, vmid: number): Promise<boolean> {
  try {
    return await pve.read.idIsFree(vmid);
  } catch (error) {
    if (error instanceof PveError) return false;
    throw error;
  }
}

function isReachable(node: NodeFacts | undefined): boolean {
  return node?.online === true && node.unreachable === undefined;
}

/** Adds why these nodes gave no answer. */
export function markUnreachable(
  nodes: Inventory['nodes'],
  silent: readonly { readonly node: string; readonly reason: string }[],
): Inventory['nodes'] {
  const reasons = new Map(silent.map(({ node, reason }) => [node, reason]));
  const marked = Object.entries(nodes).map(([node, facts]) => {
    const unreachable = reasons.get(node);
    return [node, unreachable === undefined ? facts : { ...facts, unreachable }] as const;
  });
  return Object.fromEntries(marked);
}

/** Why one item gave no answer. Throws what concerns the whole cluster: certificate, token, no connection. */
export function reasonIfUnreachable(error: unknown): string {
  if (!(error instanceof PveError)) throw error;
  const { failure, status, reason } = error.facts;
  if (['untrusted', 'unauthenticated', 'unreachable'].includes(failure)) throw error;
  return `${status === 0 ? '' : `${status} `}${reason}`;
}

function byId(vms: readonly VmFacts[]): Readonly<Record<string, VmFacts>> {
  return Object.fromEntries(vms.map((vm) => [String(vm.vmid), vm]));
}
