import { VmidTaken, WorkerUnknown } from './errors.ts';
import { sameJson } from './json.ts';
import { having, lookup, without } from './lookup.ts';
import type { Doing, PatchRecord, State, TestRecord, VmRef, WorkerRecord } from './state.ts';
import type { Attributes, WorkerSpec } from './worker.ts';

/**
 * Pure changes of the state, one per thing that can happen to a worker's record. Each returns its argument when
 * nothing changes. They throw WorkerUnknown for a worker without a record, VmidTaken when two would hold one id.
 */

/** Records a worker as declared: a new one becomes Configured, a known one gets the new entry. */
export function recordDeclared(
  state: State,
  worker: string,
  declared: WorkerSpec,
  declaredIn?: string,
): State {
  const before = lookup(state.workers, worker) ?? { declared, protect: declared.protect, last: {} };
  const place = declaredIn === undefined ? {} : { declaredIn };
  return put(state, worker, { ...before, declared, protect: declared.protect, ...place });
}

/** Saves an intent before the call that makes it true. A vmid in it is reserved by the write that saves it. */
export function setDoing(state: State, worker: string, doing: Doing): State {
  return change(state, worker, (record) => ({ ...record, doing }));
}

/** The same as setDoing for an intent that claims an id: named for what it is used for. */
export function reserveVmid(
  state: State,
  worker: string,
  doing: Doing & { readonly vmid: number },
): State {
  return setDoing(state, worker, doing);
}

/** Adds the UPID of the call just made. Without an intent there is nothing to add it to: a bug, thrown. */
export function setUpid(state: State, worker: string, upid: string): State {
  return change(state, worker, (record) => ({
    ...record,
    doing: { ...requireDoing(record), upid },
  }));
}

/** Adds why the step failed. */
export function setDoingError(state: State, worker: string, error: string): State {
  return change(state, worker, (record) => ({
    ...record,
    doing: { ...requireDoing(record), error },
  }));
}

/** What was begun is done, or proven not to have happened. */
export function clearDoing(state: State, worker: string): State {
  return change(state, worker, ({ doing: _, ...record }) => record);
}

/** The VM that now is the worker's, and the image it was made from. Another VM than before was never patched. */
export function recordVm(
  state: State,
  worker: string,
  vm: VmRef,
  image?: WorkerRecord['image'],
): State {
  return change(state, worker, ({ last, ...record }) => {
    const { patch, ...others } = last;
    const isSame = record.vm?.uuid === vm.uuid;
    return {
      ...record,
      last: isSame && patch !== undefined ? { ...others, patch } : others,
      vm,
      ...(image === undefined ? {} : { image }),
    };
  });
}

/**
 * The VM is gone: the worker is Configured again, and keeps its history, except for the updates that went with the
 * VM: its next one is made from an image that lacks them.
 */
export function forgetVm(state: State, worker: string): State {
  return change(state, worker, ({ vm: _vm, observed: _observed, image: _image, ...record }) => {
    const { patch: _patch, ...last } = record.last;
    return { ...record, last };
  });
}

/** What the VM shows after the last apply, canonical: drift is measured against it. */
export function recordObserved(state: State, worker: string, observed: Attributes): State {
  return change(state, worker, (record) => ({ ...record, observed }));
}

export function recordTest(state: State, worker: string, test: TestRecord): State {
  return change(state, worker, (record) => ({ ...record, last: { ...record.last, test } }));
}

export function recordPatch(state: State, worker: string, patch: PatchRecord): State {
  return change(state, worker, (record) => ({ ...record, last: { ...record.last, patch } }));
}

/** `at`: cluster time in ms. With the session's name when one used it. */
export function recordUse(state: State, worker: string, at: number, session?: string): State {
  const use = session === undefined ? {} : { session: { name: session, at } };
  return change(state, worker, (record) => ({
    ...record,
    last: { ...record.last, ...use, used: at },
  }));
}

export function quarantine(
  state: State,
  worker: string,
  mark: NonNullable<WorkerRecord['quarantine']>,
): State {
  return change(state, worker, (record) => ({ ...record, quarantine: mark }));
}

export function endQuarantine(state: State, worker: string): State {
  return change(state, worker, ({ quarantine: _, ...record }) => record);
}

/** Puts a whole record: adopt, import, recover. Replaces what was there under that name. */
export function putWorker(state: State, worker: string, record: WorkerRecord): State {
  return put(state, worker, record);
}

/** Removes the record, with its lease and whatever was begun; its VM is no concern of ours any more. */
export function forgetWorker(state: State, worker: string): State {
  const workers = without(state.workers, worker);
  return workers === state.workers ? state : { ...state, workers };
}

/** The record under another name, lease included. Throws when that name is taken: renames never merge. */
export function renameWorker(state: State, from: string, to: string): State {
  const record = requireWorker(state, from);
  if (from === to) return state;
  if (lookup(state.workers, to) !== undefined)
    throw new Error(`worker ${from} can't become ${to}: the state holds a worker ${to} already`);
  return { ...state, workers: having(without(state.workers, from), to, record) };
}

/** The cluster's nodes when last seen. */
export function recordNodes(
  state: State,
  nodes: State['nodes'],
  cluster: State['cluster'] = state.cluster,
): State {
  if (sameJson(nodes, state.nodes) && sameJson(cluster, state.cluster)) return state;
  return { ...state, nodes, ...(cluster === undefined ? {} : { cluster }) };
}

/** The worker whose record holds this id: by its VM, or reserved by what is being done. */
export function vmidOwner(state: State, vmid: number): string | undefined {
  return Object.entries(state.workers).find(([, record]) => vmidsOf(record).includes(vmid))?.[0];
}

/** All ids that one record holds; usually one, two while a VM moves to another id. */
function vmidsOf(record: WorkerRecord): readonly number[] {
  const ids = [record.vm?.vmid, record.doing?.vmid];
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/** All ids that records hold, each with the workers that hold it. More than one worker is a corrupt state. */
export function vmidHolders(state: Pick<State, 'workers'>): ReadonlyMap<number, readonly string[]> {
  const holders = new Map<number, string[]>();
  for (const [name, record] of Object.entries(state.workers))
    for (const id of vmidsOf(record)) holders.set(id, [...(holders.get(id) ?? []), name]);
  return holders;
}

/** The worker's record; throws WorkerUnknown. */
function requireWorker(state: State, worker: string): WorkerRecord {
  const record = lookup(state.workers, worker);
  if (record === undefined) throw new WorkerUnknown(worker);
  return record;
}

function change(
  state: State,
  worker: string,
  update: (record: WorkerRecord) => WorkerRecord,
): State {
  return put(state, worker, update(requireWorker(state, worker)));
}

function put(state: State, worker: string, record: WorkerRecord): State {
  const before = lookup(state.workers, worker);
  if (before !== undefined && sameJson(before, record)) return state;
  const held = before === undefined ? [] : vmidsOf(before);
  for (const vmid of vmidsOf(record)) if (!held.includes(vmid)) refuseTaken(state, worker, vmid);
  return { ...state, workers: having(state.workers, worker, record) };
}

function refuseTaken(state: State, worker: string, vmid: number): void {
  const owner = vmidOwner(state, vmid);
  if (owner !== undefined) throw new VmidTaken(vmid, worker, owner);
}

function requireDoing(record: WorkerRecord): Doing {
  if (record.doing === undefined) throw new Error('nothing is being done with this worker');
  return record.doing;
}
