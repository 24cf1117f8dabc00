import ipaddr from 'ipaddr.js';
import type { Json } from '../json.ts';
import { parsePropertyString } from '../property-string.ts';
import type { IpSpec } from '../worker.ts';

/** The members of an `ipconfigN` value for one IP version. */
export interface IpMembers {
  readonly address: 'ip' | 'ip6';
  readonly gateway: 'gw' | 'gw6';
}

export const IPV4: IpMembers = { address: 'ip', gateway: 'gw' };
export const IPV6: IpMembers = { address: 'ip6', gateway: 'gw6' };

/** Canonical form of a declared address; `none` is unset. */
export function canonicalIp(spec: IpSpec | undefined): Json | undefined {
  if (spec === undefined) return undefined;
  if (spec === 'none') return null;
  if (typeof spec === 'string') return spec;
  const { address, gateway } = spec;
  return {
    address: canonicalCidr(address),
    ...(gateway === undefined ? {} : { gateway: canonicalAddress(gateway) }),
  };
}

/** What an `ipconfigN` value says for one version; undefined when it says nothing. */
export function readIp(text: string, members: IpMembers): Json | undefined {
  const properties = parsePropertyString(text);
  const address = properties.get(members.address);
  if (address === undefined) return undefined;
  if (address === 'dhcp' || address === 'auto') return address;
  const gateway = properties.get(members.gateway);
  return {
    address: canonicalCidr(address),
    ...(gateway === undefined ? {} : { gateway: canonicalAddress(gateway) }),
  };
}

/** The members to write for a canonical value; undefined removes a member. */
export function ipMembers(
  value: Json,
  members: IpMembers,
): readonly (readonly [string, string | undefined])[] {
  const [address, gateway] = addressAndGateway(value);
  return [
    [members.address, address],
    [members.gateway, gateway],
  ];
}

/** Lower-case, shortest form; text that is no address stays as it is, so that it shows as a difference. */
export function canonicalAddress(text: string): string {
  return ipaddr.isValid(text) ? ipaddr.parse(text).toString() : text;
}

function canonicalCidr(text: string): string {
  const [address = '', prefix, ...more] = text.split('/');
  if (prefix === undefined || more.length > 0) return text;
  return `${canonicalAddress(address)}/${prefix}`;
}

function addressAndGateway(value: Json): readonly [string | undefined, string | undefined] {
  if (typeof value === 'string') return [value, undefined];
  const { address, gateway } = (value ?? {}) as { address?: string; gateway?: string };
  return [address, gateway];
}
