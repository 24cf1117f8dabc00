import type { Inventory, VmConfig, VmFacts } from '../model/inventory.ts';
import { lookup } from '../model/lookup.ts';
import { type Marks, type Owner, readMarks } from '../model/marks.ts';
import { parsePropertyString } from '../model/property-string.ts';
import type { State, VmRef, WorkerRecord } from '../model/state.ts';

/** Where a recorded VM is, judged by its marks and never by its id alone (design section 5). */
export type Located =
  /** The record names no VM, and none is in the making. */
  | { readonly kind: 'none' }
  | { readonly kind: 'ours'; readonly vm: VmFacts; readonly config: VmConfig }
  /** No record names it, and it bears all marks of the worker. */
  | {
      readonly kind: 'adoptable';
      readonly vm: VmFacts;
      readonly config: VmConfig;
      readonly uuid: string;
    }
  /** Not looked for (`--refresh=false`): taken for what it was when last applied. */
  | { readonly kind: 'assumed'; readonly ref: VmRef }
  /** Proven gone: the id is free, or another VM has it (`recycled`). */
  | { readonly kind: 'gone'; readonly recycled?: VmFacts }
  | { readonly kind: 'node-gone' }
  | { readonly kind: 'unreachable'; readonly why: string }
  | { readonly kind: 'invisible' }
  /**
   * Locked by a clone or create that has not ended, or whose worker died. `node`: where the VM will be; while PVE
   * clones onto another node, its config lies on the template's.
   */
  | {
      readonly kind: 'unfinished';
      readonly vm: VmFacts;
      readonly node: string;
      readonly lock: string;
    }
  /** Some marks agree and some don't: reported, never written. */
  | { readonly kind: 'ambiguous'; readonly vm: VmFacts; readonly why: string };

/** A VM that bears marks of ours and that no record names. */
export type Stranger = { readonly vm: VmFacts; readonly config: VmConfig } & (
  | { readonly kind: 'ours'; readonly owner: Owner }
  | { readonly kind: 'half-made'; readonly owner: Owner }
  | { readonly kind: 'copy'; readonly owner: Owner }
  | { readonly kind: 'restore' | 'ambiguous' | 'foreign'; readonly owner?: Owner }
  | { readonly kind: 'other-lineage'; readonly lineage: string; readonly owner?: Owner }
);

/** A stranger whose marks all agree: the VM of the worker that its card names. */
export type Orphaned = Extract<Stranger, { readonly kind: 'ours' }>;

export interface Identities {
  readonly strangers: readonly Stranger[];
  /** Ids by SMBIOS uuid, of all VMs whose config was read. */
  readonly byUuid: ReadonlyMap<string, readonly number[]>;
}

export function identify(state: State, inventory: Inventory): Identities {
  const byUuid = new Map<string, readonly number[]>();
  const vms = candidates(inventory);
  if (vms.length === 0) return { strangers: [], byUuid };
  for (const { vm, marks } of vms)
    if (marks.uuid !== undefined)
      byUuid.set(marks.uuid, [...(byUuid.get(marks.uuid) ?? []), vm.vmid]);
  const recorded = recordedIds(state);
  const strangers = vms
    .filter(({ vm, marks }) => !isRecorded(recorded, vm.vmid, marks))
    .map(({ vm, config, marks }) => stranger(vm, config, marks, state, byUuid));
  return { strangers, byUuid };
}

/** Finds the VM of a record. A deploy that was interrupted before it was recorded is found by its intent. */
export function locate(
  record: WorkerRecord,
  state: State,
  inventory: Inventory,
  identities: Identities,
): Located {
  const ref = refOf(record);
  if (ref === undefined) return { kind: 'none' };
  const vm = lookup(inventory.vms, String(ref.vmid));
  if (vm === undefined) return absent(ref, inventory, record.vm === undefined);
  const node = lookup(inventory.nodes, vm.node);
  if (node !== undefined && (!node.online || node.unreachable !== undefined))
    return { kind: 'unreachable', why: node.unreachable ?? `node ${vm.node} is offline` };
  if (vm.kind !== 'qemu') return { kind: 'gone', recycled: vm };
  const config = lookup(inventory.configs, String(ref.vmid));
  const lock = config?.values.lock ?? vm.lock;
  if (lock === 'clone' || lock === 'create')
    return { kind: 'unfinished', vm, node: record.vm === undefined ? ref.node : vm.node, lock };
  if (config === undefined) return { kind: 'invisible' };
  return judge(ref, vm, config, state, inventory, identities);
}

/**
 * An id that was only intended is taken by something that can't be seen: nothing says that it is the worker's, and
 * it goes on under another one.
 */
export function isBegunUnseen(record: WorkerRecord | undefined, located: Located): boolean {
  return located.kind === 'invisible' && record !== undefined && record.vm === undefined;
}

/** `meta`'s ctime in seconds; it is the same in a clone and its template. */
export function ctimeOf(config: VmConfig): number | undefined {
  const ctime = parsePropertyString(config.values.meta).get('ctime');
  return ctime !== undefined && /^\d+$/.test(ctime) ? Number(ctime) : undefined;
}

/** True when strong and soft marks all name one owner. */
export function marksAgree(marks: Marks): boolean {
  const { card } = marks;
  return (
    card !== undefined &&
    marks.tagged &&
    marks.uuid === card.uuid &&
    marks.serialLineage === card.lineage
  );
}

function judge(
  ref: VmRef,
  vm: VmFacts,
  config: VmConfig,
  state: State,
  inventory: Inventory,
  identities: Identities,
): Located {
  const marks = readMarks(config.values);
  if (marks.uuid === ref.uuid && marks.serialLineage === state.lineage)
    return hasTwin(ref, config, inventory, identities)
      ? { kind: 'ambiguous', vm, why: `another VM has the same SMBIOS uuid ${ref.uuid}` }
      : { kind: 'ours', vm, config };
  const cardIsOurs = marks.card?.uuid === ref.uuid && marks.card.lineage === state.lineage;
  if (!cardIsOurs) return { kind: 'gone', recycled: vm };
  // Just cloned: the card came with the clone, the strong marks follow with the first write.
  if (marks.serialLineage === undefined && ref.ctime === undefined && !marks.tagged)
    return { kind: 'ours', vm, config };
  return { kind: 'ambiguous', vm, why: 'its SMBIOS uuid or serial was changed' };
}

/** A restored VM has its original's uuid; what was created when tells them apart, if anything does. */
function hasTwin(
  ref: VmRef,
  config: VmConfig,
  inventory: Inventory,
  identities: Identities,
): boolean {
  const twins = (identities.byUuid.get(ref.uuid) ?? []).filter((vmid) => vmid !== ref.vmid);
  if (twins.length === 0) return false;
  const own = ctimeOf(config);
  if (ref.ctime === undefined || own !== ref.ctime) return true;
  return twins.some((vmid) => {
    const twin = lookup(inventory.configs, String(vmid));
    return twin === undefined || ctimeOf(twin) === ref.ctime;
  });
}

function absent(ref: VmRef, inventory: Inventory, neverRecorded: boolean): Located {
  const node = lookup(inventory.nodes, ref.node);
  const absence = lookup(inventory.absent, String(ref.vmid));
  if (node === undefined && absence !== 'invisible') return { kind: 'node-gone' };
  if (node !== undefined && (!node.online || node.unreachable !== undefined))
    return { kind: 'unreachable', why: node.unreachable ?? `node ${ref.node} is offline` };
  if (absence === 'gone') return { kind: 'gone' };
  if (absence === 'unreachable')
    return { kind: 'unreachable', why: `node ${ref.node} does not answer` };
  // Not listed and not proven free: never taken for gone. An intent alone proves nothing was made.
  return neverRecorded && absence === undefined ? { kind: 'gone' } : { kind: 'invisible' };
}

function stranger(
  vm: VmFacts,
  config: VmConfig,
  marks: Marks,
  state: State,
  byUuid: Identities['byUuid'],
): Stranger {
  const { card: owner, uuid } = marks;
  const lineage = marks.serialLineage ?? owner?.lineage;
  const base = { vm, config, ...(owner === undefined ? {} : { owner }) };
  if (lineage === undefined) return { ...base, kind: 'foreign' };
  if (lineage !== state.lineage) return { ...base, kind: 'other-lineage', lineage };
  const hasTwin = (byUuid.get(uuid ?? '') ?? []).length > 1;
  if (owner !== undefined) {
    if (isHalfMade(marks)) return { vm, config, owner, kind: 'half-made' };
    if (owner.uuid !== uuid) return { vm, config, owner, kind: 'copy' };
    if (!hasTwin && marksAgree(marks)) return { vm, config, owner, kind: 'ours' };
  }
  return { ...base, kind: hasTwin ? 'restore' : 'ambiguous' };
}

/** The card comes with the clone call, all other marks with the first write. A copy of a worker has them too. */
function isHalfMade({ serialLineage, tagged }: Marks): boolean {
  return serialLineage === undefined && !tagged;
}

function candidates(inventory: Inventory) {
  return Object.values(inventory.vms)
    .filter((vm) => vm.kind === 'qemu' && !vm.template)
    .sort((a, b) => a.vmid - b.vmid)
    .flatMap((vm) => {
      const config = lookup(inventory.configs, String(vm.vmid));
      return config === undefined ? [] : [{ vm, config, marks: readMarks(config.values) }];
    });
}

function recordedIds(state: State): ReadonlyMap<number, readonly string[]> {
  const ids = new Map<number, string[]>();
  for (const record of Object.values(state.workers)) {
    for (const ref of [record.vm, intended(record)])
      if (ref !== undefined) ids.set(ref.vmid, [...(ids.get(ref.vmid) ?? []), ref.uuid]);
  }
  return ids;
}

function isRecorded(
  recorded: ReadonlyMap<number, readonly string[]>,
  vmid: number,
  marks: Marks,
): boolean {
  const uuids = recorded.get(vmid) ?? [];
  return uuids.some((uuid) => uuid === marks.uuid || uuid === marks.card?.uuid);
}

/** The VM that is recorded, or else the one in the making. */
export function refOf(record: WorkerRecord): VmRef | undefined {
  return record.vm ?? intended(record);
}

/** The VM that an unfinished step was about to make. */
function intended({ doing }: WorkerRecord): VmRef | undefined {
  if (doing?.vmid === undefined || doing.uuid === undefined || doing.node === undefined)
    return undefined;
  return { vmid: doing.vmid, node: doing.node, uuid: doing.uuid };
}
