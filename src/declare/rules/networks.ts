import type { Network } from '../../generated/declaration-document.ts';
import { inNetwork, ipVersion, networksOverlap, notAHost, parseCidr } from '../../model/ip.ts';
import type { Mistake, Path } from '../source.ts';
import { isOpen, layersOf, type RuleContext } from './rule.ts';

/** Addresses that are addresses, gateways that can be reached, one way out. */
export function networkRule(context: RuleContext): readonly Mistake[] {
  return layersOf(context).flatMap(({ path, fields }) => [
    ...networksMistakes(fields.networks ?? [], [...path, 'networks']),
    ...(fields.dns?.servers ?? []).flatMap((server, index) =>
      isOpen(server) || ipVersion(server) !== undefined
        ? []
        : [badAddress([...path, 'dns', 'servers', index], 'an IP address')],
    ),
  ]);
}

function networksMistakes(networks: readonly Network[], path: Path): readonly Mistake[] {
  const outward = networks.flatMap((network, index) => (hasWayOut(network) ? [index] : []));
  return [
    ...networks.flatMap((network, index) => [
      ...ipMistakes(network.ipv4, 4, [...path, index, 'ipv4']),
      ...ipMistakes(network.ipv6, 6, [...path, index, 'ipv6']),
      ...mtuMistakes(network, [...path, index]),
    ]),
    ...(outward.length > 1 ? [severalWaysOut(outward, path)] : []),
    ...overlapMistakes(networks, path),
  ];
}

type Ip = Network['ipv4'] | Network['ipv6'];

function hasWayOut({ ipv4, ipv6 }: Network): boolean {
  return [ipv4, ipv6].some(
    (ip) => ip === 'dhcp' || (typeof ip === 'object' && ip.gateway !== undefined),
  );
}

/** Two interfaces that each bring a default route: which one wins is the guest's guess. */
function severalWaysOut(indexes: readonly number[], path: Path): Mistake {
  return {
    code: 'several-gateways',
    message: 'only one network of a worker may use DHCP or have a gateway',
    at: indexes.map((index) => ({ path: [...path, index], text: 'brings a default route' })),
    remedy: 'Give the others a fixed address without a gateway.',
  };
}

/** Two interfaces in one network: the guest answers through either of them. */
function overlapMistakes(networks: readonly Network[], path: Path): readonly Mistake[] {
  const fixed = networks.flatMap((network, index) =>
    (['ipv4', 'ipv6'] as const).flatMap((version) => {
      const ip = network[version];
      const address = typeof ip === 'object' ? ip.address : undefined;
      return address === undefined
        ? []
        : [{ address, place: { path: [...path, index, version, 'address'] } }];
    }),
  );
  return fixed.flatMap(({ address, place }, index) => {
    const other = fixed
      .slice(0, index)
      .find((earlier) => networksOverlap(earlier.address, address));
    if (other === undefined) return [];
    return [
      {
        severity: 'warning',
        code: 'overlapping-networks',
        message: 'two interfaces of one worker are in the same network',
        at: [other.place, place],
        remedy: 'Give each a network of its own, or remove one of them.',
      },
    ];
  });
}

function ipMistakes(ip: Ip, version: 4 | 6, path: Path): readonly Mistake[] {
  if (ip === undefined || typeof ip === 'string') return [];
  const { address, gateway } = ip;
  if (address === undefined)
    return [
      {
        code: 'missing-key',
        message: 'a fixed address needs "address"',
        at: [{ path, part: 'key' }],
      },
    ];
  if (isOpen(address)) return [];
  const example = version === 4 ? '10.20.0.31/24' : '2001:db8::31/64';
  if (parseCidr(address)?.version !== version)
    return [
      badAddress(
        [...path, 'address'],
        `an IPv${version} address with its prefix length, such as ${example}`,
      ),
    ];
  return [
    ...hostMistakes(address, [...path, 'address']),
    ...gatewayMistakes(address, gateway, version, path),
  ];
}

function hostMistakes(address: string, path: Path): readonly Mistake[] {
  const reserved = notAHost(address);
  if (reserved === undefined) return [];
  return [
    {
      code: 'not-a-host',
      message: `${address} is the ${reserved} address, not a host's`,
      at: [{ path }],
      remedy: 'Choose another one.',
    },
  ];
}

function gatewayMistakes(
  address: string,
  gateway: string | undefined,
  version: 4 | 6,
  path: Path,
): readonly Mistake[] {
  if (gateway === undefined || isOpen(gateway)) return [];
  const place = { path: [...path, 'gateway'] };
  if (ipVersion(gateway) !== version) return [badAddress(place.path, `an IPv${version} address`)];
  const isLinkLocal = version === 6 && inNetwork(gateway, 'fe80::/10');
  if (isLinkLocal || inNetwork(gateway, address)) return [];
  return [
    {
      code: 'gateway-outside',
      message: `the gateway ${gateway} is not in the network of ${address}`,
      at: [
        { path: [...path, 'address'], text: 'this network' },
        { ...place, text: "can't be reached from it" },
      ],
      remedy: 'Check the prefix length, and which of the two is wrong.',
    },
  ];
}

function mtuMistakes({ mtu, model = 'virtio' }: Network, path: Path): readonly Mistake[] {
  if (mtu === undefined || model === 'virtio') return [];
  return [
    {
      code: 'bad-value',
      message: 'an MTU can be set for virtio only',
      at: [{ path: [...path, 'mtu'], part: 'key' }],
      remedy: 'Remove it, or use model: virtio.',
    },
  ];
}

function badAddress(path: Path, expected: string): Mistake {
  return { code: 'bad-address', message: `this must be ${expected}`, at: [{ path }] };
}
