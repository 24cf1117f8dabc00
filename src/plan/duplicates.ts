import { canonicalAddress } from '../model/attributes/ip-config.ts';
import type { Declaration } from '../model/declaration.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { DesiredWorker, IpSpec } from '../model/worker.ts';
import { locateField } from './locate-field.ts';

interface Claim {
  readonly worker: DesiredWorker;
  readonly field: readonly (string | number)[];
  readonly kind: 'vmid' | 'MAC' | 'address';
  /** Which one of that kind. */
  readonly which: string;
}

/** Workers that claim one vmid, one address or one MAC: each pair is an error that shows both places. */
export function duplicates(
  workers: readonly DesiredWorker[],
  declaration: Declaration,
): readonly Diagnostic[] {
  const claims = new Map<string, Claim>();
  return workers.flatMap(claimsOf).flatMap((claim): readonly Diagnostic[] => {
    const what = `${claim.kind} ${claim.which}`;
    const first = claims.get(what);
    if (first === undefined) {
      claims.set(what, claim);
      return [];
    }
    return [clash(first, claim, declaration)];
  });
}

function claimsOf(worker: DesiredWorker): readonly Claim[] {
  const { vmid, networks } = worker.spec;
  const claim = (kind: Claim['kind'], which: string, field: Claim['field']): Claim => ({
    worker,
    field,
    kind,
    which,
  });
  return [
    ...(vmid === undefined ? [] : [claim('vmid', String(vmid), ['vmid'])]),
    ...networks.flatMap((nic, index) => [
      ...(nic.mac === undefined
        ? []
        : [claim('MAC', nic.mac.toUpperCase(), ['networks', index, 'mac'])]),
      ...(['ipv4', 'ipv6'] as const).flatMap((version) => {
        const address = addressOf(nic[version]);
        if (address === undefined) return [];
        // The same address in two VLANs is two addresses.
        const where = nic.vlan === undefined ? '' : ` in VLAN ${nic.vlan}`;
        return [claim('address', `${address}${where}`, ['networks', index, version])];
      }),
    ]),
  ];
}

function clash(a: Claim, b: Claim, declaration: Declaration): Diagnostic {
  const who = a.worker === b.worker ? `worker ${a.worker.name} has twice` : 'two workers have';
  return {
    severity: 'error',
    code: `duplicate-${b.kind.toLowerCase()}`,
    message: `${who} the ${b.kind} ${b.which}`,
    labels: [a, b].map(({ worker, field }) => ({
      ...locateField(declaration, worker, field),
      text: worker.name,
    })),
    remedy: `Give one of them another ${b.kind}.`,
  };
}

function addressOf(ip: IpSpec | undefined): string | undefined {
  if (ip === undefined || typeof ip === 'string') return undefined;
  return canonicalAddress(ip.address.replace(/\/.*$/, ''));
}
