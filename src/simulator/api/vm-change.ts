import { demand, isRoot, may } from '../access.ts';
import { failed, forbidden, invalid } from '../api-error.ts';
import { waitForLock } from '../locks.ts';
import { isRunning, needVm, vmOn } from '../vm/config.ts';
import { diskKey, netKey, parseDrive } from '../vm/drives.ts';
import { stoppedPower } from '../vm/from-spec.ts';
import { checkDisk, demandImages } from '../vm/new-disks.ts';
import { demandBridge, demandOptions } from '../vm/option-privileges.ts';
import { applyUpdate, checkUpdate, readUpdate } from '../vm/update.ts';
import { findVolume, storageOf, usableStorage } from '../vm/volumes.ts';
import type { Vm } from '../world.ts';
import { type Ctx, flag, type Handler, param, reply, task } from './context.ts';
import { needQuorum } from './vm-power.ts';

const LOCK_MS = 10_000;

export const putConfig: Handler = (ctx) => {
  const vm = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
  needQuorum(ctx);
  const update = readUpdate(ctx.params);
  checkUpdate(ctx.world, ctx.caller, vm, update);
  const waited = waitForLock(ctx.world, `vm:${vm.vmid}`, LOCK_MS);
  applyUpdate(ctx.world, vm, update);
  return reply(null, waited + 40);
};

export const postConfig: Handler = (ctx) => {
  const vm = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
  needQuorum(ctx);
  checkUpdate(ctx.world, ctx.caller, vm, readUpdate(ctx.params));
  return task(ctx, 'qmconfig', String(vm.vmid), { params: ctx.params, afterMs: 40 });
};

export const regenerateCloudInit: Handler = (ctx) => {
  const vm = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
  if (vm.config.lock !== undefined) throw failed(`VM is locked (${vm.config.lock})`);
  return reply(null, 80);
};

export const unlink: Handler = (ctx) => {
  const vm = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
  const update = readUpdate({
    delete: param(ctx, 'idlist'),
    ...(flag(ctx, 'force') ? { force: '1' } : {}),
  });
  checkUpdate(ctx.world, ctx.caller, vm, update);
  applyUpdate(ctx.world, vm, update);
  return reply(null, 40);
};

function checkPool(ctx: Ctx): void {
  const { pool } = ctx.params;
  if (pool !== undefined && ctx.world.pools[pool] === undefined) {
    throw forbidden(`pool '${pool}' does not exist`);
  }
}

function emptyVm(ctx: Ctx, vmid: number, config: Record<string, string>): Vm {
  const vm: Vm = {
    vmid,
    node: ctx.node,
    config,
    pending: {},
    pendingDelete: [],
    snapshots: {},
    power: stoppedPower(),
    ignoresShutdown: false,
    backupBytes: 0,
  };
  ctx.world.vms[String(vmid)] = vm;
  return vm;
}

export const cloneVm: Handler = (ctx) => {
  const { world, params } = ctx;
  const newid = param(ctx, 'newid');
  needQuorum(ctx);
  checkPool(ctx);
  const { target } = params;
  if (target !== undefined && world.nodes[target] === undefined) {
    throw failed(`no such cluster node '${target}'`);
  }
  if (params.storage !== undefined) {
    demandImages(usableStorage(world, params.storage, ctx.node));
  }
  const source = vmOn(world, ctx.node, param(ctx, 'vmid'));
  if (source === undefined) {
    throw failed(
      `unable to find configuration file for VM ${param(ctx, 'vmid')} on node '${ctx.node}'`,
    );
  }
  checkClone(ctx, source);
  const full = params.full === undefined ? source.config.template !== '1' : flag(ctx, 'full');
  if (!full && params.storage !== undefined) {
    throw failed("parameter 'storage' not allowed for linked clones");
  }
  if (!full && source.config.template !== '1' && params.snapname === undefined) {
    throw failed("Linked clone feature is not supported for drive 'scsi0'");
  }
  const other = world.vms[newid] ?? world.containers?.[newid];
  const elsewhere = other !== undefined;
  if (other?.node === ctx.node) {
    throw failed(`unable to create VM ${newid}: config file already exists`);
  }
  if (!elsewhere) {
    emptyVm(ctx, Number(newid), { lock: 'clone', description: ' qmclone temporary file' });
  }
  return task(ctx, 'qmclone', String(source.vmid), {
    data: { newid: Number(newid), full, elsewhere },
    params,
    locks: elsewhere ? [] : [`vm:${newid}`],
    afterMs: 40,
  });
};

/** Locks, the snapshot, space and network rights: refused at once. */
function checkClone(ctx: Ctx, source: Vm): void {
  const { world, caller, params } = ctx;
  if (source.config.lock !== undefined) throw failed(`VM is locked (${source.config.lock})`);
  const snapshot = params.snapname === undefined ? undefined : source.snapshots[params.snapname];
  if (params.snapname !== undefined && snapshot === undefined) {
    throw failed(`snapshot '${params.snapname}' does not exist`);
  }
  const config = snapshot?.config ?? source.config;
  for (const [key, value] of Object.entries(config)) {
    if (!diskKey.test(key)) continue;
    const volid = parseDrive(value).volume;
    if (!volid.includes(':') || volid.includes('iso/')) continue;
    const storage = params.storage ?? storageOf(volid);
    demand(world, caller, `/storage/${storage}`, ['Datastore.AllocateSpace']);
    const shared = findVolume(world, volid, ctx.node)?.node === null;
    if (params.target !== undefined && params.target !== ctx.node && !shared) {
      throw failed(`can't clone VM to node '${params.target}' (VM uses local storage)`);
    }
  }
  for (const [key, value] of Object.entries(config)) {
    if (netKey.test(key)) demandBridge(world, caller, value);
  }
}

export const createVm: Handler = (ctx) => {
  const { world, caller, params } = ctx;
  const vmid = param(ctx, 'vmid');
  needQuorum(ctx);
  checkPool(ctx);
  if (!mayAllocate(ctx)) throw forbidden();
  const pool = params.pool;
  const options = Object.fromEntries(
    Object.entries(params).filter(
      ([key]) => !['node', 'vmid', 'pool', 'start', 'storage'].includes(key),
    ),
  );
  demandOptions(world, caller, vmid, options, (privileges) =>
    privileges.some(
      (privilege) => pool !== undefined && may(world, caller, `/pool/${pool}`, privilege),
    ),
  );
  for (const [key, value] of Object.entries(params)) {
    if (diskKey.test(key)) checkDisk(world, caller, ctx.node, value);
  }
  const other = world.vms[vmid] ?? world.containers?.[vmid];
  if (other !== undefined) {
    const prefix = `unable to create VM ${vmid} - `;
    waitForLock(world, `vm:${vmid}`, 5000, prefix);
    throw failed(`${prefix}VM ${vmid} already exists on node '${other.node}'`);
  }
  emptyVm(ctx, Number(vmid), { lock: 'create' });
  return task(ctx, 'qmcreate', vmid, { params, locks: [`vm:${vmid}`], afterMs: 40 });
};

function mayAllocate(ctx: Ctx): boolean {
  const { pool } = ctx.params;
  return (
    may(ctx.world, ctx.caller, `/vms/${param(ctx, 'vmid')}`, 'VM.Allocate') ||
    (pool !== undefined && may(ctx.world, ctx.caller, `/pool/${pool}`, 'VM.Allocate'))
  );
}

export const destroyVm: Handler = (ctx) => {
  const vm = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
  needQuorum(ctx);
  if (flag(ctx, 'skiplock') && !isRoot(ctx.caller)) {
    throw invalid({ skiplock: 'Only root may use this option.' });
  }
  if (vm.config.protection === '1') {
    throw failed(`can't remove VM ${vm.vmid} - protection mode enabled`);
  }
  if (ctx.world.ha[`vm:${vm.vmid}`] !== undefined && !flag(ctx, 'purge')) {
    throw failed(
      `unable to remove VM ${vm.vmid} - used in HA resources and purge parameter not set.`,
    );
  }
  if (ctx.world.replication.some((job) => job.guest === vm.vmid) && !flag(ctx, 'purge')) {
    throw failed(
      `unable to remove VM ${vm.vmid} - used in replication jobs and purge parameter not set.`,
    );
  }
  if (isRunning(vm)) throw failed(`VM ${vm.vmid} is running - destroy failed`);
  return task(ctx, 'qmdestroy', String(vm.vmid), { params: ctx.params });
};
