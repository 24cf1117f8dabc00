import { bootDiskKey, driveSize } from '../model/attributes/disk.ts';
import type { VmConfig } from '../model/inventory.ts';
import { lookup } from '../model/lookup.ts';
import { formatSize } from '../model/quantity.ts';
import type { WorkerSpec } from '../model/worker.ts';
import type { PlanInput } from './plan-input.ts';
import { fail, type Problem } from './preflight-problem.ts';
import { contentProblems, wasRead } from './preflight-storage.ts';

/** Can the worker's node make a VM from its image? */
export function imageProblems(spec: WorkerSpec, input: PlanInput): readonly Problem[] {
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
      !wasRead(node, source.volume, 'import', input)
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
    ...diskProblems(spec, source.vmid, input),
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
      `Make a template on ${spec.node} and name it under images: template: { perNode: { ${spec.node}: ... } }`,
    ),
  ];
}

/** The template's disk decides the bus and the least size: PVE shrinks nothing. */
function diskProblems(
  spec: WorkerSpec,
  vmid: number,
  { inventory }: PlanInput,
): readonly Problem[] {
  const config = lookup(inventory.configs, String(vmid));
  const key = config === undefined ? undefined : bootDiskKey(config);
  if (config === undefined || key === undefined) return [];
  return [
    ...(spec.disk.ssd === true && key.startsWith('virtio')
      ? [
          fail(
            'ssd-on-virtio',
            `disk.ssd is not possible: template ${vmid} has its disk on the virtio bus`,
            'Remove disk.ssd, or use a template with a SCSI disk.',
          ),
        ]
      : []),
    ...sizeProblem(spec, vmid, config, key),
  ];
}

function sizeProblem(
  { disk }: WorkerSpec,
  vmid: number,
  config: VmConfig,
  key: string,
): readonly Problem[] {
  const size = driveSize(config.values[key]) ?? 0;
  if (disk.sizeIsFloor || size <= disk.size) return [];
  return [
    fail(
      'disk-smaller-than-image',
      `disk.size is ${formatSize(disk.size)}, and the disk of template ${vmid} has ${formatSize(size)}: disks don't shrink`,
      `Declare at least ${formatSize(size)}.`,
    ),
  ];
}
