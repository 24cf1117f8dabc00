import { demand } from '../access.ts';
import { failed, invalid } from '../api-error.ts';
import { digestOf, isRunning, needVm } from '../vm/config.ts';
import { diskKey, parseDrive } from '../vm/drives.ts';
import { demandImages } from '../vm/new-disks.ts';
import { findVolume, usableStorage } from '../vm/volumes.ts';
import { type Handler, param, type Reply, reply, task } from './context.ts';
import { needQuorum } from './vm-power.ts';

export const resize: Handler = (ctx) =>
  task(ctx, 'resize', param(ctx, 'vmid'), { params: ctx.params });

export const moveDisk: Handler = (ctx) => {
  const { world, params } = ctx;
  const vm = needVm(world, ctx.node, param(ctx, 'vmid'));
  if (vm.config.lock !== undefined) throw failed(`VM is locked (${vm.config.lock})`);
  if (params.digest !== undefined && params.digest !== digestOf(vm)) {
    throw failed('detected modified configuration - file changed by other user? Try again.');
  }
  const value = vm.config[params.disk ?? ''];
  if (value === undefined) throw failed(`disk '${params.disk}' does not exist`);
  if (params.storage !== undefined) {
    const storage = usableStorage(world, params.storage, ctx.node);
    demand(world, ctx.caller, `/storage/${storage.id}`, ['Datastore.AllocateSpace']);
    demandImages(storage);
    const volume = findVolume(world, parseDrive(value).volume, ctx.node);
    if (volume?.storage === storage.id && (params.format ?? volume.format) === volume.format) {
      throw failed("you can't move to the same storage with same format");
    }
  }
  return task(ctx, 'qmmove', String(vm.vmid), { params });
};

export const migrationPreconditions: Handler = (ctx) => {
  const { world } = ctx;
  const vm = needVm(world, ctx.node, param(ctx, 'vmid'));
  const disks = Object.entries(vm.config).filter(([key]) => diskKey.test(key));
  const local = disks.flatMap(([key, value]) => {
    const volume = findVolume(world, parseDrive(value).volume, ctx.node);
    if (volume === undefined || volume.node === null) return [];
    const seed = volume.volid.includes('cloudinit');
    return [
      {
        volid: volume.volid,
        drivename: key,
        cdrom: seed ? 1 : 0,
        is_cloudinit: seed ? 1 : 0,
        is_unused: 0,
        is_vmstate: 0,
        is_tpmstate: 0,
        is_attached: 1,
        replicate: 1,
        shared: 0,
        ...(seed ? {} : { size: volume.size }),
      },
    ];
  });
  const running = isRunning(vm);
  const others = Object.values(world.nodes).filter((node) => node.name !== ctx.node);
  const online = others.filter((node) => node.status === 'online').map((node) => node.name);
  return reply({
    running: running ? 1 : 0,
    local_disks: local,
    local_resources: [],
    'mapped-resources': [],
    'mapped-resource-info': {},
    'has-dbus-vmstate': 1,
    allowed_nodes: running ? [] : online,
    not_allowed_nodes: {},
  });
};

export const migrate: Handler = (ctx) => {
  const { world, params } = ctx;
  const { target = '' } = params;
  needQuorum(ctx);
  if (world.nodes[target] === undefined) throw failed(`no such cluster node '${target}'`);
  if (target === ctx.node) throw invalid({ target: 'target is local node.' });
  const vm = needVm(world, ctx.node, param(ctx, 'vmid'));
  if (vm.config.lock !== undefined) throw failed(`VM is locked (${vm.config.lock})`);
  return task(ctx, 'qmigrate', String(vm.vmid), { params });
};

export const makeTemplate: Handler = (ctx) => {
  const vm = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
  if (vm.config.lock !== undefined) throw failed(`VM is locked (${vm.config.lock})`);
  if (vm.config.template === '1') throw failed("you can't convert a template to a template");
  if (isRunning(vm)) throw failed("you can't convert a VM to template if VM is running");
  return task(ctx, 'qmtemplate', String(vm.vmid), { params: ctx.params });
};

function snapshotTask(type: string): Handler {
  return (ctx): Reply => task(ctx, type, param(ctx, 'vmid'), { params: ctx.params });
}

export const takeSnapshot = snapshotTask('qmsnapshot');
export const dropSnapshot = snapshotTask('qmdelsnapshot');
export const rollBack = snapshotTask('qmrollback');
