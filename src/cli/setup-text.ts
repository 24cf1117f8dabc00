import { ATTRIBUTES } from '../model/attributes/rows.ts';
import type { Declaration, ImageSpec } from '../model/declaration.ts';
import { byCodeUnit } from '../model/json.ts';
import type { DesiredWorker } from '../model/worker.ts';
import { expand } from '../plan/expand.ts';
import { shellWord } from '../report/words.ts';

/** Who the printed commands make. */
const USER = 'muster@pve';
const TOKEN = 'ci';

/** Every worker is made, marked, powered, and talked to through its agent. */
const VM_PRIVILEGES = [
  'VM.Allocate',
  'VM.Audit',
  'VM.PowerMgmt',
  'VM.GuestAgent.Audit',
  'VM.GuestAgent.FileRead',
  'VM.GuestAgent.FileWrite',
  'VM.GuestAgent.Unrestricted',
];

/**
 * The pveum commands for a role with no more than this declaration takes, to be run on a node as root. No cluster is
 * asked: before the token exists, none would answer.
 */
export function setupText(declaration: Declaration): string {
  const workers = expandOffline(declaration);
  const { pool } = declaration.cluster;
  const grants = [
    ...vmGrants(declaration, workers),
    ...imageGrants(declaration, workers),
    ...storageGrants(declaration, workers),
    ...nodeGrants(declaration, workers),
    ...bridgeGrants(workers),
    ...sourceGrants(declaration),
  ];
  const downloads = usedImages(declaration, workers).some(({ kind }) => kind === 'url');
  const roles = [
    { name: 'MusterWorker', privileges: workerPrivileges(workers, pool !== undefined) },
    { name: 'MusterImage', privileges: ['VM.Audit', 'VM.Clone'] },
    { name: 'MusterStorage', privileges: ['Datastore.AllocateSpace', 'Datastore.Audit'] },
    { name: 'MusterDownload', privileges: ['Datastore.AllocateTemplate', 'Datastore.Audit'] },
    // Without Sys.Audit a token is not told how many CPUs and how much memory a node has.
    { name: 'MusterNode', privileges: [...(downloads ? ['Sys.AccessNetwork'] : []), 'Sys.Audit'] },
    { name: 'MusterNetwork', privileges: ['SDN.Audit', 'SDN.Use'] },
    {
      name: 'MusterSource',
      privileges: ['VM.Audit', ...(asksAddresses(declaration) ? ['VM.GuestAgent.Audit'] : [])],
    },
  ].filter(({ name }) => grants.some(({ role }) => role === name));
  return `${[
    '# Run on one node as root. Proxmox VE 9; on 8 take VM.Monitor for the four VM.GuestAgent privileges.',
    ...roles.map(
      ({ name, privileges }) => `pveum role add ${name} --privs ${shellWord(privileges.join(','))}`,
    ),
    `pveum user add ${USER} --comment 'Muster backup workers'`,
    ...(pool === undefined
      ? ['# No cluster.pool is declared, so the role holds for every VM; a pool would narrow it.']
      : [`pveum pool add ${shellWord(pool)} --comment 'Muster backup workers'`]),
    ...grants.map(
      ({ path, role }) => `pveum acl modify ${shellWord(path)} --users ${USER} --roles ${role}`,
    ),
    ...vnetNotes(workers),
    ...templateNotes(declaration, workers),
    "# --privsep 0: the token has its user's rights; with 1 it has none until they are granted to it too.",
    `pveum user token add ${USER} ${TOKEN} --privsep 0`,
    `# Then: export MUSTER_PVE_TOKEN='${USER}!${TOKEN}=VALUE' with the value that the last command printed.`,
  ].join('\n')}\n`;
}

interface Grant {
  readonly path: string;
  readonly role: string;
}

/** Explicit nodes, and one that stands for all others; sizes don't matter here. */
function expandOffline(declaration: Declaration): readonly DesiredWorker[] {
  const named = Object.values(declaration.workers).flatMap(({ node }) => node ?? []);
  const sets = Object.values(declaration.workerSets).flatMap(({ nodes, perNode }) => [
    ...(Array.isArray(nodes) ? nodes : ['node']),
    ...Object.keys(perNode),
  ]);
  const node = { cpus: 64, memory: 2 ** 40 };
  const nodes = Object.fromEntries([...named, ...sets].map((name: string) => [name, node]));
  return expand(declaration, { nodes, vms: [], storages: [] }).desired.workers;
}

/** VM.Config.* by the attributes that these workers declare, the tool's own profile and marks included. */
function workerPrivileges(workers: readonly DesiredWorker[], hasPool: boolean): readonly string[] {
  const config = ATTRIBUTES.filter(
    (row) =>
      row.profile === true ||
      workers.some(({ name, spec }) => row.declare({ name, spec }).length > 0),
  ).flatMap(({ privileges }) => privileges.filter((privilege) => privilege.startsWith('VM.')));
  // smbios1 and the cloud-init drive come with every worker.
  const always = ['VM.Config.HWType', 'VM.Config.Disk', 'VM.Config.Options', 'VM.Config.Cloudinit'];
  // A VM that was taken out of the pool, or made before there was one, is put into it.
  const pool = hasPool ? ['Pool.Allocate'] : [];
  return sorted([...VM_PRIVILEGES, ...pool, ...always, ...config]);
}

function vmGrants(declaration: Declaration, workers: readonly DesiredWorker[]): readonly Grant[] {
  if (workers.length === 0) return [];
  const { pool } = declaration.cluster;
  return [{ path: pool === undefined ? '/vms' : `/pool/${pool}`, role: 'MusterWorker' }];
}

/** Templates by vmid; those by name can be anywhere. */
function imageGrants(
  declaration: Declaration,
  workers: readonly DesiredWorker[],
): readonly Grant[] {
  const images = usedImages(declaration, workers);
  const paths = images.flatMap((image) => {
    if (image.kind !== 'template') return [];
    const { template } = image;
    if (template.by === 'vmid') return [`/vms/${template.vmid}`];
    return template.by === 'node'
      ? Object.values(template.perNode).map((id) => `/vms/${id}`)
      : ['/vms'];
  });
  const downloads = images.flatMap((image) =>
    image.kind === 'url' ? [`/storage/${image.storage}`] : [],
  );
  return [
    ...sorted(paths).map((path) => ({ path, role: 'MusterImage' })),
    ...sorted(downloads).map((path) => ({ path, role: 'MusterDownload' })),
  ];
}

function usedImages(
  { images }: Declaration,
  workers: readonly DesiredWorker[],
): readonly ImageSpec[] {
  const used = new Set(workers.map(({ spec }) => spec.image));
  return Object.entries(images).flatMap(([name, image]) => (used.has(name) ? [image] : []));
}

/** The nodes that are named; all of them when a set follows the cluster. */
function nodeGrants(
  { workerSets }: Declaration,
  workers: readonly DesiredWorker[],
): readonly Grant[] {
  const follows = Object.values(workerSets).some(({ nodes }) => !Array.isArray(nodes));
  const paths = follows ? ['/nodes'] : workers.map(({ spec }) => `/nodes/${spec.node}`);
  return sorted(paths).map((path) => ({ path, role: 'MusterNode' }));
}

/** What sessions back up has to be seen. Without a pool of their own, workers' rights hold for every VM anyway. */
function sourceGrants(declaration: Declaration): readonly Grant[] {
  if (declaration.cluster.pool === undefined) return [];
  const paths = selectorsOf(declaration).flatMap(({ pool, vmids }) => {
    if (pool !== undefined) return [`/pool/${pool}`];
    return vmids === undefined ? ['/vms'] : vmids.map((id) => `/vms/${id}`);
  });
  return sorted(paths).map((path) => ({ path, role: 'MusterSource' }));
}

function selectorsOf({ sessions }: Declaration) {
  const items = Object.values(sessions).flatMap((session) => session.items);
  return items.flatMap(({ forEachVm }) => forEachVm ?? []);
}

/** A VM's address is asked from its own guest agent. */
function asksAddresses({ sessions }: Declaration): boolean {
  return JSON.stringify(sessions).includes('${vm.address}');
}

function storageGrants(
  declaration: Declaration,
  workers: readonly DesiredWorker[],
): readonly Grant[] {
  // One that is not named is the image's, or the only one there is: no list tells without a cluster.
  const disks = workers.map(({ spec: { disk } }) =>
    disk.storage === undefined ? '/storage' : `/storage/${disk.storage}`,
  );
  const imports = usedImages(declaration, workers).flatMap((image) =>
    image.kind === 'import' ? [`/storage/${image.volume.split(':')[0] ?? ''}`] : [],
  );
  return sorted([...disks, ...imports]).map((path) => ({ path, role: 'MusterStorage' }));
}

/** Plain bridges are in the zone `localnetwork`; where a vnet's zone is, only the cluster knows. */
function bridgeGrants(workers: readonly DesiredWorker[]): readonly Grant[] {
  return sorted(bridgesOf(workers).filter(isPlainBridge)).map((bridge) => ({
    path: `/sdn/zones/localnetwork/${bridge}`,
    role: 'MusterNetwork',
  }));
}

function vnetNotes(workers: readonly DesiredWorker[]): readonly string[] {
  return sorted(bridgesOf(workers).filter((bridge) => !isPlainBridge(bridge))).map(
    (vnet) =>
      `pveum acl modify ${shellWord(`/sdn/zones/ZONE/${vnet}`)} --users ${USER} --roles MusterNetwork   # put in the zone of this vnet`,
  );
}

function templateNotes(
  declaration: Declaration,
  workers: readonly DesiredWorker[],
): readonly string[] {
  if (!usedImages(declaration, workers).some(({ kind }) => kind === 'template')) return [];
  return [
    "# A clone takes the right to its template's bridges, too: where these are others, give MusterNetwork on them.",
  ];
}

function bridgesOf(workers: readonly DesiredWorker[]): readonly string[] {
  return workers.flatMap(({ spec }) => spec.networks.map(({ bridge }) => bridge));
}

function isPlainBridge(bridge: string): boolean {
  return /^(vmbr|br|bond)\w*$/.test(bridge);
}

function sorted(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort(byCodeUnit);
}
