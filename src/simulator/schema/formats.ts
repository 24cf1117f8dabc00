import { cpuModels } from './cpu-models.ts';

/** Says what is wrong with a value of a named format; undefined: nothing. Texts end as PVE's do. */
export type FormatCheck = (value: string) => string | undefined;

const octet = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const ipv4 = new RegExp(`^(?:${octet}\\.){3}${octet}$`);
const ipv4Network = new RegExp(`^(?:${octet}\\.){3}${octet}/(?:[12]?\\d|3[0-2])$`);
const ipv6 = /^(?=.*:)[0-9a-f:.]{2,45}$/i;
const dnsName =
  /^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*$/;
const storageId = /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i;
const volumeId = /^[a-z][a-z0-9\-_.]*[a-z0-9]:\S+$/i;
const configId = /^[a-z][a-z0-9_-]+$/i;
const unicastMac = /^[a-f0-9][02468ace](?::[a-f0-9]{2}){5}$/i;
const tag = /^[a-z0-9_][a-z0-9_\-+.]*$/i;

const models = new Set(Object.values(cpuModels).flat());

function matching(pattern: RegExp, complaint: string): FormatCheck {
  return (value) => (pattern.test(value) ? undefined : `${complaint}\n`);
}

function isAddress(value: string): boolean {
  return ipv4.test(value) || ipv6.test(value);
}

/** A list may be parted by commas, semicolons, blanks or NULs. */
export function splitList(value: string): string[] {
  return value.split(/[,;\s\0]+/).filter((part) => part !== '');
}

function listOf(check: FormatCheck): FormatCheck {
  return (value) => {
    for (const part of splitList(value)) {
      const complaint = check(part);
      if (complaint !== undefined) return complaint;
    }
    return undefined;
  };
}

function checkTags(value: string): string | undefined {
  return splitList(value).every((part) => tag.test(part))
    ? undefined
    : 'invalid characters in tag\n';
}

function checkUrlEncoded(value: string): string | undefined {
  return /^[-%a-zA-Z0-9_.!~*'()]*$/.test(value)
    ? undefined
    : `invalid urlencoded string: ${value}\n`;
}

function checkCpu(value: string): string | undefined {
  const first = value.split(',')[0] ?? '';
  const model = first.startsWith('cputype=') ? first.slice(8) : first;
  if (model.includes('=') || model.startsWith('custom-') || models.has(model)) return undefined;
  return model === 'host' || model === 'max'
    ? undefined
    : `Built-in cputype '${model}' is not defined (missing 'custom-' prefix?)\n`;
}

const boot = /^(?:legacy=)?[acdn]{1,4}$|^order=[a-z0-9]*(?:;[a-z0-9]+)*$/;
const macAddress = matching(unicastMac, 'value does not look like a valid unicast MAC address');
const vmId = matching(/^[1-9]\d{2,8}$/, 'value does not look like a valid VM ID');
const volume = matching(volumeId, 'unable to parse volume ID');

function checkVolumeOrPath(value: string): string | undefined {
  if (value === 'none' || value === 'cdrom' || value.startsWith('/')) return undefined;
  return volumeId.test(value) ? undefined : `unable to parse volume ID '${value}'\n`;
}

export const formats: Readonly<Record<string, FormatCheck>> = {
  'pve-vmid': vmId,
  'pve-vmid-list': listOf(vmId),
  'pve-node': matching(
    /^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$/,
    'value does not look like a valid node name',
  ),
  'pve-storage-id': matching(storageId, 'storage ID contains illegal characters'),
  'pve-poolid': matching(
    /^[A-Za-z0-9.\-_]+(?:\/[A-Za-z0-9.\-_]+){0,2}$/,
    'value does not look like a valid poolid',
  ),
  'pve-configid': matching(configId, 'invalid configuration ID'),
  'pve-configid-list': listOf(matching(configId, 'invalid configuration ID')),
  'pve-bridge-id': (value) =>
    /^[-_.\w\d]+$/.test(value) ? undefined : `invalid bridge ID '${value}'\n`,
  'mac-addr': macAddress,
  'dns-name': (value) =>
    dnsName.test(value) ? undefined : 'value does not look like a valid DNS name\n',
  'disk-size': matching(/^\d+(?:\.\d+)?[KMGT]?$/, 'value does not look like a valid disk size'),
  'address-list': listOf((value) =>
    isAddress(value) || dnsName.test(value)
      ? undefined
      : 'value does not look like a valid address\n',
  ),
  'pve-tag-list': checkTags,
  urlencoded: checkUrlEncoded,
  'pve-vm-cpu-conf': checkCpu,
  'pve-qm-boot': matching(boot, 'invalid boot order'),
  'pve-volume-id': volume,
  'pve-volume-id-or-qm-path': checkVolumeOrPath,
  'pve-volume-id-or-absolute-path': checkVolumeOrPath,
  ipv4: (value) =>
    ipv4.test(value) ? undefined : 'value does not look like a valid IPv4 address\n',
  ipv6: (value) =>
    ipv6.test(value) ? undefined : 'value does not look like a valid IPv6 address\n',
  'pve-ipv4-config': (value) =>
    value === 'dhcp' || ipv4Network.test(value)
      ? undefined
      : 'value does not look like a valid ipv4 network configuration\n',
  'pve-ipv6-config': (value) =>
    value === 'dhcp' || value === 'auto' || /^[0-9a-f:.]+\/\d{1,3}$/i.test(value)
      ? undefined
      : 'value does not look like a valid ipv6 network configuration\n',
};
