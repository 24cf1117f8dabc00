import type { BridgeFacts, Permissions, StorageFacts } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import {
  asMembers,
  asMembersList,
  asOptionalMembers,
  flagOf,
  type Members,
  numberOf,
  optional,
  requiredText,
  textOf,
  wordsOf,
} from './answer-shape.ts';

/** `GET /nodes/N/storage` */
export function readStorages(node: string, data: unknown): readonly StorageFacts[] {
  return asMembersList(data).map((entry) => ({
    node,
    storage: requiredText(entry, 'storage'),
    enabled: flagOf(entry, 'enabled'),
    active: flagOf(entry, 'active'),
    shared: flagOf(entry, 'shared'),
    type: textOf(entry, 'type') ?? '',
    content: [...wordsOf(entry, 'content')].sort(byCodeUnit),
    total: numberOf(entry, 'total') ?? 0,
    available: numberOf(entry, 'avail') ?? 0,
  }));
}

/** `GET /nodes/N/network?type=any_bridge`: Linux and Open vSwitch bridges, and SDN vnets. */
export function readBridges(node: string, data: unknown): readonly BridgeFacts[] {
  return asMembersList(data).map((entry) => ({
    node,
    name: requiredText(entry, 'iface'),
    ...optional('vlanAware', vlanAware(entry)),
  }));
}

function vlanAware(entry: Members): boolean | undefined {
  switch (textOf(entry, 'type')) {
    case 'bridge':
      return flagOf(entry, 'bridge_vlan_aware');
    case 'OVSBridge':
      return true;
    default:
      return undefined;
  }
}

/** `GET /nodes/N/storage/S/content`: volume id → bytes. */
export function readVolumes(data: unknown): Readonly<Record<string, number>> {
  return Object.fromEntries(
    asMembersList(data).map((entry) => [
      requiredText(entry, 'volid'),
      numberOf(entry, 'size') ?? 0,
    ]),
  );
}

/** `GET /access/permissions`: path → privilege → whether it propagates; having it at all is what counts. */
export function readPermissions(data: unknown): Permissions {
  return Object.fromEntries(
    Object.entries(asOptionalMembers(data))
      .sort(([a], [b]) => byCodeUnit(a, b))
      .map(([path, privileges]) => [
        path,
        Object.keys(asOptionalMembers(privileges)).sort(byCodeUnit),
      ]),
  );
}

export interface QuorumAnswer {
  readonly name?: string;
  readonly quorate?: boolean;
}

/** `GET /cluster/status`. A single node that is in no cluster has no entry of its own for that: always quorate. */
export function readClusterStatus(data: unknown): QuorumAnswer {
  const cluster = asMembersList(data).find((entry) => textOf(entry, 'type') === 'cluster');
  if (cluster === undefined) return { quorate: true };
  return { ...optional('name', textOf(cluster, 'name')), quorate: flagOf(cluster, 'quorate') };
}

/** `GET /cluster/ha/resources`: "vm:101" and the like. */
export function readHaGuests(data: unknown): readonly number[] {
  return asMembersList(data).flatMap((entry) => {
    const vmid = /^(?:vm|ct):(\d+)$/.exec(textOf(entry, 'sid') ?? '')?.[1];
    return vmid === undefined ? [] : [Number(vmid)];
  });
}

/** `GET /cluster/replication` */
export function readReplicated(data: unknown): readonly number[] {
  return asMembersList(data).flatMap((entry) => numberOf(entry, 'guest') ?? []);
}

/** `GET /nodes/N/qemu/V/migrate?target=T`: the reasons against an offline migration to T. */
export function readObstacles(target: string, data: unknown): readonly string[] {
  const answer = asMembers(data);
  const notAllowed = asOptionalMembers(asOptionalMembers(answer.not_allowed_nodes)[target]);
  const storages = namesIn(notAllowed.unavailable_storages);
  const obstacles = [
    ...(flagOf(answer, 'running') ? ['it is running'] : []),
    ...storages.map((storage) => `${target} does not have the storage ${storage}`),
    ...blockingResources(notAllowed).map((sid) => `HA rules keep it away from ${sid}`),
    ...namesIn(answer.local_resources).map((device) => `it uses a device of its node: ${device}`),
  ];
  const allowed = namesIn(answer.allowed_nodes);
  if (obstacles.length === 0 && Array.isArray(answer.allowed_nodes) && !allowed.includes(target))
    return [`Proxmox does not name ${target} among the nodes that it can move to`];
  return obstacles;
}

function blockingResources(notAllowed: Members): readonly string[] {
  const list = notAllowed['blocking-ha-resources'];
  return Array.isArray(list)
    ? list.map((entry) => textOf(asOptionalMembers(entry), 'sid') ?? '?')
    : [];
}

function namesIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
