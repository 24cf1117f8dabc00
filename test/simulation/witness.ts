import type { Transport } from '../../src/pve/transport.ts';
import type { SimCluster } from '../../src/simulator/cluster.ts';
import type { Vm } from '../../src/simulator/world.ts';
import { ITEM } from './session-case.ts';

/** What is seen in the simulated cluster itself, whatever Muster believes. */
export interface Witness {
  /** Put between the client and the cluster: looks after every request. */
  watch(transport: Transport, cluster: () => SimCluster): Transport;
  /** What must never have happened, in the order in which it did. */
  readonly wrong: readonly string[];
  /** Notes a violation that somebody else saw. */
  accuse(text: string): void;
}

export interface WitnessLimits {
  readonly slotsOf: (worker: string) => number;
  readonly repositories: Readonly<Record<string, number | undefined>>;
}

/** Workers' VMs have these ids in every seeded case. */
export function isWorker({ vmid }: Pick<Vm, 'vmid'>): boolean {
  return vmid >= 9100 && vmid <= 9199;
}

export function witness(limits: WitnessLimits): Witness {
  const wrong: string[] = [];
  const accuse = (text: string): void => {
    if (!wrong.includes(text)) wrong.push(text);
  };
  return {
    wrong,
    accuse,
    watch: (transport, cluster) => ({
      ...transport,
      send: (request, sending) => {
        const answer = transport.send(request, sending);
        look(cluster(), limits, accuse);
        return answer;
      },
    }),
  };
}

interface RunningItem {
  readonly name: string;
  readonly repository: string;
  readonly worker: string;
}

function look(cluster: SimCluster, limits: WitnessLimits, accuse: (text: string) => void): void {
  const { world } = cluster;
  const items = Object.values(world.vms).flatMap(itemsIn);
  overLimit(
    items,
    ({ worker }) => worker,
    limits.slotsOf,
    (worker, many) => accuse(`${many} items run at once in ${worker}`),
  );
  overLimit(
    items,
    ({ name }) => name,
    () => 1,
    (name) => accuse(`item ${name} runs twice at once`),
  );
  overLimit(
    items,
    ({ repository }) => repository,
    (repository) => limits.repositories[repository] ?? Number.POSITIVE_INFINITY,
    (repository, many) => accuse(`${many} items use ${repository} at once`),
  );
  for (const { method, path, vmid } of cluster.journal())
    if (vmid !== undefined && !isWorker({ vmid }) && !path.endsWith('/clone'))
      accuse(`foreign VM was written: ${method} ${path}`);
}

/** A hung or cut-off machine runs nothing. */
function itemsIn(vm: Vm): readonly RunningItem[] {
  const { guest } = vm.power;
  if (guest === undefined || !isWorker(vm)) return [];
  return guest.processes.flatMap(({ argv, endedMs }) => {
    const [, , , mark = '', repository = ''] = argv;
    if (endedMs !== undefined || !mark.startsWith(ITEM)) return [];
    return [{ name: mark.slice(ITEM.length), repository, worker: vm.config.name ?? '' }];
  });
}

function overLimit(
  items: readonly RunningItem[],
  keyOf: (item: RunningItem) => string,
  limitOf: (key: string) => number,
  tell: (key: string, many: number) => void,
): void {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  for (const [key, many] of counts) if (many > limitOf(key)) tell(key, many);
}
