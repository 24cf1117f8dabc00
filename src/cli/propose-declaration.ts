import type { StarterOptions } from '../declare/starter.ts';
import type { StorageFacts } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import type { ClusterList } from '../model/pve-port.ts';

type Proposal = Pick<StarterOptions, 'nodes' | 'template' | 'storage' | 'storages' | 'vmids'>;

/** What a starter declaration for this cluster says: one worker per node, its templates, storages and free ids. */
export function proposalFor(list: ClusterList): Proposal {
  const nodes = Object.keys(list.nodes).sort(byCodeUnit);
  const template = templateOf(list);
  const storage = storageOf(list, nodes);
  const others = nodes.flatMap((node) => {
    const own =
      storage !== undefined && reaches(list, node, storage) ? undefined : storageOf(list, [node]);
    return own === undefined || own === storage ? [] : [[node, own] as const];
  });
  return {
    nodes,
    ...(template === undefined ? {} : { template }),
    ...(storage === undefined ? {} : { storage }),
    storages: Object.fromEntries(others),
    vmids: freeRange(list, nodes.length),
  };
}

/** The name that most templates have, since every node may have its own copy; else the first one's id. */
function templateOf(list: ClusterList): Proposal['template'] {
  const templates = list.vms
    .filter((vm) => vm.kind === 'qemu' && vm.template)
    .sort((a, b) => a.vmid - b.vmid);
  const names = templates.flatMap(({ name }) => name ?? []);
  const copies = (name: string) => names.filter((each) => each === name).length;
  const [name] = [...new Set(names)].sort((a, b) => copies(b) - copies(a));
  return name === undefined ? templates[0]?.vmid : { name };
}

function reaches(list: ClusterList, node: string, storage: string): boolean {
  return list.storages.some(
    (each) => each.node === node && each.storage === storage && takesImages(each),
  );
}

function takesImages({ enabled, content }: StorageFacts): boolean {
  return enabled && content.includes('images');
}

/** One that takes disk images on the most nodes; ties by name. */
function storageOf(list: ClusterList, nodes: readonly string[]): string | undefined {
  const usable = list.storages.filter((each) => takesImages(each) && nodes.includes(each.node));
  const names = [...new Set(usable.map(({ storage }) => storage))].sort(byCodeUnit);
  const reach = (name: string) => usable.filter(({ storage }) => storage === name).length;
  return names.sort((a, b) => reach(b) - reach(a))[0];
}

/** The first hundred ids from 9100 on in which nothing lives yet; more for more nodes. */
function freeRange(
  list: ClusterList,
  wanted: number,
): { readonly from: number; readonly to: number } {
  const taken = list.vms.map(({ vmid }) => vmid);
  const size = Math.max(100, Math.ceil(wanted / 100) * 100);
  let from = 9100;
  while (taken.some((id) => id >= from && id < from + size)) from += size;
  return { from, to: from + size - 1 };
}
