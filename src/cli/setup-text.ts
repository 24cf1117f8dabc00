import { ATTRIBUTES } from '../model/attributes/rows.ts';
import type { Declaration } from '../model/declaration.ts';
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
    ...bridgeGrants(workers),
  ];
  const roles = [
    { name: 'MusterWorker', privileges: workerPrivileges(workers, pool !== undefined) },
    { name: 'MusterImage', privileges: ['VM.Audit', 'VM.Clone'] },
    { name: 'MusterStorage', privileges: ['Datastore.AllocateSpace', 'Datastore.Audit'] },
    { name: 'MusterDownload', privileges: ['Datastore.AllocateTemplate', 'Datastore.Audit'] },
    { name: 'MusterNode', privileges: ['Sys.AccessNetwork', 'Sys.Audit'] },
    { name: 'MusterNetwork', privileges: ['SDN.Audit', 'SDN.Use'] },
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
  const used = new Set(workers.map(({ spec }) => spec.image));
  const images = Object.entries(declaration.images).filter(([name]) => used.has(name));
  const paths = images.flatMap(([, image]) => {
    if (image.kind !== 'template') return [];
    const { template } = image;
    if (template.by === 'vmid') return [`/vms/${template.vmid}`];
    return template.by === 'node'
      ? Object.values(template.perNode).map((id) => `/vms/${id}`)
      : ['/vms'];
  });
  const downloads = images.flatMap(([, image]) =>
    image.kind === 'url' ? [`/storage/${image.storage}`] : [],
  );
  return [
    ...sorted(paths).map((path) => ({ path, role: 'MusterImage' })),
    ...sorted(downloads).map((path) => ({ path, role: 'MusterDownload' })),
    ...(downloads.length > 0 ? [{ path: '/nodes', role: 'MusterNode' }] : []),
  ];
}

function storageGrants(
  declaration: Declaration,
  workers: readonly DesiredWorker[],
): readonly Grant[] {
  const named = workers.flatMap(({ spec }) => spec.disk.storage ?? []);
  const { storage } = declaration.defaults;
  const imports = Object.values(declaration.images).flatMap((image) =>
    image.kind === 'import' ? [image.volume.split(':')[0] ?? ''] : [],
  );
  const all = [...named, ...(storage === undefined ? [] : [storage]), ...imports];
  const paths = all.length === 0 ? ['/storage'] : all.map((name) => `/storage/${name}`);
  return sorted(paths).map((path) => ({ path, role: 'MusterStorage' }));
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

function bridgesOf(workers: readonly DesiredWorker[]): readonly string[] {
  return workers.flatMap(({ spec }) => spec.networks.map(({ bridge }) => bridge));
}

function isPlainBridge(bridge: string): boolean {
  return /^(vmbr|br|bond)\w*$/.test(bridge);
}

function sorted(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort(byCodeUnit);
}
