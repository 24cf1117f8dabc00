import { bootGuest } from '../guest/boot.ts';
import { randomMac, randomUuid } from '../sequence.ts';
import type { VmSpec } from '../spec.ts';
import type { SimStorage, Vm, World } from '../world.ts';
import { coresOf, memoryOf } from './config.ts';
import { printSize } from './drives.ts';
import { addVolume, isDirectory } from './volumes.ts';

const CLOUD_INIT_BYTES = 4 * 1024 ** 2;

/** A VM that has been there for a while. */
export function makeVmFromSpec(world: World, spec: VmSpec, nowMs: number): Vm {
  const storage = world.storages[spec.storage];
  if (storage === undefined) throw new Error(`VM ${spec.vmid}: no storage '${spec.storage}'`);
  const format = isDirectory(storage.type) ? 'qcow2' : 'raw';
  const disk = addVolume(world, storage, {
    vmid: spec.vmid,
    node: spec.node,
    name: `${spec.template ? 'base' : 'vm'}-${spec.vmid}-disk-0`,
    format,
    size: spec.disk,
  });
  if (spec.template) disk.isBase = true;
  if (spec.image !== undefined) disk.image = spec.image;
  const config = configFor(world, spec, storage, disk.volid, nowMs);
  const vm: Vm = {
    vmid: spec.vmid,
    node: spec.node,
    config,
    pending: {},
    pendingDelete: [],
    snapshots: {},
    power: stoppedPower(),
    ignoresShutdown: spec.ignoresShutdown ?? false,
    backupBytes: spec.backupBytes ?? Math.floor(spec.disk / 3),
  };
  if (spec.status === 'running') runSinceLong(world, vm, nowMs);
  return vm;
}

function configFor(
  world: World,
  spec: VmSpec,
  storage: SimStorage,
  disk: string,
  nowMs: number,
): Record<string, string> {
  const image = spec.image === undefined ? undefined : world.images[spec.image];
  const config: Record<string, string> = {
    name: spec.name,
    boot: 'order=scsi0',
    cores: '2',
    memory: '2048',
    cpu: 'x86-64-v2-AES',
    ostype: 'l26',
    scsihw: 'virtio-scsi-single',
    scsi0: `${disk},discard=on,iothread=1,size=${printSize(spec.disk)}`,
    net0: `virtio=${randomMac(world)},bridge=vmbr0`,
    smbios1: `uuid=${randomUuid(world)}`,
    vmgenid: randomUuid(world),
    meta: `creation-qemu=10.0.13,ctime=${Math.floor(nowMs / 1000) - 90 * 86_400}`,
    ...(spec.template ? { template: '1' } : {}),
    ...(spec.image === undefined ? {} : { agent: 'enabled=1' }),
  };
  if (image?.cloudInit) {
    const seed = addVolume(world, storage, {
      vmid: spec.vmid,
      node: spec.node,
      name: `vm-${spec.vmid}-cloudinit`,
      format: 'qcow2',
      size: CLOUD_INIT_BYTES,
    });
    Object.assign(config, {
      ide2: `${seed.volid},media=cdrom`,
      ipconfig0: 'ip=dhcp',
      serial0: 'socket',
      vga: 'serial0',
    });
  }
  return { ...config, ...spec.config };
}

export function stoppedPower(): Vm['power'] {
  return {
    status: 'stopped',
    qmpstatus: 'stopped',
    startedMs: 0,
    pid: 0,
    hung: false,
    bootDoneMs: 0,
  };
}

function runSinceLong(world: World, vm: Vm, nowMs: number): void {
  const startedMs = nowMs - 6 * 24 * 3600_000;
  vm.power = {
    ...stoppedPower(),
    status: 'running',
    qmpstatus: 'running',
    startedMs,
    pid: 2000 + vm.vmid,
  };
  vm.running = {
    config: { ...vm.config },
    cpus: coresOf(vm.config),
    memoryMiB: memoryOf(vm.config),
  };
  bootGuest(world, vm, startedMs);
}
