import type { Inventory } from '../model/inventory.ts';
import { lookup } from '../model/lookup.ts';
import { DEFAULT_PLAN_OPTIONS, type WorkerPlan } from '../model/plan.ts';
import type { State, WorkerRecord } from '../model/state.ts';
import { planWorker } from './decide.ts';
import { identify } from './identity.ts';
import { asked, differencesOf, heldDifferences, volumeDifferences } from './plan-differences.ts';
import type { WorkerCase } from './plan-input.ts';
import { pruning } from './strangers.ts';
import { workerDigest } from './worker-digest.ts';

/** What became of one worker's plan. */
export type Confirmation =
  /** As planned, or what is left of it. */
  | { readonly kind: 'run'; readonly worker: WorkerPlan }
  /** Already true: there is nothing left to do. */
  | { readonly kind: 'done' }
  /** Something else than what was planned would be done. */
  | { readonly kind: 'stale'; readonly differences: readonly string[] };

/**
 * Plans one worker again, from the plan's own desired entry and from state and VM as they are now, and compares.
 * Called with the worker's lease held, so leases play no part. An action that is left over from an interrupted
 * run of this very plan goes on.
 */
export function confirm(planned: WorkerPlan, state: State, inventory: Inventory): Confirmation {
  const record = recordOf(planned, state);
  if (planned.actions.includes('forget') && record === undefined) return { kind: 'done' };
  if (isOrphan(planned)) return confirmOrphan(planned, record, state, inventory);
  const fresh = planAgain(planned, record, state, inventory);
  if (isRestOf(planned, record)) return confirmRest(planned, record, fresh);
  const differences = differencesOf(planned, fresh);
  if (differences.length > 0) return { kind: 'stale', differences };
  if (fresh.actions.length === 0) return { kind: 'done' };
  return { kind: 'run', worker: remaining(planned, fresh) };
}

function isOrphan({ desired, reasons }: WorkerPlan): boolean {
  return desired === undefined && reasons.includes('orphan');
}

/**
 * No record names its VM: only its marks say that it is the one that was to be destroyed. Where its worker has a
 * record by now, somebody took it in.
 */
function confirmOrphan(
  planned: WorkerPlan,
  record: WorkerRecord | undefined,
  state: State,
  inventory: Inventory,
): Confirmation {
  const { vmid, worker } = planned;
  if (lookup(inventory.vms, String(vmid)) === undefined) {
    const isGone = lookup(inventory.absent, String(vmid)) === 'gone';
    if (isGone) return { kind: 'done' };
    return { kind: 'stale', differences: [`vm ${vmid} can't be seen any more`] };
  }
  const { strangers } = identify(state, likeOurs(planned, undefined, inventory));
  const found = strangers
    .filter((stranger) => stranger.kind === 'ours')
    .find(({ vm }) => vm.vmid === vmid);
  if (found === undefined || record !== undefined)
    return { kind: 'stale', differences: [`vm ${vmid} is not an orphan of this project any more`] };
  const fresh = pruning(found, worker, inventory.haManaged);
  const differences = differencesOf(planned, fresh);
  if (differences.length > 0) return { kind: 'stale', differences };
  return { kind: 'run', worker: remaining(planned, fresh) };
}

/** A rename is carried out with the taking of the lease, so the record may have either name. */
function recordOf({ worker, from }: WorkerPlan, state: State): WorkerRecord | undefined {
  return (
    lookup(state.workers, worker) ?? (from === undefined ? undefined : lookup(state.workers, from))
  );
}

/** Begun by a run of this plan: every step looks for itself what is done already. */
function isRestOf(planned: WorkerPlan, record: WorkerRecord | undefined): boolean {
  const doing = record?.doing;
  if (doing === undefined || doing.plan !== workerDigest(planned)) return false;
  return planned.uuid === undefined || doing.uuid === planned.uuid || record?.vm === undefined;
}

/**
 * What was agreed to is still agreed to, whatever part of it is done; not what somebody else did meanwhile: a hold,
 * a VM that was switched on, a volume that nobody saw.
 */
function confirmRest(
  planned: WorkerPlan,
  record: WorkerRecord | undefined,
  fresh: WorkerPlan,
): Confirmation {
  const isLaunched = record?.doing?.action === 'test';
  const isSwitchedOn =
    !isLaunched && fresh.actions.includes('shutdown') && !planned.actions.includes('shutdown');
  const differences = [
    ...heldDifferences(fresh),
    ...(isSwitchedOn ? ['shutdown would be needed now, and was not planned'] : []),
    // Of a replace, the new VM has volumes of its own.
    ...(fresh.uuid === planned.uuid ? volumeDifferences(planned, fresh) : []),
  ];
  return differences.length > 0 ? { kind: 'stale', differences } : { kind: 'run', worker: planned };
}

function planAgain(
  planned: WorkerPlan,
  record: WorkerRecord | undefined,
  state: State,
  inventory: Inventory,
): WorkerPlan {
  const { worker, desired, actions } = planned;
  const renamed = planned.from !== undefined && lookup(state.workers, worker) === undefined;
  const current: WorkerCase = {
    name: worker,
    ...(desired === undefined ? {} : { desired }),
    ...(record === undefined ? {} : { record: withoutLease(record) }),
    ...(renamed && planned.from !== undefined ? { from: planned.from } : {}),
    removed: planned.reasons.includes('removed'),
    imageMustWait: !planned.changes.some(
      ({ path, cost }) => path === 'image' && cost === 'rebuild',
    ),
  };
  const options = {
    ...DEFAULT_PLAN_OPTIONS,
    test: actions.includes('test'),
    destroy: desired !== undefined && actions.includes('destroy'),
    replace: actions.includes('replace') ? [worker] : [],
    // Whether a volume may go was decided when it was listed; what is new in the list makes it stale.
    force: planned.frees.length === 0 ? [] : [worker],
  };
  const identities = identify(state, likeOurs(planned, record, inventory));
  const { plan, findings, problems } = planWorker(current, {
    state,
    inventory,
    options,
    identities,
  });
  // Nothing is planned for a VM that may be somebody else's, or on a node that left; that does not make it done.
  const [doubt] = [...findings.filter(({ code }) => code === 'ambiguous'), ...problems];
  if (doubt === undefined || plan.actions.length > 0) return plan;
  return { ...plan, held: { why: 'guard', by: doubt.message } };
}

function withoutLease({ lease: _, ...record }: WorkerRecord): WorkerRecord {
  return record;
}

/**
 * Its own VM, and those that mention its uuid: only they can be its twins, the others need not be read a thousand
 * times. One that was just cloned, or is being cloned, does not bear the uuid yet.
 */
function likeOurs(
  planned: WorkerPlan,
  record: WorkerRecord | undefined,
  inventory: Inventory,
): Inventory {
  const refs = [planned, record?.vm, record?.doing];
  const uuids = refs.map((ref) => ref?.uuid).filter((uuid) => uuid !== undefined);
  const ids = refs.map((ref) => ref?.vmid).filter((vmid) => vmid !== undefined);
  const own = new Set(ids.map(String));
  const configs = Object.entries(inventory.configs).filter(
    ([vmid, { values }]) =>
      own.has(vmid) || uuids.some((uuid) => values.smbios1?.toLowerCase().includes(uuid) === true),
  );
  return { ...inventory, configs: Object.fromEntries(configs) };
}

/** The planned actions that are still needed, in their order. */
function remaining(planned: WorkerPlan, fresh: WorkerPlan): WorkerPlan {
  const needed = asked(planned, fresh);
  const actions = planned.actions.filter(
    (action) => needed.includes(action) || (action === 'rename' && planned.from !== undefined),
  );
  const { held: _, ...rest } = fresh;
  const vmid = fresh.vmid ?? planned.vmid;
  return {
    ...rest,
    ...(vmid === undefined ? {} : { vmid }),
    ...(planned.from === undefined ? {} : { from: planned.from }),
    actions,
    // One that came back meanwhile must not be forgotten.
    reasons: planned.reasons.filter((reason) => reason !== 'vm-gone' || isGone(fresh)),
  };
}

function isGone({ reasons }: WorkerPlan): boolean {
  return reasons.includes('vm-gone');
}
