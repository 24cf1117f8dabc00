import { contains } from '../address.ts';
import type { Guest, NetworkView, ProgramCall } from '../program.ts';

/** What one check found, in the words of the real script. */
export interface Found {
  readonly result: 'pass' | 'warn' | 'fail' | 'skip';
  readonly seen: string;
  readonly hint: string;
  readonly ms: number;
}

export function found(result: Found['result'], seen: string, hint = '', ms = 10): Found {
  return { result, seen, hint, ms };
}

/** The network and the guest, as the checks ask about them. */
export interface Probe {
  readonly guest: Guest;
  readonly network: NetworkView;
  /** Seconds that a connection may take. */
  readonly limit: number;
  readonly gateway: string | undefined;
  readonly gatewayAnswers: boolean;
}

export function probeOf(call: ProgramCall, limit: number): Probe {
  const { guest, network } = call;
  const gateway = guest.interfaces.find((face) => face.gateway !== undefined)?.gateway;
  const gatewayAnswers = gateway !== undefined && network.ping(gateway).answered;
  return { guest, network, limit, gateway, gatewayAnswers };
}

/** Tries a port; the address that the packets come from and the hop to blame are named. */
export function probePort(probe: Probe, host: string, port: string): Found {
  const { network, limit } = probe;
  const outcome = network.connect(host, Number(port));
  const address = isAddress(host) ? host : network.resolve(host)[0];
  const path = pathTo(probe, address ?? host);
  const way = `${path.source === '' ? '' : `${path.source} -> `}${host}:${port}`;
  switch (outcome.kind) {
    case 'open':
      return found('pass', `${way}: open`, '', outcome.latencyMs + 10);
    case 'refused':
      return found(
        'fail',
        `${way}: refused`,
        `${host} answers; nothing listens on port ${port}, or a firewall rejects it`,
        outcome.latencyMs + 10,
      );
    case 'timeout': {
      const hint = blamePath(probe, host, port, address, path.via);
      return found('fail', `${way}: no answer in ${limit} s`, hint, limit * 1000);
    }
    case 'no-route':
      return found('fail', `${way}: no route`, blameRoute(path));
    case 'unknown-host':
      return found('fail', `${way}: name not found`, blameDns(probe), 2000);
  }
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}

interface Path {
  readonly source: string;
  readonly via: string;
  readonly known: boolean;
}

function pathTo({ guest }: Probe, address: string): Path {
  if (address.startsWith('127.')) return { source: '127.0.0.1', via: '', known: true };
  const near = guest.interfaces.find((face) =>
    face.addresses.some((cidr) => contains(cidr, address)),
  );
  const face = near ?? guest.interfaces.find((entry) => entry.gateway !== undefined);
  if (face === undefined) return { source: '', via: '', known: false };
  const source = face.addresses[0]?.split('/')[0] ?? '';
  return { source, via: near === undefined ? (face.gateway ?? '') : '', known: true };
}

function blamePath(
  { network, gateway, gatewayAnswers }: Probe,
  host: string,
  port: string,
  address: string | undefined,
  via: string,
): string {
  if (address !== undefined && network.ping(address).answered)
    return `${host} answers ping; a firewall drops port ${port}`;
  if (via === '')
    return `same network, no router in between: the host is off, or it drops port ${port}`;
  if (gatewayAnswers) return `gateway ${gateway} answers; a hop after it drops port ${port}`;
  return `a hop on the way drops port ${port}`;
}

function blameRoute({ via, known }: Path): string {
  if (!known) return 'the guest has no route there: its gateway or its networks are wrong';
  return via === ''
    ? 'same network, and nobody there answers to this address'
    : `gateway ${via} knows no way there`;
}

export function blameDns({ guest, network }: Probe): string {
  const server = guest.dns.servers[0];
  if (server === undefined) return 'no name server: declare dns.servers, or let DHCP give one';
  return network.ping(server).answered
    ? `name server ${server} answers ping; it does not know the name, or port 53 is dropped`
    : `name server ${server} does not answer`;
}
