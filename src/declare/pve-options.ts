import { didYouMean } from '../model/suggest.ts';

/** VM options of Proxmox VE 9.2 (`PUT …/config`) that may stand under `options:`; `[n]` stands for a number. */
const FREE = (
  'acpi affinity allow-ksm amd-sev arch audio0 autostart bios citype cpulimit cpuunits freeze hostpci[n] hotplug ' +
  'hugepages intel-tdx ivshmem keephugepages keyboard kvm localtime machine migrate_downtime migrate_speed numa ' +
  'numa[n] ostype parallel[n] reboot rng0 scsihw serial[n] shares spice_enhancements startdate tablet tdf usb[n] ' +
  'vga virtiofs[n] vmstatestorage watchdog'
).split(' ');

/** Those that a field of a worker manages: what to write instead. */
const FIELDS: Readonly<Record<string, string>> = {
  name: "the worker's own name",
  description: 'description',
  tags: 'tags',
  cores: 'cpu.cores',
  sockets: 'cpu.cores',
  vcpus: 'cpu.cores',
  smp: 'cpu.cores',
  cpu: 'cpu.type',
  memory: 'memory',
  balloon: 'memory',
  protection: 'protect',
  ciupgrade: 'patch',
  'net[n]': 'networks',
  'ipconfig[n]': 'networks',
  nameserver: 'dns.servers',
  searchdomain: 'dns.search',
  ciuser: 'cloudInit.user',
  cipassword: 'cloudInit.sshKeys',
  sshkeys: 'cloudInit.sshKeys',
  cicustom: 'cloudInit.vendorData, userData and networkData',
  'scsi[n]': 'disk',
  'virtio[n]': 'disk',
  'sata[n]': 'disk',
  'ide[n]': 'disk',
  vmid: 'vmid',
  node: 'node',
};

/** Those that Muster or the image decides, and why. */
const DECIDED: Readonly<Record<string, string>> = {
  agent: 'the guest agent is always on: Muster speaks with it',
  onboot: 'a worker rests powered off',
  startup: 'a worker is started by Muster alone',
  smbios1: "it marks the VM as Muster's",
  vmgenid: 'Proxmox VE draws it',
  template: 'a worker is not a template',
  boot: 'the image decides what it boots from',
  bootdisk: 'the image decides what it boots from',
  cdrom: 'the drive is used for cloud-init',
  efidisk0: 'it comes with the image',
  tpmstate0: 'it comes with the image',
  'unused[n]': 'it names a disk that is not in use',
  delete: 'leave an option out to have it removed',
  digest: 'it is a parameter of the request',
  force: 'it is a parameter of the request',
  revert: 'it is a parameter of the request',
};

/** Proxmox VE takes them from root's own session only, never from a token. */
const ROOT_ONLY = new Set(['args', 'hookscript', 'lock', 'skiplock']);

/** Why an option can't stand under `options:`; undefined when it can. */
export function optionMistake(
  key: string,
): { readonly code: string; readonly message: string; readonly remedy: string } | undefined {
  const stem = key.replace(/\d+$/, '[n]');
  if (FREE.includes(key) || (stem !== key && FREE.includes(stem))) return undefined;
  if (ROOT_ONLY.has(key))
    return {
      code: 'root-only-option',
      message: `only root can set "${key}", and Muster uses a token`,
      remedy: 'Remove it; set it in the template by hand if it is needed.',
    };
  const field = own(FIELDS, key) ?? own(FIELDS, stem);
  if (field !== undefined)
    return {
      code: 'managed-option',
      message: `"${key}" is managed by a field of the worker`,
      remedy: `Use ${field} instead.`,
    };
  const why = own(DECIDED, key) ?? own(DECIDED, stem);
  if (why !== undefined)
    return {
      code: 'managed-option',
      message: `"${key}" can't be set: ${why}`,
      remedy: 'Remove it.',
    };
  return {
    code: 'unknown-option',
    message: `Proxmox VE has no VM option "${key}"`,
    remedy: didYouMean(key, FREE) ?? `Options that can stand here: ${FREE.join(', ')}.`,
  };
}

function own(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
