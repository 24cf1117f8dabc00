import { randomUuid, sha1 } from '../sequence.ts';
import { systemFiles } from '../systems.ts';
import { bootDisk, parseDrive } from '../vm/drives.ts';
import { findVolume } from '../vm/volumes.ts';
import type { Vm, Volume, World } from '../world.ts';
import type { ImageBehaviour } from '../world-outside.ts';
import { nameServers, plugIn } from './interfaces.ts';
import type { Guest, GuestDisk } from './program.ts';

const VOLATILE = /^\/(?:run|tmp|dev\/shm)\//;

/** Gives a VM that has just been started its guest, if there is a system on its boot disk. */
export function bootGuest(world: World, vm: Vm, startedMs: number): void {
  const volume = bootVolume(world, vm);
  const image = volume?.image === undefined ? undefined : world.images[volume.image];
  if (volume === undefined || image === undefined) return;
  const config = vm.running?.config ?? vm.config;
  const disk = structuredClone(volume.disk ?? freshDisk(volume.image ?? '', image));
  for (const path of Object.keys(disk.files)) if (VOLATILE.test(path)) delete disk.files[path];
  const agentOn = /^(?:enabled=)?1(?:,|$)|,enabled=1/.test(config.agent ?? '');
  const ready = startedMs + image.bootMs;
  const firstRun = image.cloudInit && runCloudInit(disk, config, startedMs);
  const guest: Guest = {
    ...disk,
    vmid: vm.vmid,
    node: vm.node,
    cpus: vm.running?.cpus ?? 1,
    memoryBytes: (vm.running?.memoryMiB ?? 512) * 1024 ** 2,
    diskBytes: volume.size,
    freeBytes: Math.max(0, volume.size * 0.95 - disk.usedBytes),
    interfaces: plugIn(world, vm.node, config),
    dns: { servers: [], search: config.searchdomain ?? '' },
    clockSkewMs: image.clockSkewMs,
    processes: [],
    nextPid: 180,
    bootedMs: startedMs,
    bootId: randomUuid(world),
    agentReadyMs: image.hasAgent && agentOn ? ready : null,
    cloudInitDoneMs: image.cloudInit ? ready + (firstRun ? image.cloudInitMs : 500) : null,
  };
  if (image.cloudInitError !== undefined) guest.cloudInitError = image.cloudInitError;
  guest.dns.servers = nameServers(world, config, guest.interfaces);
  if (image.packagesBusyMs > 0) guest.packages.lockedUntilMs = ready + image.packagesBusyMs;
  guest.rebootRequired = false;
  vm.power.guest = guest;
  vm.power.bootDoneMs = ready;
}

function bootVolume(world: World, vm: Vm): Volume | undefined {
  const key = bootDisk(vm.config);
  return key === undefined
    ? undefined
    : findVolume(world, parseDrive(vm.config[key] ?? '').volume, vm.node);
}

function freshDisk(name: string, image: ImageBehaviour): GuestDisk {
  const files = { ...systemFiles(image.os), ...image.files };
  return {
    hostname: 'localhost',
    os: { ...image.os },
    files: Object.fromEntries(
      Object.entries(files).map(([path, content]) => [path, { content, mode: 0o644, mtimeMs: 0 }]),
    ),
    packages: {
      installed: { ...image.installed },
      upgradable: image.upgradable.map((entry) => ({ ...entry })),
      lockedUntilMs: 0,
      refreshedMs: 0,
    },
    rebootRequired: false,
    image: name,
    cloudInitInstance: '',
    usedBytes: image.usedBytes,
    notes: {},
  };
}

/** The instance id is a digest of user and network data: a changed name or address makes it run again. */
export function instanceId(config: Readonly<Record<string, string>>): string {
  const relevant = Object.keys(config)
    .filter((key) =>
      /^(?:name|ci\w+|ipconfig\d+|nameserver|searchdomain|sshkeys|net\d+)$/.test(key),
    )
    .sort()
    .map((key) => `${key}=${config[key]}`);
  return sha1(relevant.join('\n'));
}

function runCloudInit(
  disk: GuestDisk,
  config: Readonly<Record<string, string>>,
  nowMs: number,
): boolean {
  const hasDrive = Object.values(config).some((value) => /vm-\d+-cloudinit/.test(value));
  if (!hasDrive) return false;
  const instance = instanceId(config);
  if (disk.cloudInitInstance === instance) return false;
  disk.cloudInitInstance = instance;
  disk.hostname = (config.name ?? 'localhost').split('.')[0] ?? 'localhost';
  const write = (path: string, content: string) => {
    disk.files[path] = { content, mode: 0o644, mtimeMs: nowMs };
  };
  write('/etc/hostname', `${disk.hostname}\n`);
  write('/var/lib/cloud/data/instance-id', `${instance}\n`);
  if (config.sshkeys !== undefined) {
    const home =
      config.ciuser === undefined || config.ciuser === 'root' ? '/root' : `/home/${config.ciuser}`;
    write(`${home}/.ssh/authorized_keys`, decodeURIComponent(config.sshkeys));
  }
  return true;
}

/** What the guest wrote goes to its disk; everything else is gone. */
export function keepDisk(world: World, vm: Vm): void {
  const guest = vm.power.guest;
  const volume = bootVolume(world, vm);
  if (guest === undefined || volume === undefined) return;
  volume.disk = structuredClone({
    hostname: guest.hostname,
    os: guest.os,
    files: guest.files,
    packages: guest.packages,
    rebootRequired: guest.rebootRequired,
    image: guest.image,
    cloudInitInstance: guest.cloudInitInstance,
    usedBytes: guest.usedBytes,
    notes: guest.notes,
  });
}
