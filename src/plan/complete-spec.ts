import type { Declaration, ImageSpec } from '../model/declaration.ts';
import type { Diagnostic, Location } from '../model/diagnostic.ts';
import type { StorageFacts, VmFacts } from '../model/inventory.ts';
import { lookup } from '../model/lookup.ts';
import { GiB } from '../model/quantity.ts';
import {
  DEFAULT_CPU_TYPE,
  DEFAULT_PATCH,
  DEFAULT_TIMEOUTS,
  type ImageSource,
  type NetworkSpec,
  type WorkerFields,
  type WorkerSpec,
} from '../model/worker.ts';
import type { ExpandFacts } from './expand-facts.ts';

export interface CompleteContext {
  readonly declaration: Declaration;
  readonly facts: ExpandFacts;
  readonly templates: ReadonlyMap<string, readonly VmFacts[]>;
  readonly declaredAt: Location;
}

export interface Completed {
  readonly spec?: WorkerSpec;
  readonly diagnostics: readonly Diagnostic[];
}

const DEFAULT_SLOTS = 4;
const DEFAULT_DISK = 20 * GiB;

/** Puts the built-in defaults under merged fields: sizing by slots, storage, image and network. */
export function completeSpec(
  name: string,
  fields: WorkerFields,
  context: CompleteContext,
): Completed {
  const { node, image } = fields;
  if (node === undefined) return { diagnostics: [missing(name, 'node', context)] };
  if (image === undefined) return { diagnostics: [missing(name, 'image', context)] };
  const imageSpec = lookup(context.declaration.images, image);
  if (imageSpec === undefined) return { diagnostics: [unknownImage(name, image, context)] };
  const storage = storageOf(name, node, fields, imageSpec, context);
  const imageSource = sourceOf(imageSpec, node, context);
  const slots = fields.slots ?? DEFAULT_SLOTS;
  const { pool } = context.declaration.cluster;
  const spec: WorkerSpec = {
    ...fields,
    node,
    image,
    slots,
    ...(imageSource === undefined ? {} : { imageSource }),
    enabled: fields.enabled ?? true,
    cpu: cpuOf(fields, node, slots, imageSpec, context),
    memory: fields.memory ?? (2 + slots) * GiB,
    disk: diskOf(fields, storage.storage),
    networks: networksOf(fields.networks),
    tags: fields.tags ?? [],
    labels: fields.labels ?? {},
    files: fields.files ?? [],
    checks: fields.checks ?? [],
    deploy: fields.deploy ?? 'onDemand',
    onImageChange: fields.onImageChange ?? 'replace',
    protect: fields.protect ?? false,
    patch: { ...DEFAULT_PATCH, ...fields.patch },
    timeouts: { ...DEFAULT_TIMEOUTS, ...fields.timeouts },
    ...(pool === undefined ? {} : { pool }),
  };
  return { spec, diagnostics: storage.diagnostics };
}

function cpuOf(
  fields: WorkerFields,
  node: string,
  slots: number,
  image: ImageSpec,
  { facts }: CompleteContext,
): WorkerSpec['cpu'] {
  const available = lookup(facts.nodes, node)?.cpus ?? 0;
  const wanted = 2 + slots;
  const cores = fields.cpu?.cores ?? (available > 0 ? Math.min(wanted, available) : wanted);
  const type = fields.cpu?.type ?? (image.kind === 'template' ? undefined : DEFAULT_CPU_TYPE);
  return { cores, ...(type === undefined ? {} : { type }) };
}

function diskOf(fields: WorkerFields, storage: string | undefined): WorkerSpec['disk'] {
  const { disk } = fields;
  return {
    ...disk,
    size: disk?.size ?? DEFAULT_DISK,
    sizeIsFloor: disk?.size === undefined,
    ...(storage === undefined ? {} : { storage }),
  };
}

/** The first NIC asks DHCP when nothing is said about addresses: only one NIC may bring a default route. */
function networksOf(networks: readonly NetworkSpec[] | undefined): readonly NetworkSpec[] {
  const [first, ...others] = networks ?? [{ bridge: 'vmbr0' }];
  if (first === undefined) return [];
  const silent = first.ipv4 === undefined && first.ipv6 === undefined;
  const dhcp = silent && !others.some(bringsRoute);
  return [dhcp ? { ...first, ipv4: 'dhcp' as const } : first, ...others];
}

function bringsRoute({ ipv4, ipv6 }: NetworkSpec): boolean {
  return [ipv4, ipv6].some(
    (ip) => ip === 'dhcp' || ip === 'auto' || (typeof ip === 'object' && ip.gateway !== undefined),
  );
}

/** The image as it is for that node; undefined while its template can't be found. */
function sourceOf(
  image: ImageSpec,
  node: string,
  { templates }: CompleteContext,
): ImageSource | undefined {
  if (image.kind === 'import') return { kind: 'import', volume: image.volume };
  if (image.kind === 'url') {
    const { kind, url, checksum, storage } = image;
    return { kind, url, checksum, storage };
  }
  const { template, clone } = image;
  const vmid =
    template.by === 'vmid'
      ? template.vmid
      : template.by === 'node'
        ? lookup(template.perNode, node)
        : templateByName(templates.get(template.name) ?? [], node);
  return vmid === undefined ? undefined : { kind: 'template', vmid, clone };
}

/** The node's own template, else the lowest id: PVE clones it over when its storage is shared. */
function templateByName(templates: readonly VmFacts[], node: string): number | undefined {
  const own = templates.filter((vm) => vm.node === node);
  const ids = (own.length > 0 ? own : templates).map((vm) => vm.vmid);
  return ids.length === 0 ? undefined : Math.min(...ids);
}

function storageOf(
  name: string,
  node: string,
  fields: WorkerFields,
  image: ImageSpec,
  context: CompleteContext,
): { readonly storage?: string; readonly diagnostics: readonly Diagnostic[] } {
  const declared = fields.disk?.storage ?? fields.storage;
  if (declared !== undefined) return { storage: declared, diagnostics: [] };
  // A clone stays on its template's storage.
  if (image.kind === 'template') return { diagnostics: [] };
  const known = context.facts.storages.filter((storage) => storage.node === node);
  const usable = known.filter(takesImages).map(({ storage }) => storage);
  if (usable.length === 1 && usable[0] !== undefined)
    return { storage: usable[0], diagnostics: [] };
  // A node that does not answer shows no storages: its worker waits anyway.
  if (known.length === 0) return { diagnostics: [] };
  const choice = usable.length === 0 ? 'none' : usable.sort().join(', ');
  return {
    diagnostics: [
      {
        severity: 'error',
        code: 'storage-undecided',
        message: `worker ${name} names no storage, and ${node} has ${usable.length} that take disk images`,
        labels: [context.declaredAt],
        detail: [`storages with content "images" on ${node}: ${choice}`],
        remedy: 'Declare "storage" for it, or once under "defaults".',
      },
    ],
  };
}

function takesImages(storage: StorageFacts): boolean {
  return storage.enabled && storage.content.includes('images');
}

function missing(name: string, field: string, { declaredAt }: CompleteContext): Diagnostic {
  return {
    severity: 'error',
    code: `missing-${field}`,
    message: `worker ${name} has no ${field}`,
    labels: [declaredAt],
    remedy: `Declare "${field}" for it${field === 'image' ? ', or once under "defaults"' : ''}.`,
  };
}

function unknownImage(name: string, image: string, context: CompleteContext): Diagnostic {
  const known = Object.keys(context.declaration.images).sort();
  return {
    severity: 'error',
    code: 'unknown-image',
    message: `worker ${name} uses the image ${image}, which is not declared`,
    labels: [context.declaredAt],
    remedy: `Declare it under "images"${known.length === 0 ? '' : `, or use one of: ${known.join(', ')}`}.`,
  };
}
