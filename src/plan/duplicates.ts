import { canonicalAddress } from '../model/attributes/ip-config.ts';
import type { Declaration } from '../model/declaration.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { DesiredWorker, IpSpec } from '../model/worker.ts';
import { locateField } from './locate-field.ts';

interface Claim {
  readonly worker: DesiredWorker;
  readonly field: readonly (string | number)[];
  readonly what: string;
}

/** Workers that claim one vmid, one address or one MAC: each pair is an error that shows both places. */
export function duplicates(
  workers: readonly DesiredWorker[],
  declaration: Declaration,
): readonly Diagnostic[] {
  const claims = new Map<string, Claim>();
  return workers.flatMap(claimsOf).flatMap((claim): readonly Diagnostic[] => {
    const first = claims.get(claim.what);
    if (first === undefined) {
      claims.set(claim.what, claim);
      return [];
    }
    return [clash(first, claim, declaration)];
  });
}

function claimsOf(worker: DesiredWorker): readonly Claim[] {
  const { vmid, networks } = worker.spec;
  return [
    ...(vmid === undefined ? [] : [{ worker, field: ['vmid'], what: `vmid ${vmid}` }]),
    ...networks.flatMap((nic, index) => [
      ...(nic.mac === undefined
        ? []
        : [{ worker, field: ['networks', index, 'mac'], what: `MAC ${nic.mac.toUpperCase()}` }]),
      ...(['ipv4', 'ipv6'] as const).flatMap((version) => {
        const address = addressOf(nic[version]);
        if (address === undefined) return [];
        // The same address in two VLANs is two addresses.
        const where = nic.vlan === undefined ? '' : ` in VLAN ${nic.vlan}`;
        const field = ['networks', index, version];
        return [{ worker, field, what: `address ${address}${where}` }];
      }),
    ]),
  ];
}

function clash(a: Claim, b: Claim, declaration: Declaration): Diagnostic {
  const who = a.worker === b.worker ? `worker ${a.worker.name} has twice` : 'two workers have';
  return {
    severity: 'error',
    code: `duplicate-${b.what.split(' ')[0]?.toLowerCase() ?? 'value'}`,
    message: `${who} the ${b.what}`,
    labels: [a, b].map(({ worker, field }) => ({
      ...locateField(declaration, worker, field),
      text: worker.name,
    })),
    remedy: `Give one of them another ${b.what.split(' ')[0]}.`,
  };
}

function addressOf(ip: IpSpec | undefined): string | undefined {
  if (ip === undefined || typeof ip === 'string') return undefined;
  return canonicalAddress(ip.address.split('/')[0] ?? ip.address);
}
