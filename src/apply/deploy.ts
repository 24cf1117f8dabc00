import { configWrite } from '../model/attributes/config-write.ts';
import { firstChanges } from '../model/attributes/diff-attributes.ts';
import { attributesOf, readAttributes } from '../model/attributes/read-attributes.ts';
import { descriptionOf } from '../model/card.ts';
import { StepFailed } from '../model/errors.ts';
import type { PveParams } from '../model/pve-port.ts';
import { isVmidTaken } from '../model/pve-texts.ts';
import { formatDuration, formatSize } from '../model/quantity.ts';
import { clearDoing } from '../model/transitions.ts';
import type { ImageSource } from '../model/worker.ts';
import {
  changeState,
  tellDone,
  tellWarning,
  timeoutsOf,
  type VmHandle,
  type WorkerContext,
} from './context.ts';
import { converge } from './converge.ts';
import { downloadImage } from './download-image.ts';
import { isMade, type Making } from './is-made.ts';
import { storageLane } from './lanes.ts';
import { recordMade } from './record-made.ts';
import { runStep, type Step } from './step.ts';
import { subjectOf } from './subject.ts';
import { IdTaken, placeVm } from './vm-id.ts';

const MAX_IDS = 5;

/**
 * Makes the worker's VM: reserves an id, clones the template or imports the image, writes the configuration
 * and the marks, grows the disk, records it. Any part of it may have been done by an interrupted run.
 */
export async function deploy(ctx: WorkerContext): Promise<VmHandle> {
  const begun = ctx.ports.clock.monotonic();
  const vm = await makeVm(ctx);
  await converge(ctx, vm, true);
  await recordMade(ctx, vm);
  const { disk } = subjectOf(ctx, vm.uuid).spec;
  const place = disk.storage === undefined ? '' : ` on ${disk.storage}`;
  const took = formatDuration(ctx.ports.clock.monotonic() - begun);
  tellDone(ctx, 'deploy', `done in ${took}: vm ${vm.vmid}, ${formatSize(disk.size)}${place}`);
  return vm;
}

/** The id may be taken by somebody else at any moment; then another one is used. */
async function makeVm(ctx: WorkerContext): Promise<VmHandle> {
  const taken: number[] = [];
  for (;;) {
    const { vm, isBegun } = await placeVm(ctx, taken);
    try {
      await runStep(ctx, await makingStep(ctx, vm, isBegun));
      return vm;
    } catch (error) {
      if (!(error instanceof IdTaken) || taken.length >= MAX_IDS) throw error;
      taken.push(vm.vmid);
      tellWarning(ctx, `${error.message}; using another id`);
      await changeState(ctx, (state, worker) => clearDoing(state, worker));
    }
  }
}

async function makingStep(ctx: WorkerContext, vm: VmHandle, isBegun: boolean): Promise<Step> {
  const { spec } = subjectOf(ctx, vm.uuid);
  const source = spec.imageSource;
  if (source === undefined)
    throw new StepFailed(`image ${spec.image} of ${ctx.worker.worker} was not found on ${vm.node}`);
  const lanes = [storageLane(ctx.plan.limits, vm.node, spec.disk.storage ?? '')];
  const task = makingTask(ctx, vm, source);
  const making: Making = { vm, task, mayBeOurs: isBegun };
  const common = {
    vm,
    lanes,
    task,
    timeout: timeoutsOf(ctx).deploy,
    isDone: () => isMade(ctx, making),
  };
  if (source.kind === 'template') {
    const step = cloneStep(ctx, vm, task.node, source);
    return { ...common, ...step, send: () => sendMaking(making, step.send) };
  }
  const volume = source.kind === 'import' ? source.volume : await downloadImage(ctx, vm, source);
  return {
    ...common,
    name: 'create',
    message: `creating vm ${vm.vmid} from ${volume}`,
    waitingFor: 'waiting-for-create',
    send: () =>
      sendMaking(making, () => ctx.ports.pve.write.create(vm.node, creation(ctx, vm, volume))),
  };
}

/** An id that is taken although nothing of ours was ever sent for it is somebody else's, whatever its lock says. */
async function sendMaking(
  making: Making,
  send: () => Promise<string | undefined>,
): Promise<string | undefined> {
  try {
    const upid = await send();
    making.mayBeOurs = true;
    return upid;
  } catch (error) {
    if (isVmidTaken(error) && !making.mayBeOurs)
      throw new IdTaken(making.vm.vmid, 'somebody was quicker');
    making.mayBeOurs = true;
    throw error;
  }
}

function cloneStep(
  ctx: WorkerContext,
  vm: VmHandle,
  from: string,
  source: Extract<ImageSource, { kind: 'template' }>,
): Pick<Step, 'name' | 'message' | 'waitingFor' | 'send'> {
  const { name, spec, identity } = subjectOf(ctx, vm.uuid);
  const full = source.clone === 'full';
  const description = descriptionOf(identity.owner, spec.description, identity.declaredIn);
  return {
    name: 'clone',
    message: `cloning template ${source.vmid} to vm ${vm.vmid}`,
    waitingFor: 'waiting-for-clone',
    send: () =>
      ctx.ports.pve.write.clone(from, source.vmid, {
        newid: vm.vmid,
        name,
        description,
        full,
        ...(from === vm.node ? {} : { target: vm.node }),
        ...(full && spec.disk.storage !== undefined ? { storage: spec.disk.storage } : {}),
        ...(spec.pool === undefined ? {} : { pool: spec.pool }),
      }),
  };
}

/** Everything in one call, marks included (fact: creation takes it all at once, a failed one leaves nothing). */
function creation(ctx: WorkerContext, vm: VmHandle, volume: string): PveParams & { vmid: number } {
  const { name, spec, identity } = subjectOf(ctx, vm.uuid);
  const storage = spec.disk.storage;
  if (storage === undefined) throw new StepFailed(`${name} has no storage for its disk`);
  const base = {
    values: {
      ostype: 'l26',
      scsihw: 'virtio-scsi-single',
      scsi0: `${storage}:0,import-from=${volume}`,
      boot: 'order=scsi0',
      serial0: 'socket',
    },
    digest: '',
  };
  const changes = firstChanges(
    attributesOf(spec, name, identity),
    readAttributes(base, { node: vm.node, vmid: vm.vmid }),
  );
  const { set } = configWrite(base, changes, { diskKey: 'scsi0', storage });
  const pool = spec.pool === undefined ? {} : { pool: spec.pool };
  return { ...base.values, ...set, ...pool, vmid: vm.vmid };
}

/** PVE clones on the template's node, and keeps the new config there until it has ended. */
function makingTask(ctx: WorkerContext, vm: VmHandle, source: ImageSource): Making['task'] {
  if (source.kind !== 'template') return { node: vm.node, type: 'qmcreate', id: vm.vmid };
  const node = ctx.inventory.vms[String(source.vmid)]?.node ?? vm.node;
  return { node, type: 'qmclone', id: source.vmid };
}
