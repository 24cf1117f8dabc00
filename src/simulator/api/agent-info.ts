import type { Guest } from '../guest/program.ts';

const commands = [
  'guest-ping',
  'guest-info',
  'guest-exec',
  'guest-exec-status',
  'guest-file-open',
  'guest-file-read',
  'guest-file-write',
  'guest-file-close',
  'guest-get-osinfo',
  'guest-get-host-name',
  'guest-get-time',
  'guest-get-fsinfo',
  'guest-get-vcpus',
  'guest-get-users',
  'guest-get-timezone',
  'guest-network-get-interfaces',
  'guest-shutdown',
];

export const agentInfo = {
  version: '10.0.13',
  supported_commands: commands.map((name) => ({
    name,
    enabled: true,
    'success-response': true,
  })),
};

export function osInfo(guest: Guest): Record<string, string> {
  const { os } = guest;
  return {
    id: os.id,
    name: os.prettyName.replace(/\s[\d(].*$/, ''),
    'pretty-name': os.prettyName,
    'version-id': os.versionId,
    version: os.versionId,
    'kernel-release': os.kernel,
    'kernel-version': `#1 SMP PREEMPT_DYNAMIC ${os.kernel}`,
    machine: 'x86_64',
  };
}

export function vcpus(guest: Guest): unknown[] {
  return Array.from({ length: guest.cpus }, (_, index) => ({
    'logical-id': index,
    online: true,
    'can-offline': index > 0,
  }));
}

export function fileSystems(guest: Guest): unknown[] {
  return [
    {
      name: 'sda1',
      mountpoint: '/',
      type: 'ext4',
      'total-bytes': Math.floor(guest.diskBytes * 0.95),
      'total-bytes-privileged': Math.floor(guest.diskBytes * 0.98),
      'used-bytes': Math.floor(guest.usedBytes),
      disk: [{ 'bus-type': 'scsi', bus: 0, target: 0, unit: 0, dev: '/dev/sda1' }],
    },
  ];
}

const counters = {
  'rx-bytes': 0,
  'rx-packets': 0,
  'rx-errs': 0,
  'rx-dropped': 0,
  'tx-bytes': 0,
  'tx-packets': 0,
  'tx-errs': 0,
  'tx-dropped': 0,
};

export function interfaces(guest: Guest): unknown[] {
  const loopback = {
    name: 'lo',
    'hardware-address': '00:00:00:00:00:00',
    'ip-addresses': [ipAddress('127.0.0.1/8'), ipAddress('::1/128')],
    statistics: counters,
  };
  const real = guest.interfaces.map((face) => ({
    name: face.name,
    'hardware-address': face.mac,
    'ip-addresses': [...face.addresses, `${linkLocal(face.mac)}/64`].map(ipAddress),
    statistics: counters,
  }));
  return [loopback, ...real];
}

function ipAddress(cidr: string): Record<string, unknown> {
  const [address = '', prefix = '0'] = cidr.split('/');
  return {
    'ip-address': address,
    'ip-address-type': address.includes(':') ? 'ipv6' : 'ipv4',
    prefix: Number(prefix),
  };
}

/** EUI-64: the MAC with ff:fe in its middle and its second bit turned. */
function linkLocal(mac: string): string {
  const bytes = mac.split(':').map((part) => Number.parseInt(part, 16));
  const eui = [(bytes[0] ?? 0) ^ 2, bytes[1], bytes[2], 0xff, 0xfe, bytes[3], bytes[4], bytes[5]];
  const words: string[] = [];
  for (let index = 0; index < 8; index += 2) {
    words.push((((eui[index] ?? 0) << 8) | (eui[index + 1] ?? 0)).toString(16));
  }
  return `fe80::${words.join(':')}`;
}
