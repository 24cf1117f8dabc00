import { type ConfigWrite, configWrite } from '../model/attributes/config-write.ts';
import { diffAttributes, firstChanges } from '../model/attributes/diff-attributes.ts';
import { isShrink, obstacleTo } from '../model/attributes/obstacle.ts';
import { attributesOf, readAttributes } from '../model/attributes/read-attributes.ts';
import { StepFailed } from '../model/errors.ts';
import type { VmConfig } from '../model/inventory.ts';
import type { WorkerSpec } from '../model/worker.ts';
import { specForMade } from '../plan/image-change.ts';
import { requireAgreed } from './changed-meanwhile.ts';
import { recordOf, tellDone, timeoutsOf, type VmHandle, type WorkerContext } from './context.ts';
import { type Proof, requireOurs } from './identity.ts';
import { storageLane } from './lanes.ts';
import { runStep } from './step.ts';
import { ownerPool, subjectOf } from './subject.ts';

/** What a VM still lacks of its declaration. */
interface Gap {
  readonly config: VmConfig;
  readonly write: ConfigWrite;
}

/**
 * Brings a powered-off VM to what is declared: moves its disk, writes its config, grows its disk, regenerates
 * its cloud-init drive, puts it into its pool. Each step reads first what is still missing, so any part of it
 * may already be done. `fresh`: the VM was just made from an image and its marks come with the first write.
 */
export async function converge(ctx: WorkerContext, vm: VmHandle, fresh: boolean): Promise<void> {
  const gap = () => gapOf(ctx, vm, fresh);
  const first = await gap();
  await moveDisk(ctx, vm, gap, first);
  await setConfig(ctx, vm, gap, fresh ? undefined : first);
  await resize(ctx, vm, gap, first);
  await setPool(ctx, vm, first.write);
  if (first.write.regenerateCloudInit && !fresh) await regenerateCloudInit(ctx, vm);
  if (!fresh) await requireNothingPending(ctx, vm);
}

/**
 * The config shows pending values as if they held. A VM that is off takes them at its next start; somebody who
 * powered it on meanwhile keeps them waiting.
 */
async function requireNothingPending(ctx: WorkerContext, vm: VmHandle): Promise<void> {
  const { read } = ctx.ports.pve;
  const keys = await read.pending(vm.node, vm.vmid);
  if (keys.length === 0 || (await read.status(vm.node, vm.vmid)).status === 'stopped') return;
  throw new StepFailed(
    `${keys.join(', ')} of vm ${vm.vmid} on ${vm.node} was written and waits for a power cycle: the VM runs, though it was off when this was planned`,
  );
}

async function gapOf(ctx: WorkerContext, vm: VmHandle, fresh: boolean): Promise<Gap> {
  const proof: Proof = fresh ? 'card' : 'strong';
  const config = await requireOurs(ctx, vm, proof);
  const { spec, identity, name } = subjectOf(ctx, vm.uuid);
  const pool = ownerPool(ctx, vm, fresh);
  const place = { node: vm.node, vmid: vm.vmid, ...(pool === undefined ? {} : { pool }) };
  const found = readAttributes(config, place);
  const record = recordOf(ctx);
  const made = (whole: WorkerSpec) =>
    fresh || record === undefined ? whole : specForMade(record, whole, vm.node);
  const desired = attributesOf(made(spec), name, identity);
  const before = record?.declared;
  const changes = fresh
    ? firstChanges(desired, found)
    : diffAttributes({
        desired,
        found,
        declaredBefore:
          before === undefined ? undefined : attributesOf(made(before), name, identity),
        observed: record?.observed,
      }).filter(({ cost }) => cost !== 'record');
  const storage = spec.disk.storage;
  // What this VM can't take is a finding of its plan.
  const possible = changes.filter(
    (change) => !isShrink(change) && obstacleTo(change, { config, ...place }) === undefined,
  );
  const write = configWrite(config, possible, {
    ...(storage === undefined ? {} : { storage }),
    ...(pool === undefined ? {} : { pool }),
  });
  return { config, write };
}

async function moveDisk(
  ctx: WorkerContext,
  vm: VmHandle,
  gap: () => Promise<Gap>,
  first: Gap,
): Promise<void> {
  const move = first.write.moveDisk;
  if (move === undefined) return;
  await runStep(ctx, {
    name: 'move-disk',
    message: `moving ${move.disk} to ${move.storage}`,
    waitingFor: 'waiting-for-move-disk',
    timeout: timeoutsOf(ctx).deploy,
    vm,
    lanes: [storageLane(ctx.plan.limits, vm.node, move.storage)],
    isDone: async () => (await gap()).write.moveDisk === undefined,
    send: async () => {
      const { config } = await gap();
      return ctx.ports.pve.write.moveDisk(vm.node, vm.vmid, move.disk, move.storage, config.digest);
    },
  });
  tellDone(ctx, 'move-disk', `${move.disk} is on ${move.storage}`);
}

/** A VM that was just made is written whatever it takes; any other one only as its plan was agreed to. */
async function setConfig(
  ctx: WorkerContext,
  vm: VmHandle,
  gap: () => Promise<Gap>,
  agreed: Gap | undefined,
): Promise<void> {
  const nothing = ({ write }: Gap): boolean =>
    Object.keys(write.set).length === 0 && write.remove.length === 0;
  await runStep(ctx, {
    name: 'set-config',
    message: agreed === undefined ? 'writing its configuration' : 'changing its configuration',
    waitingFor: 'waiting-for-config',
    timeout: 3 * 60_000,
    vm,
    isDone: async () => nothing(await gap()),
    send: async () => {
      const { config, write } = await gap();
      if (agreed !== undefined) requireAgreed(agreed.write, write);
      await ctx.ports.pve.write.setConfig(vm.node, vm.vmid, write.set, write.remove, config.digest);
      return undefined;
    },
  });
}

async function resize(
  ctx: WorkerContext,
  vm: VmHandle,
  gap: () => Promise<Gap>,
  first: Gap,
): Promise<void> {
  const grow = first.write.resize;
  if (grow === undefined) return;
  const { spec } = subjectOf(ctx, vm.uuid);
  await runStep(ctx, {
    name: 'resize',
    message: `growing ${grow.disk}`,
    waitingFor: 'waiting-for-resize',
    timeout: 10 * 60_000,
    vm,
    lanes: [storageLane(ctx.plan.limits, vm.node, spec.disk.storage ?? '')],
    isDone: async () => (await gap()).write.resize === undefined,
    send: async () => {
      const { config } = await gap();
      return ctx.ports.pve.write.resize(vm.node, vm.vmid, grow.disk, grow.bytes, config.digest);
    },
  });
}

/** Pools stand in the cluster's list only, which is read only when the plan's inventory says that there is something to do. */
async function setPool(ctx: WorkerContext, vm: VmHandle, write: ConfigWrite): Promise<void> {
  if (write.pool === undefined) return;
  const { pool, join } = write.pool;
  const { pve } = ctx.ports;
  const poolNow = async () =>
    (await pve.read.cluster()).vms.find(({ vmid }) => vmid === vm.vmid)?.pool;
  await runStep(ctx, {
    name: 'set-pool',
    message: `${join ? 'joining' : 'leaving'} pool ${pool}`,
    waitingFor: 'waiting-for-pool',
    timeout: 3 * 60_000,
    vm,
    isDone: async () => (await poolNow()) === (join ? pool : undefined),
    send: async () => {
      await requireOurs(ctx, vm);
      // One request moves it: leaving the old pool first could take away the rights that joining needs.
      await pve.write.setPool(pool, vm.vmid, join);
      return undefined;
    },
  });
}

/** Nothing shows whether the drive is new, and making it anew twice does no harm: done is what was answered. PVE makes it at each start too. */
async function regenerateCloudInit(ctx: WorkerContext, vm: VmHandle): Promise<void> {
  let isAnswered = false;
  await runStep(ctx, {
    name: 'cloud-init',
    message: 'writing its cloud-init drive',
    waitingFor: 'waiting-for-cloud-init',
    timeout: 3 * 60_000,
    vm,
    isDone: async () => isAnswered,
    send: async () => {
      await requireOurs(ctx, vm);
      await ctx.ports.pve.write.regenerateCloudInit(vm.node, vm.vmid);
      isAnswered = true;
      return undefined;
    },
  });
}
