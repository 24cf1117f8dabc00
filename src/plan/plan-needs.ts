import type { Inventory } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import type { Plan, WorkerPlan } from '../model/plan.ts';
import type { DesiredWorker, WorkerSpec } from '../model/worker.ts';

/** What the second read of the cluster has to bring, so that this draft of a plan can be checked. */
export interface PlanNeeds {
  readonly nodes: readonly string[];
  readonly templates: readonly { readonly node: string; readonly vmid: number }[];
  readonly volumes: readonly VolumeNeed[];
  readonly permissions: boolean;
  readonly ha: boolean;
}

export interface VolumeNeed {
  readonly node: string;
  readonly storage: string;
  readonly content: string;
}

/** Nothing at all for a plan without actions: an empty plan costs no further request. */
export function planNeeds(plan: Plan, inventory: Inventory): PlanNeeds {
  const active = plan.workers.filter(({ actions }) => actions.length > 0);
  const making = active.filter(isMaking);
  const nodes = new Set(making.flatMap(({ node, desired }) => [node, desired.spec.node]));
  return {
    nodes: [...nodes].sort(byCodeUnit),
    templates: making.flatMap((worker) => templateOf(worker, inventory)),
    volumes: making.flatMap(({ desired }) => volumesOf(desired.spec)),
    permissions: active.length > 0,
    ha: active.some(({ uuid }) => uuid !== undefined),
  };
}

export type DeclaredPlan = WorkerPlan & { readonly desired: DesiredWorker };

/** Workers for which something is, or soon will be, made on their node. */
export function isMaking(worker: WorkerPlan): worker is DeclaredPlan {
  const kinds = ['configure', 'deploy', 'update', 'replace', 'adopt'];
  return worker.desired !== undefined && worker.actions.some((action) => kinds.includes(action));
}

/** A VM that is there needs its image no more; a worker that is only configured will need it one day. */
export function makesVm({ uuid, actions }: WorkerPlan): boolean {
  return uuid === undefined || actions.includes('replace') || actions.includes('deploy');
}

/** Snippets and disk images that a worker names, as its node must see them. */
function volumesOf(spec: WorkerSpec): readonly VolumeNeed[] {
  const { node, imageSource, cloudInit } = spec;
  const snippets = [cloudInit?.userData, cloudInit?.networkData, cloudInit?.vendorData];
  return [
    ...(imageSource?.kind === 'import'
      ? [{ node, storage: storageOf(imageSource.volume), content: 'import' }]
      : []),
    ...snippets.flatMap((volume) =>
      volume === undefined || !volume.includes(':')
        ? []
        : [{ node, storage: storageOf(volume), content: 'snippets' }],
    ),
  ];
}

/** Where the template really is: an image by id may be on another node than its worker. */
function templateOf({ desired }: DeclaredPlan, { vms }: Inventory): PlanNeeds['templates'] {
  const source = desired.spec.imageSource;
  if (source?.kind !== 'template') return [];
  const vm = lookup(vms, String(source.vmid));
  return vm === undefined ? [] : [{ node: vm.node, vmid: vm.vmid }];
}

export function storageOf(volume: string): string {
  return volume.replace(/:.*$/, '');
}
