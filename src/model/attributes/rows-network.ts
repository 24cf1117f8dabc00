import type { Json } from '../json.ts';
import { isTrue } from '../property-string.ts';
import type { NetworkSpec } from '../worker.ts';
import type { Attribute, Entry, VmView } from './attribute.ts';
import { type Draft, editProperty, setValue } from './draft.ts';
import {
  canonicalAddress,
  canonicalIp,
  IPV4,
  IPV6,
  type IpMembers,
  ipMembers,
  readIp,
} from './ip-config.ts';
import { formatNic, type Nic, parseNic } from './nic.ts';

const CLOUD_INIT = ['VM.Config.Cloudinit'];
/** SDN.Use on the bridge's zone comes with it; see privileges.ts. */
const NETWORK = ['VM.Config.Network'];

/** `networks[i]` is `neti` and `ipconfigi`. */
export const NETWORK_ROWS: readonly Attribute[] = [
  {
    path: 'networks[].bridge',
    keys: ['net[]'],
    sub: 'bridge',
    // A NIC that comes or goes changes the network data, and with it cloud-init's instance (fact 50).
    cost: (before, after) => (before === null || after === null ? 'cloud-init-rerun' : 'in-place'),
    privileges: NETWORK,
    declare: ({ spec }) => perNic(spec.networks, 'bridge', (nic) => nic.bridge),
    read: (vm) => readNics(vm, 'bridge', (nic) => nic.rest.get('bridge')),
    write: (draft, value, path) => {
      const index = indexOf(path);
      if (value === null) {
        draft.values.delete(`net${index}`);
        draft.values.delete(`ipconfig${index}`);
      } else editNic(draft, index, (nic) => withMember(nic, 'bridge', value));
    },
  },
  {
    ...nicRow('vlan', 'tag', (nic) => nic.vlan),
    read: (vm) => readNics(vm, 'vlan', (nic) => numberOrText(nic.rest.get('tag'))),
  },
  {
    ...nicRow('mtu', 'mtu', (nic) => nic.mtu),
    read: (vm) => readNics(vm, 'mtu', (nic) => numberOrText(nic.rest.get('mtu'))),
  },
  {
    ...nicRow('firewall', 'firewall', (nic) => nic.firewall),
    fallback: false,
    read: (vm) => readNics(vm, 'firewall', (nic) => isTrue(nic.rest.get('firewall'))),
  },
  {
    ...nicRow('model', 'model', (nic) => nic.model),
    cost: 'cloud-init-rerun',
    fallback: 'virtio',
    read: (vm) => readNics(vm, 'model', (nic) => nic.model),
    write: (draft, value, path) =>
      editExistingNic(draft, indexOf(path), (nic) => ({
        ...nic,
        model: typeof value === 'string' ? value : 'virtio',
      })),
  },
  {
    ...nicRow('mac', 'macaddr', (nic) => nic.mac?.toUpperCase()),
    cost: 'cloud-init-rerun',
    read: (vm) => readNics(vm, 'mac', (nic) => nic.mac),
    write: (draft, value, path) => {
      if (typeof value !== 'string') return;
      editExistingNic(draft, indexOf(path), (nic) => ({ ...nic, mac: value }));
    },
    // No longer declared: the NIC keeps the one it has.
    same: (desired, found) => desired === null || desired === found,
  },
  ipRow('ipv4', IPV4, (nic) => nic.ipv4),
  ipRow('ipv6', IPV6, (nic) => nic.ipv6),
];

export const DNS_ROWS: readonly Attribute[] = [
  {
    path: 'dns.servers',
    keys: ['nameserver'],
    cost: 'cloud-init-rerun',
    privileges: CLOUD_INIT,
    declare: ({ spec }) =>
      spec.dns?.servers === undefined || spec.dns.servers.length === 0
        ? []
        : [['dns.servers', spec.dns.servers.map(canonicalAddress)]],
    read: (vm) => {
      const servers = (vm.config.values.nameserver ?? '').split(/[\s,;]+/).filter((s) => s !== '');
      return servers.length === 0 ? [] : [['dns.servers', servers.map(canonicalAddress)]];
    },
    write: (draft, value) =>
      setValue(draft, 'nameserver', Array.isArray(value) ? value.join(' ') : null),
  },
  {
    path: 'dns.search',
    keys: ['searchdomain'],
    cost: 'cloud-init-rerun',
    privileges: CLOUD_INIT,
    declare: ({ spec }) =>
      spec.dns?.search === undefined ? [] : [['dns.search', spec.dns.search.trim()]],
    read: (vm) => {
      const search = vm.config.values.searchdomain?.trim() ?? '';
      return search === '' ? [] : [['dns.search', search]];
    },
    write: (draft, value) =>
      setValue(draft, 'searchdomain', typeof value === 'string' ? value : null),
  },
];

/** Indexes of the NICs in a config, sorted. */
export function nicIndexes(vm: Pick<VmView, 'config'>): readonly number[] {
  return Object.keys(vm.config.values)
    .map((key) => /^net(\d+)$/.exec(key)?.[1])
    .flatMap((index) => (index === undefined ? [] : [Number(index)]))
    .sort((a, b) => a - b);
}

function nicRow(
  field: string,
  sub: string,
  declared: (nic: NetworkSpec) => Json | undefined,
): Attribute {
  const path = `networks[].${field}`;
  return {
    path,
    keys: ['net[]'],
    sub,
    cost: 'in-place',
    privileges: NETWORK,
    declare: ({ spec }) => perNic(spec.networks, field, declared),
    write: (draft, value, concrete) =>
      editExistingNic(draft, indexOf(concrete), (nic) => withMember(nic, sub, value)),
  };
}

function ipRow(
  field: string,
  members: IpMembers,
  declared: (nic: NetworkSpec) => Parameters<typeof canonicalIp>[0],
): Attribute {
  const path = `networks[].${field}`;
  return {
    path,
    keys: ['ipconfig[]'],
    sub: members.address,
    cost: 'cloud-init-rerun',
    privileges: CLOUD_INIT,
    declare: ({ spec }) => perNic(spec.networks, field, (nic) => canonicalIp(declared(nic))),
    read: (vm) =>
      nicIndexes(vm).flatMap((index): readonly Entry[] => {
        const value = readIp(vm.config.values[`ipconfig${index}`] ?? '', members);
        return value === undefined ? [] : [[`networks[${index}].${field}`, value]];
      }),
    write: (draft, value, concrete) => {
      const index = indexOf(concrete);
      if (!draft.values.has(`net${index}`)) return;
      for (const [member, text] of ipMembers(value, members))
        editProperty(draft, `ipconfig${index}`, member, text);
    },
  };
}

function perNic(
  networks: readonly NetworkSpec[],
  field: string,
  value: (nic: NetworkSpec) => Json | undefined,
): readonly Entry[] {
  return networks.flatMap((nic, index): readonly Entry[] => {
    const member = value(nic);
    return member === undefined ? [] : [[`networks[${index}].${field}`, member]];
  });
}

function readNics(
  vm: VmView,
  field: string,
  value: (nic: Nic) => Json | undefined,
): readonly Entry[] {
  return nicIndexes(vm).flatMap((index): readonly Entry[] => {
    const member = value(parseNic(vm.config.values[`net${index}`] ?? ''));
    return member === undefined ? [] : [[`networks[${index}].${field}`, member]];
  });
}

function editNic(draft: Draft, index: number, edit: (nic: Nic) => Nic): void {
  draft.values.set(`net${index}`, formatNic(edit(parseNic(draft.values.get(`net${index}`) ?? ''))));
}

/** A member of a NIC that is being removed has nowhere to go. */
function editExistingNic(draft: Draft, index: number, edit: (nic: Nic) => Nic): void {
  if (draft.values.has(`net${index}`)) editNic(draft, index, edit);
}

function withMember(nic: Nic, member: string, value: Json): Nic {
  const rest = new Map(nic.rest);
  if (value === null || value === false) rest.delete(member);
  else rest.set(member, value === true ? '1' : String(value));
  return { ...nic, rest };
}

/** The 2 in `networks[2].vlan`. */
function indexOf(path: string): number {
  return Number(/\[(\d+)\]/.exec(path)?.[1]);
}

function numberOrText(text: string | undefined): Json | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : text;
}
