import ipaddr from 'ipaddr.js';

/** An address with its prefix length, such as 10.20.0.31/24. */
export interface Cidr {
  readonly version: 4 | 6;
  /** Canonical: no leading zeros, IPv6 shortened and in lower case. */
  readonly address: string;
  readonly prefix: number;
}

/** Undefined when the text is not ADDRESS/PREFIX. Octal, hexadecimal and shortened IPv4 forms are refused. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const parsed = parse(address);
  if (parsed === undefined || !/^\d{1,3}$/.test(prefix) || rest.length > 0) return undefined;
  const length = Number(prefix);
  if (length > bitsOf(parsed)) return undefined;
  return { version: versionOf(parsed), address: textOf(parsed), prefix: length };
}

/** The canonical form of an address without prefix; undefined when it is none. */
export function canonicalIp(text: string): string | undefined {
  const parsed = parse(text);
  return parsed === undefined ? undefined : textOf(parsed);
}

/** 4 or 6; undefined when the text is not an address. */
export function ipVersion(text: string): 4 | 6 | undefined {
  const parsed = parse(text);
  return parsed === undefined ? undefined : versionOf(parsed);
}

/** The canonical form of ADDRESS/PREFIX; undefined when it is none. */
export function canonicalCidr(text: string): string | undefined {
  const cidr = parseCidr(text);
  return cidr === undefined ? undefined : `${cidr.address}/${cidr.prefix}`;
}

/** Whether `address` (without prefix) lies in the network of `cidr`. False when either is malformed. */
export function inNetwork(address: string, cidr: string): boolean {
  const parsed = parse(address);
  const network = parseCidr(cidr);
  const base = network === undefined ? undefined : parse(network.address);
  if (parsed === undefined || network === undefined || base === undefined) return false;
  return versionOf(parsed) === network.version && parsed.match(base, network.prefix);
}

/** Whether two networks in CIDR form share an address. False when either is malformed. */
export function networksOverlap(a: string, b: string): boolean {
  const [first, second] = [parseCidr(a), parseCidr(b)];
  if (first === undefined || second === undefined) return false;
  return inNetwork(first.address, `${second.address}/${Math.min(first.prefix, second.prefix)}`);
}

/** Why an address can't be a host's in its network: its network or broadcast address. Undefined when it can. */
export function notAHost(cidr: string): 'network' | 'broadcast' | undefined {
  const parsed = parseCidr(cidr);
  if (parsed === undefined || parsed.version === 6 || parsed.prefix >= 31) return undefined;
  const text = `${parsed.address}/${parsed.prefix}`;
  if (ipaddr.IPv4.networkAddressFromCIDR(text).toString() === parsed.address) return 'network';
  return ipaddr.IPv4.broadcastAddressFromCIDR(text).toString() === parsed.address
    ? 'broadcast'
    : undefined;
}

type Parsed = ipaddr.IPv4 | ipaddr.IPv6;

function parse(text: string): Parsed | undefined {
  if (/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text))
    return ipaddr.IPv4.isValid(text) ? ipaddr.IPv4.parse(text) : undefined;
  const isPlainIpv6 = !text.includes('%') && ipaddr.IPv6.isValid(text);
  return isPlainIpv6 ? ipaddr.IPv6.parse(text) : undefined;
}

function textOf(address: Parsed): string {
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

function versionOf(address: Parsed): 4 | 6 {
  return address.kind() === 'ipv4' ? 4 : 6;
}

function bitsOf(address: Parsed): number {
  return versionOf(address) === 4 ? 32 : 128;
}
