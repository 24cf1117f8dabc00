export interface StarterOptions {
  readonly project: string;
  /** The API's address, or `simulator`. */
  readonly endpoint: string;
  /** SHA-256 of a certificate that the system does not trust. */
  readonly fingerprint?: string;
  /** Nodes of a real cluster: one worker is proposed for each. Absent: a set that follows the cluster. */
  readonly nodes?: readonly string[];
  /** A template that every node has, or that all can read. */
  readonly template?: number | { readonly name: string };
  readonly storage?: string;
  /** By node, where that one is not there. */
  readonly storages?: Readonly<Record<string, string>>;
  readonly vmids?: { readonly from: number; readonly to: number };
}

/** The muster.yaml that `muster init` writes. Whatever a cluster calls its nodes, it is valid YAML. */
export function starterDeclaration(options: StarterOptions): string {
  const { project, endpoint, fingerprint, template = { name: 'debian-13' } } = options;
  const { storage = 'local-lvm', vmids = { from: 9100, to: 9199 } } = options;
  return `# Backup workers on Proxmox VE. See what would be done with "muster plan", do it with "muster apply".
#
# For completion in your editor: muster schema > declaration.schema.json, and this as the first line:
# # yaml-language-server: $schema=declaration.schema.json
muster: 1
project: ${quoted(project)}

cluster:
  endpoint: ${quoted(endpoint)}${endpoint === 'simulator' ? ' # or https://pve1.example.net:8006' : ''}
${fingerprint === undefined ? '' : `  tls: { fingerprint: ${quoted(fingerprint)} }\n`}  vmids: { from: ${vmids.from}, to: ${vmids.to} } # new VMs take their ids from here

images:
  debian-13:
    template: ${typeof template === 'number' ? template : `{ name: ${quoted(template.name)} }`} # must hold the QEMU guest agent

# Where backups go: every worker tests that it reaches it.
# repositories:
#   pbs-main:
#     address: pbs.example.net:8007
#     maxConcurrent: 8

defaults:
  image: debian-13
  storage: ${quoted(storage)}

${workers(options)}
# What a night's work is. Secrets come from the environment.
# sessions:
#   nightly:
#     kind: backup
#     items:
#       - forEachVm: { pool: production }
#         name: "vm-\${vm.id}"
#         run: [/usr/local/bin/backup-vm, "\${vm.id}"]
#         repository: pbs-main

guards: { maxDestroy: 1, maxReplace: 1 } # a plan that wants more is refused
`;
}

/** The .gitignore that goes with it. */
export const STARTER_GITIGNORE = `# The state belongs to the machine or backend that applies, not into the repository.
muster*.state.json*
.muster/
*.plan
`;

/** What a number of slots means stands nowhere else in the file. */
const SLOTS =
  '# Slots: items that it runs at once; they size its VM, 2 + slots vCPU and GiB of memory.\n';

function workers({ nodes, storages = {} }: StarterOptions): string {
  if (nodes === undefined || nodes.length === 0)
    return `# One worker on every node; a node that joins the cluster gets one too.
${SLOTS}workerSets:
  everywhere:
    nodes: all
    name: "backup-\${node}"
    worker: { slots: 4 }
`;
  const lines = nodes.map((node) => {
    const own = Object.hasOwn(storages, node) ? storages[node] : undefined;
    const storage = own === undefined ? '' : `, storage: ${quoted(own)}`;
    return `  ${quoted(`backup-${node}`)}: { node: ${quoted(node)}, slots: 4${storage} }`;
  });
  return `# One worker on each node that there is now.\n${SLOTS}workers:\n${lines.join('\n')}\n`;
}

/** Plain where YAML reads it as the same text, else in quotes. */
function quoted(text: string): string {
  return /^[A-Za-z][A-Za-z0-9._-]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
