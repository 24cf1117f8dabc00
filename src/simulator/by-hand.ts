/** What people do to a cluster behind a tool's back, in the portal or with a screwdriver. */
import {
  powerOff as cutOff,
  restartAgent as restart,
  powerOn as turnOn,
} from './guest/lifetime.ts';
import { randomMac, randomUuid } from './sequence.ts';
import { endTask } from './tasks.ts';
import { diskKey, netKey, parseDrive, parseNic, printDrive, printNic } from './vm/drives.ts';
import { stoppedPower } from './vm/from-spec.ts';
import { addVolume, findVolume, nextDiskName, removeVolume } from './vm/volumes.ts';
import type { Vm, World, WorldChange } from './world.ts';

function vmOf(world: World, vmid: number): Vm {
  const vm = world.vms[String(vmid)];
  if (vm === undefined) throw new Error(`the simulated cluster has no VM ${vmid}`);
  return vm;
}

/** Writes to the VM's file, past every check. */
export function editConfig(
  world: World,
  vmid: number,
  set: Readonly<Record<string, string>>,
  unset: readonly string[] = [],
): void {
  const { config } = vmOf(world, vmid);
  Object.assign(config, set);
  for (const key of unset) delete config[key];
}

/** A disk moved in the portal, its source deleted. */
export function moveDisk(world: World, vmid: number, disk: string, storage: string): void {
  const vm = vmOf(world, vmid);
  const drive = parseDrive(vm.config[disk] ?? '');
  const from = findVolume(world, drive.volume, vm.node);
  const target = world.storages[storage];
  if (from === undefined || target === undefined) throw new Error(`${disk} can't go to ${storage}`);
  const name = nextDiskName(world, target, vmid);
  const { format, size } = from;
  const copy = addVolume(world, target, { vmid, node: vm.node, name, format, size, from });
  vm.config[disk] = printDrive({ volume: copy.volid, options: drive.options });
  removeVolume(world, from.volid, vm.node);
}

export function lockVm(world: World, vmid: number, lock: string | null): void {
  editConfig(world, vmid, lock === null ? {} : { lock }, lock === null ? ['lock'] : []);
}

export function powerOn(world: World, vmid: number): void {
  const vm = vmOf(world, vmid);
  if (vm.power.status === 'stopped') turnOn(world, vm, world.nowMs);
}

/** Pulls the plug. */
export function powerOff(world: World, vmid: number): void {
  cutOff(world, vmOf(world, vmid));
}

/** QEMU doesn't answer any more; the machine counts as running. */
export function hangVm(world: World, vmid: number, hung = true): void {
  vmOf(world, vmid).power.hung = hung;
}

/** The storage under the guest's work items is gone: none of them goes on, and none can be killed. */
export function stickProcesses(world: World, vmid: number): void {
  const { guest } = vmOf(world, vmid).power;
  if (guest === undefined) throw new Error(`vm ${vmid} is off`);
  guest.stuck = true;
  for (const process of guest.processes)
    if (process.name.startsWith('muster-attempt-')) process.endsMs = null;
}

export function deleteVm(world: World, vmid: number): void {
  const vm = vmOf(world, vmid);
  for (const volume of Object.values(world.volumes)) {
    if (volume.vmid === vmid) removeVolume(world, volume.volid, vm.node);
  }
  for (const pool of Object.values(world.pools)) {
    pool.vms = pool.vms.filter((id) => id !== vmid);
  }
  delete world.vms[String(vmid)];
}

/** A bare VM, as somebody else would make it. */
export function addVm(world: World, vmid: number, node: string, name = 'somebody-elses'): Vm {
  const vm: Vm = {
    vmid,
    node,
    config: {
      name,
      memory: '512',
      net0: `virtio=${randomMac(world)},bridge=vmbr0`,
      smbios1: `uuid=${randomUuid(world)}`,
      vmgenid: randomUuid(world),
      meta: `creation-qemu=10.0.13,ctime=${Math.floor(world.nowMs / 1000)}`,
    },
    pending: {},
    pendingDelete: [],
    snapshots: {},
    power: stoppedPower(),
    ignoresShutdown: false,
    backupBytes: 0,
  };
  world.vms[String(vmid)] = vm;
  return vm;
}

/** A container of somebody else. */
export function addContainer(world: World, vmid: number, node: string, name: string): void {
  world.containers = { ...world.containers, [String(vmid)]: { vmid, node, name } };
}

/** A full clone in the portal: new uuid and MACs, everything else as the original. */
export function cloneVm(world: World, vmid: number, newid: number): Vm {
  const source = vmOf(world, vmid);
  const copy = copyVm(world, source, newid);
  copy.config.name = `Copy-of-VM-${source.config.name ?? vmid}`;
  const rest = (source.config.smbios1 ?? '').split(',').filter((part) => !part.startsWith('uuid='));
  copy.config.smbios1 = [`uuid=${randomUuid(world)}`, ...rest].filter(Boolean).join(',');
  for (const key of Object.keys(copy.config).filter((name) => netKey.test(name))) {
    copy.config[key] = printNic({ ...parseNic(copy.config[key] ?? ''), mac: randomMac(world) });
  }
  return copy;
}

/** A backup restored under another id keeps everything; only its creation time is new. */
export function restoreVm(world: World, vmid: number, newid: number): Vm {
  const copy = copyVm(world, vmOf(world, vmid), newid);
  copy.config.meta = `creation-qemu=10.0.13,ctime=${Math.floor(world.nowMs / 1000)}`;
  return copy;
}

function copyVm(world: World, source: Vm, newid: number): Vm {
  const copy: Vm = {
    ...structuredClone(source),
    vmid: newid,
    power: stoppedPower(),
    snapshots: {},
  };
  delete copy.running;
  delete copy.config.template;
  for (const key of Object.keys(copy.config).filter((name) => diskKey.test(name))) {
    const drive = parseDrive(copy.config[key] ?? '');
    const volume = findVolume(world, drive.volume, source.node);
    const storage = volume === undefined ? undefined : world.storages[volume.storage];
    if (volume === undefined || storage === undefined) continue;
    const added = addVolume(world, storage, {
      vmid: newid,
      node: source.node,
      name: drive.volume.includes('cloudinit')
        ? `vm-${newid}-cloudinit`
        : nextDiskName(world, storage, newid),
      format: volume.format,
      size: volume.size,
      from: volume,
    });
    copy.config[key] = printDrive({ ...drive, volume: added.volid });
  }
  world.vms[String(newid)] = copy;
  return copy;
}

/** To another node, with whatever disks it has. */
export function migrate(world: World, vmid: number, node: string): void {
  const vm = vmOf(world, vmid);
  for (const [key, volume] of Object.entries(world.volumes)) {
    if (volume.vmid !== vmid || volume.node !== vm.node) continue;
    delete world.volumes[key];
    volume.node = node;
    world.volumes[`${volume.volid}@${node}`] = volume;
  }
  vm.node = node;
  if (vm.power.guest !== undefined) vm.power.guest.node = node;
}

/** The node doesn't answer from now on. Its machines' state is not known to the others. */
export function loseNode(world: World, name: string, text = 'No route to host'): void {
  const node = world.nodes[name];
  if (node === undefined) throw new Error(`the simulated cluster has no node ${name}`);
  node.status = 'offline';
  node.offlineText = text;
}

/** It comes back after a reboot: nothing runs there, and its tasks were cut off. */
export function returnNode(world: World, name: string): void {
  const node = world.nodes[name];
  if (node === undefined) throw new Error(`the simulated cluster has no node ${name}`);
  node.status = 'online';
  node.bootedMs = world.nowMs;
  for (const vm of Object.values(world.vms)) {
    if (vm.node === name && vm.power.status === 'running') cutOff(world, vm);
  }
  for (const task of world.tasks) {
    if (task.node === name && task.status === 'running') {
      endTask(task, world.nowMs, 'unexpected status');
    }
  }
}

export function restartAgent(world: World, vmid: number): void {
  const { guest } = vmOf(world, vmid).power;
  if (guest !== undefined) restart(guest, world.nowMs);
}

/** The agent dies and stays dead. */
export function killAgent(world: World, vmid: number): void {
  const { guest } = vmOf(world, vmid).power;
  if (guest !== undefined) guest.agentReadyMs = null;
}

export function expireToken(world: World, id: string): void {
  const token = world.access.tokens[id];
  if (token !== undefined) token.expire = Math.max(1, Math.floor(world.nowMs / 1000));
}

export function applyChange(world: World, change: WorldChange): void {
  switch (change.kind) {
    case 'lose-node':
      loseNode(world, change.node, change.text);
      return;
    case 'return-node':
      returnNode(world, change.node);
      return;
    case 'take-vmid':
      addVm(world, change.vmid, change.node);
      return;
    case 'edit-vm':
      editConfig(world, change.vmid, change.set ?? {}, change.unset);
      return;
    case 'lock-vm':
      lockVm(world, change.vmid, change.lock);
      return;
    case 'delete-vm':
      deleteVm(world, change.vmid);
      return;
    case 'power':
      if (change.on) powerOn(world, change.vmid);
      else powerOff(world, change.vmid);
      return;
    case 'restart-agent':
      restartAgent(world, change.vmid);
      return;
    case 'expire-token':
      expireToken(world, change.token);
  }
}
