import { type Caller, demand, isRoot } from '../access.ts';
import { failed } from '../api-error.ts';
import type { World } from '../world.ts';
import {
  diskKey,
  isCdrom,
  isCloudInit,
  netKey,
  parseDrive,
  parseNic,
  unusedKey,
} from './drives.ts';

const rootOnly = new Set(['lock', 'args', 'hookscript', 'skiplock', 'affinity']);
const cpu = /^(?:cores|cpu|cpulimit|cpuunits|sockets|smp|vcpus|numa\d*)$/;
const memory = /^(?:memory|balloon|shares|hugepages|keephugepages|allow-ksm)$/;
const hardware =
  /^(?:acpi|hotplug|kvm|machine|scsihw|smbios1|tablet|vga|watchdog|audio0|rng0|serial\d+|usb\d+|parallel\d+|vmgenid|arch|ivshmem)$/;
const disk = /^(?:boot|bootdisk|vmstatestorage)$/;
const cloudInit =
  /^(?:ciuser|cipassword|citype|ciupgrade|cicustom|nameserver|searchdomain|sshkeys|ipconfig\d+)$/;

/** Throws unless the caller may set or delete these options of the VM (or of one to be made). */
export function demandOptions(
  world: World,
  caller: Caller,
  vmid: string,
  options: Readonly<Record<string, string | undefined>>,
  allowed: (privileges: readonly string[]) => boolean = () => false,
): void {
  const path = `/vms/${vmid}`;
  for (const [name, value] of Object.entries(options)) {
    if (rootOnly.has(name) && !isRoot(caller)) throw failed(`only root can set '${name}' config`);
    if (name === 'startup') {
      demand(world, caller, '/', ['Sys.Modify']);
      continue;
    }
    const wanted = privilegesFor(name, value);
    if (!allowed(wanted)) demand(world, caller, path, wanted, true);
    if (netKey.test(name) && value !== undefined) demandBridge(world, caller, value);
  }
}

function privilegesFor(name: string, value: string | undefined): readonly string[] {
  if (cpu.test(name)) return ['VM.Config.CPU'];
  if (memory.test(name)) return ['VM.Config.Memory'];
  if (netKey.test(name)) return ['VM.Config.Network'];
  if (cloudInit.test(name)) return ['VM.Config.Cloudinit', 'VM.Config.Network'];
  if (hardware.test(name)) return ['VM.Config.HWType'];
  if (disk.test(name) || unusedKey.test(name)) return ['VM.Config.Disk'];
  if (diskKey.test(name)) return driveRight(value);
  return ['VM.Config.Options'];
}

function driveRight(value: string | undefined): readonly string[] {
  if (value === undefined) return ['VM.Config.Disk'];
  const drive = parseDrive(value);
  if (isCloudInit(drive)) return ['VM.Config.Cloudinit'];
  return isCdrom(drive) ? ['VM.Config.CDROM'] : ['VM.Config.Disk'];
}

/** A bridge is a vnet of the zone `localnetwork`; a vnet has its own zone. */
export function demandBridge(world: World, caller: Caller, nic: string): void {
  const { bridge, tag } = parseNic(nic).options;
  if (bridge === undefined) return;
  const zone = world.vnets[bridge]?.zone ?? 'localnetwork';
  const path = `/sdn/zones/${zone}/${bridge}`;
  demand(world, caller, tag === undefined ? path : `${path}/${tag}`, ['SDN.Use']);
}
