import type { Transport } from '../../src/pve/transport.ts';
import {
  hangVm,
  loseNode,
  powerOff,
  restartAgent,
  returnNode,
} from '../../src/simulator/by-hand.ts';
import type { SimCluster } from '../../src/simulator/cluster.ts';
import { rebootInside } from '../../src/simulator/guest/lifetime.ts';
import type { Vm } from '../../src/simulator/world.ts';
import type { Draw } from './draw.ts';
import { isWorker } from './witness.ts';

/** What goes wrong in the cluster, and before which request. */
export interface Trouble {
  readonly beforeRequest: number;
  readonly kind: (typeof KINDS)[number];
  /** Chooses among the machines or nodes that it can hit. */
  readonly at: number;
}

const KINDS = [
  'lost-answer',
  'late-failure',
  'lost-request',
  'storage-lock',
  'config-lock',
  'restart-agent',
  'reboot',
  'cut-off',
  'hang',
  'lose-node',
] as const;

/** How long a lost node stays away: shorter and longer than anybody waits for it. */
const AWAY_MS = [20_000, 4 * 60_000, 25 * 60_000] as const;

export function drawTroubles(draw: Draw, most: number, requests: number): readonly Trouble[] {
  const count = draw.between(0, most);
  return Array.from({ length: count }, () => ({
    beforeRequest: draw.between(5, requests),
    kind: draw.pick(KINDS),
    at: draw.random.fraction(),
  }));
}

export interface Troublemaker {
  through(transport: Transport, cluster: () => SimCluster): Transport;
  /** Machines whose items may have ended without anybody's knowing. */
  readonly hit: ReadonlySet<number>;
  readonly done: readonly string[];
  /** Everything that can be mended is: nodes are back, machines answer. */
  mend(cluster: SimCluster): void;
}

export function troublemaker(troubles: readonly Trouble[]): Troublemaker {
  const hit = new Set<number>();
  const done: string[] = [];
  const away = new Map<string, number>();
  let requests = 0;
  let isOver = false;
  return {
    hit,
    done,
    through: (transport, cluster) => ({
      ...transport,
      send: (request, sending) => {
        requests += 1;
        if (isOver) return transport.send(request, sending);
        const { world } = cluster();
        for (const [node, until] of away) {
          if (world.nowMs < until) continue;
          returnNode(world, node);
          away.delete(node);
        }
        for (const trouble of troubles.filter((each) => each.beforeRequest === requests)) {
          const what = happen(cluster(), trouble, hit, away);
          if (what !== undefined) done.push(`request ${requests}: ${what}`);
        }
        return transport.send(request, sending);
      },
    }),
    mend: ({ world }) => {
      isOver = true;
      world.faults = [];
      for (const node of away.keys()) returnNode(world, node);
      away.clear();
      for (const { vmid, power } of Object.values(world.vms))
        if (power.hung) hangVm(world, vmid, false);
    },
  };
}

function happen(
  cluster: SimCluster,
  { kind, at }: Trouble,
  hit: Set<number>,
  away: Map<string, number>,
): string | undefined {
  const { world } = cluster;
  const post = { method: 'POST', path: '/qemu/' };
  const effect = ON_REQUESTS[kind];
  if (effect !== undefined) {
    cluster.inject({ match: post, effect });
    return kind;
  }
  if (kind === 'storage-lock' || kind === 'config-lock') {
    const text =
      kind === 'storage-lock'
        ? "storage 'local-lvm': can't lock file '/var/lock/pve-manager/pve-storage-local-lvm' - got timeout"
        : "can't lock file '/var/lock/qemu-server/lock-9100.conf' - got timeout";
    const match = { method: 'POST', path: '/(?:clone|resize|status/start|status/shutdown)$' };
    cluster.inject({ match, effect: { kind: 'fail-task', text } });
    return kind;
  }
  if (kind === 'lose-node') {
    const up = Object.values(world.nodes).filter(({ status }) => status === 'online');
    const node = up.length > 1 ? up[Math.floor(at * up.length)] : undefined;
    if (node === undefined) return undefined;
    loseNode(world, node.name);
    away.set(node.name, world.nowMs + (AWAY_MS[Math.floor(at * 997) % AWAY_MS.length] ?? 0));
    for (const vm of Object.values(world.vms)) if (vm.node === node.name) hit.add(vm.vmid);
    return `lost ${node.name}`;
  }
  const running = Object.values(world.vms).filter((vm) => isWorker(vm) && vm.power.guest);
  const vm = running[Math.floor(at * running.length)];
  if (vm === undefined) return undefined;
  strike(cluster, vm, kind);
  if (kind !== 'restart-agent') hit.add(vm.vmid);
  return `${kind} ${vm.vmid}`;
}

const ON_REQUESTS = {
  'lost-answer': { kind: 'do-then-drop' },
  'lost-request': { kind: 'drop-before' },
  'late-failure': {
    kind: 'do-then-fail',
    status: 500,
    reason: 'got no worker upid - start worker failed',
  },
} as const satisfies Partial<Record<Trouble['kind'], unknown>> as Partial<
  Record<Trouble['kind'], Parameters<SimCluster['inject']>[0]['effect']>
>;

function strike({ world }: SimCluster, vm: Vm, kind: Trouble['kind']): void {
  if (kind === 'restart-agent') restartAgent(world, vm.vmid);
  if (kind === 'cut-off') powerOff(world, vm.vmid);
  if (kind === 'hang') hangVm(world, vm.vmid);
  if (kind === 'reboot') rebootInside(world, vm, world.nowMs);
}
