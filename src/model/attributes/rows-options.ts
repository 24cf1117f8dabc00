import { byCodeUnit, type Json } from '../json.ts';
import { lookup } from '../lookup.ts';
import { formatPropertyString, parsePropertyString } from '../property-string.ts';
import type { Attribute, Entry, VmView } from './attribute.ts';
import { isDriveKey } from './disk.ts';
import { setValue } from './draft.ts';

/** Keys that a row of its own manages, and such as nobody declares. `net0` and the like by their stem. */
const NOT_OPTIONS = new Set(
  (
    'name smbios1 description tags cores sockets vcpus cpu memory onboot protection ciupgrade agent template ' +
    'net ipconfig nameserver searchdomain ciuser cipassword sshkeys cicustom ' +
    'efidisk tpmstate digest meta vmgenid lock parent snaptime vmstate runningcpu runningmachine unused pending'
  ).split(' '),
);

/** What PVE takes an unset option for; a written default may disappear from the config. */
const DEFAULTS: Readonly<Record<string, string>> = {
  acpi: '1',
  'allow-ksm': '1',
  autostart: '0',
  bios: 'seabios',
  cpulimit: '0',
  hotplug: 'network,disk,usb',
  keephugepages: '0',
  kvm: '1',
  numa: '0',
  ostype: 'other',
  reboot: '1',
  scsihw: 'lsi',
  shares: '1000',
  tablet: '1',
  tdf: '0',
};

/** Any other PVE option by PVE's own name. Values are text, as PVE shows them. */
export const OPTION_ROWS: readonly Attribute[] = [
  {
    path: 'options.*',
    keys: ['*'],
    cost: 'in-place',
    privileges: [],
    declare: ({ spec }) =>
      Object.entries(spec.options ?? {})
        .map(([key, value]): Entry => [`options.${key}`, canonicalOption(key, value)])
        .sort(([a], [b]) => byCodeUnit(a, b)),
    read: (vm) =>
      optionKeys(vm).map(
        (key): Entry => [`options.${key}`, canonicalOption(key, vm.config.values[key] ?? '')],
      ),
    write: (draft, value, path) =>
      setValue(draft, optionOf(path), typeof value === 'string' ? value : null),
    same: (desired, found) => desired === found,
  },
];

/** The fallback of one option: PVE's default where it has one. */
export function optionFallback(path: string): Json {
  return lookup(DEFAULTS, optionOf(path)) ?? null;
}

/** What a write of this option needs on /vms/ID (fact 39). */
export function optionPrivileges(key: string): readonly string[] {
  const stem = key.replace(/\d+$/, '');
  if (isDriveKey(key) || ['boot', 'bootdisk', 'efidisk', 'tpmstate', 'unused'].includes(stem))
    return ['VM.Config.Disk'];
  if (['numa', 'cpulimit', 'cpuunits', 'affinity', 'cores', 'sockets'].includes(stem))
    return ['VM.Config.CPU'];
  if (['balloon', 'shares', 'hugepages', 'keephugepages', 'allow-ksm'].includes(stem))
    return ['VM.Config.Memory'];
  if (HARDWARE.has(stem)) return ['VM.Config.HWType'];
  return stem === 'citype' ? ['VM.Config.Cloudinit'] : ['VM.Config.Options'];
}

const HARDWARE = new Set(
  (
    'machine scsihw kvm vga serial rng hotplug usb hostpci parallel audio ivshmem watchdog arch ' +
    'tablet keyboard acpi virtiofs amd-sev intel-tdx'
  ).split(' '),
);

function optionKeys(vm: VmView): readonly string[] {
  return Object.keys(vm.config.values)
    .filter((key) => !NOT_OPTIONS.has(key) && !NOT_OPTIONS.has(key.replace(/\d+$/, '')))
    .filter((key) => !isDriveKey(key))
    .sort(byCodeUnit);
}

/** Booleans as 1 and 0, members of a property string in one order, the leading one first. */
function canonicalOption(key: string, value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  const text = String(value).trim();
  if (!text.includes('=') || key === 'boot') return text;
  const members = [...parsePropertyString(text)].sort(([a], [b]) => byCodeUnit(a, b));
  return formatPropertyString(new Map(members));
}

function optionOf(path: string): string {
  return path.slice('options.'.length);
}
