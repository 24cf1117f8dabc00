import { netKey, parseNic } from '../vm/drives.ts';
import type { World } from '../world.ts';
import type { Segment } from '../world-outside.ts';
import { prefixOf, toNumber, toText } from './address.ts';
import type { GuestInterface } from './program.ts';

type Config = Readonly<Record<string, string>>;

/** The guest's interfaces, with the addresses that cloud-init and DHCP give them. */
export function plugIn(world: World, node: string, config: Config): GuestInterface[] {
  return Object.keys(config)
    .filter((key) => netKey.test(key))
    .sort((a, b) => Number(a.slice(3)) - Number(b.slice(3)))
    .map((key, position) => {
      const nic = parseNic(config[key] ?? '');
      const mac = (nic.mac ?? '').toLowerCase();
      const segment =
        nic.options.link_down === '1' ? undefined : segmentOf(world, node, nic.options);
      const ip = keys(config[`ipconfig${key.slice(3)}`] ?? '');
      return {
        name: `eth${position}`,
        mac,
        mtu: Number(nic.options.mtu ?? '1500'),
        ...addressing(world, segment, ip, mac),
        ...(segment === undefined ? {} : { network: segment.id }),
      };
    });
}

function keys(text: string): Config {
  return Object.fromEntries(
    text.split(',').map((part) => [part.split('=')[0] ?? '', part.split('=')[1] ?? '']),
  );
}

function segmentOf(world: World, node: string, options: Config): Segment | undefined {
  const tag = Number(options.tag ?? '0');
  return world.network.segments.find(
    (segment) =>
      segment.bridge === options.bridge &&
      segment.vlan === tag &&
      (segment.nodes === undefined || segment.nodes.includes(node)),
  );
}

function addressing(
  world: World,
  segment: Segment | undefined,
  ip: Config,
  mac: string,
): { addresses: string[]; gateway?: string } {
  const addresses: string[] = [];
  let gateway: string | undefined;
  if (ip.ip === 'dhcp') {
    const lease = segment === undefined ? undefined : leaseFor(world, segment, mac);
    if (lease !== undefined && segment !== undefined) {
      addresses.push(`${lease}/${prefixOf(segment.cidr)}`);
      gateway = segment.gateway;
    }
  } else if (ip.ip !== undefined && ip.ip !== '') {
    addresses.push(ip.ip);
    gateway = ip.gw;
  }
  if (ip.ip6 !== undefined && /[:]/.test(ip.ip6)) addresses.push(ip.ip6);
  return gateway === undefined ? { addresses } : { addresses, gateway };
}

function leaseFor(world: World, segment: Segment, mac: string): string | undefined {
  if (segment.dhcp === undefined) return undefined;
  const known = world.network.leases[`${segment.id}/${mac}`];
  if (known !== undefined) return known;
  const taken = new Set(Object.values(world.network.leases));
  let next = toNumber(segment.dhcp.from) ?? 0;
  while (taken.has(toText(next))) next += 1;
  world.network.leases[`${segment.id}/${mac}`] = toText(next);
  return toText(next);
}

/** Those of the config, else DHCP's; PVE gives its own where neither says anything. */
export function nameServers(
  world: World,
  config: Config,
  interfaces: readonly GuestInterface[],
): string[] {
  if (config.nameserver !== undefined) return config.nameserver.split(/[\s,;]+/).filter(Boolean);
  const plugged = interfaces.find((face) => face.network !== undefined);
  const segment = world.network.segments.find((entry) => entry.id === plugged?.network);
  return [...(segment?.dhcp?.dns ?? world.network.segments[0]?.dhcp?.dns ?? [])];
}
