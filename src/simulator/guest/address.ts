/** IPv4 arithmetic for the simulated networks. IPv6 addresses are only compared as text. */

export function toNumber(address: string): number | undefined {
  const parts = address.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

export function isAddress(text: string): boolean {
  return toNumber(text) !== undefined || /^[0-9a-f:]*:[0-9a-f:.]*$/i.test(text);
}

/** Whether the address lies in the network, given as `10.0.0.5/24`. */
export function contains(cidr: string, address: string): boolean {
  const [base = '', bits = '32'] = cidr.split('/');
  const network = toNumber(base);
  const wanted = toNumber(address);
  if (network === undefined || wanted === undefined) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(network / size) === Math.floor(wanted / size);
}

export function prefixOf(cidr: string): number {
  return Number(cidr.split('/')[1] ?? '32');
}
