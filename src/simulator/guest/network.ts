import type { World } from '../world.ts';
import type { OutsideHost, Segment } from '../world-outside.ts';
import { contains, isAddress } from './address.ts';
import type { Connection, Guest, GuestInterface, NetworkView } from './program.ts';

type Path =
  | { readonly kind: 'there'; readonly target: Target; readonly latencyMs: number }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'no-route' };

interface Target {
  readonly ports: Readonly<Record<string, string>>;
  readonly latencyMs: number;
}

/** The network as a guest sees it: its interfaces, its segment, what stands behind the gateway. */
export function networkOf(world: World, guest: Guest): NetworkView {
  const reach = (address: string) => findPath(world, guest, address);
  const resolve = (name: string) => resolveName(world, guest, name);
  const connect = (host: string, port: number) => connectTo(reach, resolve, host, port);
  return {
    resolve,
    connect,
    ping: (address) => {
      const path = reach(address);
      return path.kind === 'there'
        ? { answered: true, latencyMs: path.latencyMs }
        : { answered: false, latencyMs: 0 };
    },
    mirror: (proxy) => mirrorState(world, connect, proxy),
    backupMs: (vmid) => {
      const bytes = world.vms[String(vmid)]?.backupBytes ?? 0;
      return Math.max(1000, Math.round((bytes / world.network.backupBytesPerSecond) * 1000));
    },
  };
}

function connectTo(
  reach: (address: string) => Path,
  resolve: (name: string) => readonly string[],
  host: string,
  port: number,
): Connection {
  const address = isAddress(host) ? host : resolve(host)[0];
  if (address === undefined) return { kind: 'unknown-host' };
  const path = reach(address);
  if (path.kind !== 'there') return path;
  const fingerprint = path.target.ports[String(port)];
  if (fingerprint === undefined) return { kind: 'refused', latencyMs: path.latencyMs };
  return fingerprint === ''
    ? { kind: 'open', latencyMs: path.latencyMs }
    : { kind: 'open', latencyMs: path.latencyMs, tlsFingerprint: fingerprint };
}

function mirrorState(
  world: World,
  connect: (host: string, port: number) => Connection,
  proxy: string | undefined,
): { reachable: boolean; why: string } {
  const { mirror } = world.network;
  const via = proxy === undefined ? undefined : /^(?:\w+:\/\/)?([^:/]+)(?::(\d+))?/.exec(proxy);
  const [host, port] = via ? [via[1] ?? '', Number(via[2] ?? '3128')] : [mirror.host, mirror.port];
  const outcome = connect(host, port);
  if (outcome.kind !== 'open') return { reachable: false, why: `${host}:${port}: ${outcome.kind}` };
  return mirror.up
    ? { reachable: true, why: '' }
    : { reachable: false, why: `${mirror.host}: 503 Service Unavailable` };
}

function findPath(world: World, guest: Guest, address: string): Path {
  const own = guest.interfaces.find((face) =>
    face.addresses.some((cidr) => contains(cidr, address)),
  );
  const face = own ?? guest.interfaces.find((entry) => entry.gateway !== undefined);
  if (face === undefined) return { kind: 'no-route' };
  const segment = world.network.segments.find((entry) => entry.id === face.network);
  if (segment === undefined) return { kind: 'timeout' };
  if (own === undefined && !gatewayWorks(segment, face)) return { kind: 'timeout' };
  if (!belongs(segment, face)) return { kind: 'timeout' };
  const target = findTarget(world, segment, address);
  if (target === undefined) return { kind: 'timeout' };
  return { kind: 'there', target, latencyMs: target.latencyMs };
}

/** An address of another network than the segment's reaches nobody there. */
function belongs(segment: Segment, face: GuestInterface): boolean {
  return face.addresses.some((cidr) => contains(segment.cidr, cidr.split('/')[0] ?? ''));
}

function gatewayWorks(segment: Segment, face: GuestInterface): boolean {
  return segment.gatewayUp && segment.gateway !== undefined && face.gateway === segment.gateway;
}

function findTarget(world: World, from: Segment, address: string): Target | undefined {
  if (address === from.gateway) {
    return from.gatewayUp ? { ports: { '53': '', '80': '' }, latencyMs: 1 } : undefined;
  }
  const node = Object.values(world.nodes).find((entry) => entry.address === address);
  if (node !== undefined) {
    return node.status === 'online'
      ? { ports: { '22': '', '8006': nodeFingerprint(node.name) }, latencyMs: 1 }
      : undefined;
  }
  const host = world.network.hosts.find((entry) => entry.addresses.includes(address));
  if (host !== undefined) return hostTarget(world, from, host, address);
  return guestTarget(world, address);
}

function hostTarget(
  world: World,
  from: Segment,
  host: OutsideHost,
  address: string,
): Target | undefined {
  if (!host.up || host.blockedFrom?.includes(from.id)) return undefined;
  const inside = world.network.segments.some((segment) => contains(segment.cidr, address));
  if (!inside && !from.uplink) return undefined;
  return { ports: host.ports, latencyMs: host.latencyMs };
}

function guestTarget(world: World, address: string): Target | undefined {
  for (const vm of Object.values(world.vms)) {
    const faces = vm.power.guest?.interfaces ?? [];
    if (faces.some((face) => face.addresses.some((cidr) => cidr.split('/')[0] === address))) {
      return { ports: { '22': '' }, latencyMs: 1 };
    }
  }
  return undefined;
}

function resolveName(world: World, guest: Guest, name: string): readonly string[] {
  if (name === 'localhost' || name === guest.hostname) return ['127.0.0.1'];
  const answers = guest.dns.servers.some((server) => answersNames(world, guest, server));
  if (!answers) return [];
  const full = guest.dns.search === '' ? name : `${name}.${guest.dns.search}`;
  const host = world.network.hosts.find(
    (entry) => entry.names.includes(name) || entry.names.includes(full),
  );
  if (host !== undefined) return host.addresses;
  const node = world.nodes[name] ?? world.nodes[name.split('.')[0] ?? ''];
  return node === undefined ? [] : [node.address];
}

function answersNames(world: World, guest: Guest, server: string): boolean {
  const path = findPath(world, guest, server);
  if (path.kind !== 'there') return false;
  const host = world.network.hosts.find((entry) => entry.addresses.includes(server));
  return host === undefined ? path.target.ports['53'] !== undefined : host.resolver === true;
}

/** Every simulated node has a certificate of its own. */
export function nodeFingerprint(name: string): string {
  const bytes: string[] = [];
  let value = [...name].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7) >>> 0;
  for (let index = 0; index < 32; index += 1) {
    value = (Math.imul(value, 1664525) + 1013904223) >>> 0;
    bytes.push((value >>> 24).toString(16).padStart(2, '0').toUpperCase());
  }
  return bytes.join(':');
}
