import { bootDiskKey, driveSize, isDriveKey } from '../model/attributes/disk.ts';
import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import type { PreflightLine, WorkerPlan } from '../model/plan.ts';
import { formatSize, GiB } from '../model/quantity.ts';
import type { NetworkSpec, WorkerSpec } from '../model/worker.ts';
import type { PlanInput } from './plan-input.ts';
import { volumesOf } from './plan-needs.ts';
import { addressClashes } from './preflight-addresses.ts';

type Problem = Omit<PreflightLine, 'worker'>;

/** What stands against one worker on its node, first causes first. */
export function workerProblems(
  plan: WorkerPlan,
  input: PlanInput,
  workers: readonly WorkerPlan[],
): readonly PreflightLine[] {
  const spec = plan.desired?.spec;
  if (spec === undefined) return [];
  const node = nodeProblems(spec, input);
  const problems: readonly Problem[] =
    node.length > 0
      ? node
      : [
          ...imageProblems(spec, input),
          ...storageProblems(spec, input),
          ...snippetProblems(spec, input),
          ...spec.networks.flatMap((nic) => bridgeProblems(spec.node, nic, input)),
          ...sizeProblems(spec, input),
          ...addressClashes(plan, spec, input, workers),
        ];
  return problems.map((problem) => ({
    ...problem,
    message: `${plan.worker}: ${problem.message}`,
    worker: plan.worker,
  }));
}

function nodeProblems({ node }: WorkerSpec, { inventory }: PlanInput): readonly Problem[] {
  const facts = lookup(inventory.nodes, node);
  if (facts === undefined) return [];
  if (!facts.online || facts.unreachable !== undefined)
    return [
      {
        result: 'warn',
        code: 'node-unreachable',
        message: `node ${node} does not answer, so nothing on it could be checked`,
      },
    ];
  if (facts.maintenance !== true) return [];
  return [
    {
      result: 'fail',
      code: 'node-maintenance',
      message: `node ${node} is in maintenance`,
      remedy: `End it on that node: ha-manager crm-command node-maintenance disable ${node}`,
    },
  ];
}

function imageProblems(spec: WorkerSpec, input: PlanInput): readonly Problem[] {
  const { image, imageSource: source, node } = spec;
  const { inventory } = input;
  if (source === undefined)
    return [
      fail(
        'image-not-found',
        `no template of image ${image} was found for ${node}`,
        'Make it there, or name it under images.',
      ),
    ];
  if (source.kind === 'import')
    return inventory.volumes[`${node}/${source.volume}`] !== undefined ||
      !wasRead(spec, source.volume, 'import', input)
      ? []
      : [
          fail(
            'image-not-found',
            `${source.volume} is not on ${node}`,
            'Upload it there with content type "import".',
          ),
        ];
  if (source.kind === 'url') return contentProblems(node, source.storage, 'import', input);
  const template = lookup(inventory.vms, String(source.vmid));
  if (template === undefined)
    return [
      fail(
        'template-not-found',
        `template ${source.vmid} is not there, or the token may not see it`,
        'Give the token VM.Audit and VM.Clone on it.',
      ),
    ];
  if (!template.template)
    return [
      fail(
        'template-not-template',
        `vm ${source.vmid} is no template`,
        `Make it one: qm template ${source.vmid}`,
      ),
    ];
  return [
    ...templateElsewhere(spec, source.vmid, template.node, input),
    ...ssdProblem(spec, source.vmid, input),
  ];
}

/** PVE clones to another node only from storage that both share. */
function templateElsewhere(
  spec: WorkerSpec,
  vmid: number,
  at: string,
  input: PlanInput,
): readonly Problem[] {
  if (at === spec.node) return [];
  const config = lookup(input.inventory.configs, String(vmid));
  const key = config === undefined ? undefined : bootDiskKey(config);
  const storage = key === undefined ? undefined : config?.values[key]?.split(':')[0];
  const shared =
    storage === undefined
      ? undefined
      : lookup(input.inventory.storages, `${spec.node}/${storage}`)?.shared;
  if (shared === true || storage === undefined) return [];
  return [
    fail(
      'template-unreachable',
      `template ${vmid} is on ${at}, on storage ${storage}, which ${spec.node} does not share`,
      `Make a template on ${spec.node} and name it under images: template: { perNode: { ${spec.node}: … } }`,
    ),
  ];
}

function ssdProblem(spec: WorkerSpec, vmid: number, { inventory }: PlanInput): readonly Problem[] {
  const config = lookup(inventory.configs, String(vmid));
  if (spec.disk.ssd !== true || config === undefined) return [];
  if (bootDiskKey(config)?.startsWith('virtio') !== true) return [];
  return [
    fail(
      'ssd-on-virtio',
      `disk.ssd is not possible: template ${vmid} has its disk on the virtio bus`,
      'Remove disk.ssd, or use a template with a SCSI disk.',
    ),
  ];
}

function storageProblems(spec: WorkerSpec, input: PlanInput): readonly Problem[] {
  const storage = spec.disk.storage;
  return storage === undefined ? [] : contentProblems(spec.node, storage, 'images', input);
}

function contentProblems(
  node: string,
  storage: string,
  content: string,
  { inventory }: PlanInput,
): readonly Problem[] {
  const known = Object.values(inventory.storages).filter((facts) => facts.node === node);
  if (known.length === 0) return [];
  const facts = lookup(inventory.storages, `${node}/${storage}`);
  const others = known
    .filter((each) => each.enabled && each.content.includes(content))
    .map((each) => each.storage)
    .sort(byCodeUnit);
  const remedy =
    others.length === 0 ? undefined : `On ${node} these take ${content}: ${others.join(', ')}.`;
  if (facts === undefined || !facts.enabled)
    return [
      fail('storage-missing', `storage ${storage} is not there on ${node}, or disabled`, remedy),
    ];
  if (!facts.active)
    return [
      fail(
        'storage-inactive',
        `storage ${storage} is not active on ${node}`,
        `Mend it on ${node}: pvesm status`,
      ),
    ];
  if (facts.content.includes(content)) return [];
  return [
    fail('storage-content', `storage ${storage} on ${node} does not take "${content}"`, remedy),
  ];
}

function snippetProblems(spec: WorkerSpec, input: PlanInput): readonly Problem[] {
  const { cloudInit, node } = spec;
  return [cloudInit?.userData, cloudInit?.networkData, cloudInit?.vendorData].flatMap((volume) => {
    if (volume === undefined || !volume.includes(':')) return [];
    if (input.inventory.volumes[`${node}/${volume}`] !== undefined) return [];
    if (!wasRead(spec, volume, 'snippets', input)) return [];
    // PVE takes a missing snippet without a word, and the VM then does not start.
    return [
      fail(
        'snippet-not-found',
        `snippet ${volume} is not on ${node}`,
        `Copy it to that storage on ${node}.`,
      ),
    ];
  });
}

/** What could not be read says nothing. */
function wasRead(
  spec: WorkerSpec,
  volume: string,
  content: string,
  { inventory }: PlanInput,
): boolean {
  const storage = volume.split(':')[0] ?? '';
  const wanted = volumesOf(spec).some(
    (need) => need.storage === storage && need.content === content,
  );
  return wanted && inventory.unread?.[`volumes ${spec.node}/${storage} ${content}`] === undefined;
}

function bridgeProblems(
  node: string,
  nic: NetworkSpec,
  { inventory }: PlanInput,
): readonly Problem[] {
  const known = Object.values(inventory.bridges).filter((bridge) => bridge.node === node);
  if (known.length === 0) return [];
  const bridge = lookup(inventory.bridges, `${node}/${nic.bridge}`);
  if (bridge === undefined) {
    const names = known
      .map(({ name }) => name)
      .sort(byCodeUnit)
      .join(', ');
    return [
      fail(
        'bridge-missing',
        `${node} has no bridge or vnet ${nic.bridge}`,
        `On ${node} there are: ${names}.`,
      ),
    ];
  }
  if (nic.vlan === undefined || bridge.vlanAware !== false) return [];
  return [
    fail(
      'vlan-unaware',
      `${nic.bridge} on ${node} is not VLAN-aware, so VLAN ${nic.vlan} would not get through`,
      `Make ${nic.bridge} VLAN-aware, or use a bridge that is in that VLAN.`,
    ),
  ];
}

function sizeProblems(spec: WorkerSpec, { inventory }: PlanInput): readonly Problem[] {
  const node = lookup(inventory.nodes, spec.node);
  if (node === undefined || node.cpus === 0) return [];
  const left = node.memory - node.memoryUsed;
  return [
    ...(spec.cpu.cores > node.cpus
      ? [
          fail(
            'too-many-cores',
            `${spec.cpu.cores} vCPUs are asked for, and ${spec.node} has ${node.cpus}: such a VM does not start`,
            `Declare cpu.cores of at most ${node.cpus}, or fewer slots.`,
          ),
        ]
      : []),
    ...(spec.memory > node.memory && node.memory > 0
      ? [
          fail(
            'too-much-memory',
            `${formatSize(spec.memory)} of memory are asked for, and ${spec.node} has ${formatSize(node.memory)}`,
            'Declare less memory, or fewer slots.',
          ),
        ]
      : node.memory > 0 && spec.memory > left
        ? [
            {
              result: 'warn' as const,
              code: 'memory-tight',
              message: `${formatSize(spec.memory)} of memory are asked for, and ${spec.node} has ${formatSize(Math.max(left, 0))} left`,
            },
          ]
        : []),
    ...(spec.memory < GiB / 4
      ? [
          {
            result: 'warn' as const,
            code: 'little-memory',
            message: `${formatSize(spec.memory)} of memory are little for a worker`,
          },
        ]
      : []),
  ];
}

/** A template whose disk is larger than what is declared: PVE can't shrink it. */
export function templateIsLarger(spec: WorkerSpec, { inventory }: PlanInput): boolean {
  const source = spec.imageSource;
  if (source?.kind !== 'template' || spec.disk.sizeIsFloor) return false;
  const config = lookup(inventory.configs, String(source.vmid));
  const key = config === undefined ? undefined : bootDiskKey(config);
  if (key === undefined || !isDriveKey(key)) return false;
  return (driveSize(config?.values[key]) ?? 0) > spec.disk.size;
}

function fail(code: string, message: string, remedy?: string): Problem {
  return { result: 'fail', code, message, ...(remedy === undefined ? {} : { remedy }) };
}
