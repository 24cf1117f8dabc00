import { assertNever } from '../model/assert-never.ts';
import { attributesOf } from '../model/attributes/read-attributes.ts';
import { rowOf } from '../model/attributes/rows.ts';
import { optionPrivileges } from '../model/attributes/rows-options.ts';
import type { Inventory } from '../model/inventory.ts';
import { lookup } from '../model/lookup.ts';
import type { ActionKind, Change, WorkerPlan } from '../model/plan.ts';
import { parsePropertyString } from '../model/property-string.ts';
import type { ImageSource, WorkerSpec } from '../model/worker.ts';

/** Any of these will do; the first is the one to ask for. */
type AnyOf = readonly [string, ...string[]];

/** One privilege that something needs on one path; any of several will do. */
export interface PrivilegeNeed {
  readonly path: string;
  readonly anyOf: AnyOf;
  /** All of these on `/` will do as well. */
  readonly orAtRoot?: readonly string[];
  /** The action that needs it. */
  readonly why: string;
}

/** What decides about networks: templates' configurations, and which bridges are vnets. */
export type NetworkFacts = Pick<Inventory, 'configs' | 'bridges'>;

interface Nic {
  readonly bridge: string;
  readonly vlan?: number | undefined;
}

/** Paths that stand for a VM whose id is not given out yet. */
const NEW_VM = '/vms';

/**
 * What the actions of one worker need, by PVE version: 9 has no VM.Monitor, the agent's rights are its own.
 * A worker that is only configured will be deployed and launched one day, so it is asked for that too.
 */
export function privilegesFor(
  worker: WorkerPlan,
  version: string,
  facts: NetworkFacts,
): readonly PrivilegeNeed[] {
  const { desired } = worker;
  const vm = worker.vmid === undefined ? NEW_VM : `/vms/${worker.vmid}`;
  return worker.actions.flatMap((action): readonly PrivilegeNeed[] => {
    switch (action) {
      case 'shutdown':
        return needs(vm, [['VM.PowerMgmt'], ['VM.Audit']], action);
      case 'destroy':
        return needs(vm, [['VM.Allocate'], ['VM.PowerMgmt'], ['VM.Audit']], action);
      case 'forget':
      case 'rename':
        return [];
      case 'adopt':
        return needs(vm, [['VM.Audit']], action);
      case 'update':
        return updateNeeds(vm, worker, desired?.spec, action, facts);
      case 'configure':
        // With a VM already there only the record changes.
        return desired === undefined || worker.uuid !== undefined
          ? []
          : [...deployNeeds(vm, desired.spec, action, facts), ...launchNeeds(vm, version, action)];
      case 'deploy':
      case 'replace':
        return desired === undefined ? [] : deployNeeds(vm, desired.spec, action, facts);
      case 'test':
      case 'session':
        return launchNeeds(vm, version, action);
      default:
        return assertNever(action);
    }
  });
}

/** All that the workers of a declaration ever need: what the least-privilege role has to hold. */
function deployNeeds(
  vm: string,
  spec: WorkerSpec,
  why: ActionKind,
  facts: NetworkFacts,
): readonly PrivilegeNeed[] {
  const paths = Object.keys(attributesOf(spec, 'x'));
  return [
    ...needs(vm, [['VM.Allocate'], ['VM.Audit'], ['VM.PowerMgmt']], why),
    ...sourceNeeds(spec.imageSource, spec.node, why),
    ...(spec.disk.storage === undefined
      ? []
      : needs(`/storage/${spec.disk.storage}`, [['Datastore.AllocateSpace']], why)),
    ...attributeNeeds(
      vm,
      [...paths, 'marks'].filter((path) => path !== 'node'),
      why,
    ),
    ...bridgeNeeds(spec.node, [...spec.networks, ...nicsOf(spec.imageSource, facts)], why, facts),
    ...(spec.pool === undefined
      ? []
      : needs(`/pool/${spec.pool}`, [['Pool.Allocate', 'VM.Allocate']], why)),
  ];
}

/** Power, and the guest agent. */
function launchNeeds(vm: string, version: string, why: ActionKind): readonly PrivilegeNeed[] {
  const agent: readonly AnyOf[] = version.startsWith('8.')
    ? [['VM.Monitor']]
    : [
        ['VM.GuestAgent.Audit', 'VM.GuestAgent.Unrestricted'],
        ['VM.GuestAgent.Unrestricted'],
        ['VM.GuestAgent.FileRead', 'VM.GuestAgent.Unrestricted'],
        ['VM.GuestAgent.FileWrite', 'VM.GuestAgent.Unrestricted'],
      ];
  return needs(vm, [['VM.PowerMgmt'], ['VM.Audit'], ...agent], why);
}

function updateNeeds(
  vm: string,
  { changes }: WorkerPlan,
  spec: WorkerSpec | undefined,
  why: ActionKind,
  facts: NetworkFacts,
): readonly PrivilegeNeed[] {
  const written = changes.filter(({ cost }) => cost !== 'record');
  const paths = written.map(({ path }) => path);
  const grows = paths.some((path) => path === 'disk.size' || path === 'disk.storage');
  const storage = spec?.disk.storage;
  return [
    ...needs(vm, [['VM.Audit']], why),
    ...attributeNeeds(vm, paths, why),
    ...(grows && storage !== undefined
      ? needs(`/storage/${storage}`, [['Datastore.AllocateSpace']], why)
      : []),
    ...(spec !== undefined && paths.some((path) => path.startsWith('networks['))
      ? bridgeNeeds(spec.node, spec.networks, why, facts)
      : []),
    ...written.filter(({ path }) => path === 'pool').flatMap((change) => poolNeeds(change, why)),
  ];
}

/** A deploy makes the VM in its pool; one that is there is moved, out of one and into another. */
function poolNeeds({ before, after }: Change, why: string): readonly PrivilegeNeed[] {
  return [before, after].flatMap((pool) =>
    typeof pool === 'string' ? needs(`/pool/${pool}`, [['Pool.Allocate']], why) : [],
  );
}

function attributeNeeds(
  vm: string,
  paths: readonly string[],
  why: string,
): readonly PrivilegeNeed[] {
  return paths.flatMap((path) => {
    const privileges = path.startsWith('options.')
      ? optionPrivileges(path.slice('options.'.length))
      : (rowOf(path)?.privileges ?? []);
    return privileges.map((privilege): PrivilegeNeed => {
      // VM.Config.Network covers cloud-init's keys too (fact 39).
      const other = privilege === 'VM.Config.Cloudinit' ? ['VM.Config.Network'] : [];
      return { path: vm, anyOf: [privilege, ...other], why };
    });
  });
}

/** Plain bridges are in the zone `localnetwork`; where a vnet's zone is, no list says, so a right on any will do. */
function bridgeNeeds(
  node: string,
  nics: readonly Nic[],
  why: string,
  { bridges }: NetworkFacts,
): readonly PrivilegeNeed[] {
  return nics.map(({ bridge, vlan }) => {
    const known = lookup(bridges, `${node}/${bridge}`);
    const zone = known !== undefined && known.vlanAware === undefined ? '*' : 'localnetwork';
    const tag = vlan === undefined ? '' : `/${vlan}`;
    return { path: `/sdn/zones/${zone}/${bridge}${tag}`, anyOf: ['SDN.Use'], why };
  });
}

/** A clone takes the right to its template's networks too, before they are exchanged. */
function nicsOf(source: ImageSource | undefined, { configs }: NetworkFacts): readonly Nic[] {
  if (source?.kind !== 'template') return [];
  const values = lookup(configs, String(source.vmid))?.values ?? {};
  return Object.entries(values).flatMap(([key, value]) => {
    const nic = /^net\d+$/.test(key) ? parsePropertyString(value) : undefined;
    const bridge = nic?.get('bridge');
    const tag = nic?.get('tag');
    return bridge === undefined
      ? []
      : [{ bridge, vlan: tag === undefined ? undefined : Number(tag) }];
  });
}

function sourceNeeds(
  source: ImageSource | undefined,
  node: string,
  why: string,
): readonly PrivilegeNeed[] {
  switch (source?.kind) {
    case undefined:
      return [];
    case 'template':
      return needs(`/vms/${source.vmid}`, [['VM.Clone'], ['VM.Audit']], why);
    case 'import':
      return needs(
        `/storage/${source.volume.split(':')[0]}`,
        [['Datastore.Audit', 'Datastore.AllocateSpace']],
        why,
      );
    case 'url':
      return [
        ...needs(`/storage/${source.storage}`, [['Datastore.AllocateTemplate']], why),
        {
          path: `/nodes/${node}`,
          anyOf: ['Sys.AccessNetwork'],
          orAtRoot: ['Sys.Audit', 'Sys.Modify'],
          why,
        },
      ];
    default:
      return assertNever(source);
  }
}

function needs(path: string, privileges: readonly AnyOf[], why: string): readonly PrivilegeNeed[] {
  return privileges.map((anyOf) => ({ path, anyOf, why }));
}
