import type { Network } from '../../generated/declaration-document.ts';
import { canonicalIp } from '../../model/ip.ts';
import type { Mistake, Path } from '../source.ts';
import { isOpen, type RuleContext } from './rule.ts';

interface Claim {
  /** What can be owned once: "vmid 9101". */
  readonly what: string;
  readonly owner: string;
  readonly path: Path;
}

/** Two workers with one vmid, address or MAC. Members of sets are compared when the nodes are known. */
export function duplicateRule({ document }: RuleContext): readonly Mistake[] {
  const { defaults = {}, workers = {} } = document;
  const first = new Map<string, Claim>();
  return Object.entries(workers).flatMap(([owner, fields]) =>
    ['vmid', 'networks'].flatMap((key) => {
      const isOwn = fields[key === 'vmid' ? 'vmid' : 'networks'] !== undefined;
      const layer = isOwn ? fields : defaults;
      const path = isOwn ? ['workers', owner] : ['defaults'];
      const claims =
        key === 'vmid'
          ? vmidClaims(layer.vmid, owner, path)
          : networkClaims(layer.networks ?? [], owner, path);
      return claims.flatMap((claim) => clash(first, claim));
    }),
  );
}

function clash(first: Map<string, Claim>, claim: Claim): readonly Mistake[] {
  const other = first.get(claim.what);
  if (other === undefined) {
    first.set(claim.what, claim);
    return [];
  }
  const [kind = ''] = claim.what.split(' ');
  const who = other.owner === claim.owner ? `${claim.owner} has twice` : 'two workers have';
  return [
    {
      code: `duplicate-${kind.toLowerCase()}`,
      message: `${who} the ${claim.what}`,
      at: [
        { path: other.path, text: other.owner },
        { path: claim.path, text: claim.owner },
      ],
      remedy: `Give one of them another ${kind}.`,
    },
  ];
}

function vmidClaims(vmid: number | undefined, owner: string, path: Path): readonly Claim[] {
  return vmid === undefined ? [] : [{ what: `vmid ${vmid}`, owner, path: [...path, 'vmid'] }];
}

function networkClaims(networks: readonly Network[], owner: string, path: Path): readonly Claim[] {
  return networks.flatMap((network, index) => {
    const here = [...path, 'networks', index];
    const { mac, vlan } = network;
    return [
      ...(mac === undefined
        ? []
        : [{ what: `MAC ${mac.toUpperCase()}`, owner, path: [...here, 'mac'] }]),
      ...(['ipv4', 'ipv6'] as const).flatMap((version) => {
        const ip = network[version];
        const address = typeof ip === 'object' ? ip.address : undefined;
        if (address === undefined || isOpen(address)) return [];
        const canonical = canonicalIp(address.replace(/\/.*/, '')) ?? address;
        // The same address in two VLANs is two addresses.
        const where = vlan === undefined ? '' : ` in VLAN ${vlan}`;
        return [
          { what: `address ${canonical}${where}`, owner, path: [...here, version, 'address'] },
        ];
      }),
    ];
  });
}
