import { bootDiskKey, cloudInitKey, driveKeys } from '../model/attributes/disk.ts';
import { readAttributes } from '../model/attributes/read-attributes.ts';
import { imageRecordOf } from '../model/image-record.ts';
import type { VmConfig } from '../model/inventory.ts';
import type { Json } from '../model/json.ts';
import type { State, VmRef, WorkerRecord } from '../model/state.ts';
import { clearDoing, recordDeclared, recordObserved, recordVm } from '../model/transitions.ts';
import type { WorkerSpec } from '../model/worker.ts';
import { ctimeOf } from '../plan/identity.ts';
import { changeState, type VmHandle, type WorkerContext } from './context.ts';
import { requireOurs } from './identity.ts';
import { subjectOf } from './subject.ts';

/** Records the VM as it shows itself now, as declared now, and that nothing is being done any more: one write. */
export async function recordMade(ctx: WorkerContext, vm: VmHandle): Promise<void> {
  const config = await requireOurs(ctx, vm);
  const { spec } = subjectOf(ctx, vm.uuid);
  const seen = readAttributes(config, {
    node: vm.node,
    vmid: vm.vmid,
    ...(spec.pool === undefined ? {} : { pool: spec.pool }),
  });
  const ref = refOf(vm, config);
  const image = imageOf(spec);
  const isNew = ctx.action === 'deploy' || ctx.action === 'replace';
  await changeState(ctx, (state, worker) => {
    const kept = isNew || hasMoved(state.workers[worker], vm, spec) ? image : undefined;
    const made = recordVm(declare(ctx, state, spec), worker, ref, kept);
    const drives = isNew ? seen.drives : ownDrives(state.workers[worker], config);
    const observed = drives === undefined ? seen : { ...seen, drives };
    return clearDoing(recordObserved(made, worker, observed), worker);
  });
}

/** What was attached when it was made; a drive that appeared since is somebody else's, whatever Muster changes. */
function ownDrives(record: WorkerRecord | undefined, config: VmConfig): Json {
  const before = record?.observed?.drives;
  const known = Array.isArray(before) ? before : [];
  const own = [bootDiskKey(config), cloudInitKey(config)].filter((key) => key !== undefined);
  return driveKeys(config).filter((key) => known.includes(key) || own.includes(key));
}

/** The same image has another template on another node: a VM that moved counts as made from the one there. */
function hasMoved(record: WorkerRecord | undefined, vm: VmHandle, spec: WorkerSpec): boolean {
  const { vm: before, image } = record ?? {};
  const known = image !== undefined && image.source !== 'unknown' && image.name === spec.image;
  return known && before !== undefined && before.node !== vm.node;
}

/** A VM that somebody moved to where it is declared now: the record follows it. */
export function recordNode(
  state: State,
  worker: string,
  vm: VmHandle | undefined,
  spec: WorkerSpec,
): State {
  const record = state.workers[worker];
  if (record?.vm === undefined || vm === undefined || record.vm.node === vm.node) return state;
  const image = hasMoved(record, vm, spec) ? imageOf(spec) : undefined;
  return recordVm(state, worker, { ...record.vm, node: vm.node }, image);
}

/** The VM as the record names it. */
export function refOf(vm: VmHandle, config: VmConfig): VmRef {
  const ctime = ctimeOf(config);
  return { ...vm, ...(ctime === undefined ? {} : { ctime }) };
}

function imageOf(spec: WorkerSpec): { readonly name: string; readonly source: string } {
  return imageRecordOf(spec) ?? { name: spec.image, source: 'unknown' };
}

/** Records this worker's declaration. */
export function declare(
  ctx: WorkerContext,
  state: Parameters<typeof recordDeclared>[0],
  spec: WorkerSpec,
): ReturnType<typeof recordDeclared> {
  const at = ctx.worker.desired?.declaredAt ?? ctx.worker.declaredAt;
  const place = at === undefined ? undefined : `${at.file}:${at.line}`;
  return recordDeclared(state, ctx.worker.worker, spec, place);
}
