import { canonicalAddress, IPV4, IPV6, readIp } from '../model/attributes/ip-config.ts';
import { parseNic } from '../model/attributes/nic.ts';
import { nicIndexes } from '../model/attributes/rows-network.ts';
import type { VmConfig } from '../model/inventory.ts';
import type { PreflightLine, WorkerPlan } from '../model/plan.ts';
import type { IpSpec, WorkerSpec } from '../model/worker.ts';
import type { PlanInput } from './plan-input.ts';

type Problem = Omit<PreflightLine, 'worker'>;

/** Addresses and MACs of a worker that another VM, as far as it was seen, has already. */
export function addressClashes(
  plan: WorkerPlan,
  spec: WorkerSpec,
  { inventory }: PlanInput,
  workers: readonly WorkerPlan[],
): readonly Problem[] {
  const wanted = new Set(
    spec.networks.flatMap(({ ipv4, ipv6, mac }) => [
      ...[ipv4, ipv6].flatMap(declaredAddress),
      ...(mac === undefined ? [] : [mac.toUpperCase()]),
    ]),
  );
  if (wanted.size === 0) return [];
  // Another worker of this plan gives its address up, or its declaration clashes and was reported.
  const own = new Set(
    workers.filter(({ uuid }) => uuid !== undefined).map(({ vmid }) => String(vmid)),
  );
  return Object.entries(inventory.configs).flatMap(([vmid, config]) => {
    if (own.has(vmid) || vmid === String(plan.vmid)) return [];
    return claimsOf(config)
      .filter((claim) => wanted.has(claim))
      .map(
        (claim): Problem => ({
          result: 'fail',
          code: 'address-taken',
          message: `${claim} is taken by vm ${vmid} (${config.values.name ?? 'without a name'})`,
          remedy: 'Declare another one.',
        }),
      );
  });
}

function claimsOf(config: VmConfig): readonly string[] {
  return nicIndexes({ config }).flatMap((index) => {
    const { mac } = parseNic(config.values[`net${index}`] ?? '');
    const ip = config.values[`ipconfig${index}`] ?? '';
    const addresses = [readIp(ip, IPV4), readIp(ip, IPV6)].flatMap((value) => {
      const address =
        typeof value === 'object' && value !== null && 'address' in value
          ? value.address
          : undefined;
      return typeof address === 'string' ? [address.replace(/\/.*$/, '')] : [];
    });
    return [...(mac === undefined ? [] : [mac]), ...addresses];
  });
}

function declaredAddress(ip: IpSpec | undefined): readonly string[] {
  if (ip === undefined || typeof ip === 'string') return [];
  return [canonicalAddress(ip.address.replace(/\/.*$/, ''))];
}
