import { failed } from '../api-error.ts';
import { splitList } from '../schema/formats.ts';
import { randomMac } from '../sequence.ts';
import type { World } from '../world.ts';
import { diskKey, netKey, parseNic, printNic } from './drives.ts';

const key =
  /^(?:[\w@.,="\- ]+\s)?(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-nistp\d+|sk-(?:ssh|ecdsa)\S+)\s+[A-Za-z0-9+/]{16,}={0,3}(?:\s.*)?$/;

/** A value as the config keeps it; undefined: the option goes. Disks are another matter. */
export function normalise(world: World, name: string, value: string): string | undefined {
  if (name === 'tags') return normaliseTags(value);
  if (name === 'description') {
    const trimmed = value.replace(/\s+$/, '');
    return trimmed === '' ? undefined : trimmed;
  }
  if (netKey.test(name)) {
    const nic = parseNic(value);
    return printNic({ ...nic, mac: nic.mac ?? randomMac(world) });
  }
  if (name === 'sshkeys') checkKeys(value);
  if (name === 'cipassword') return `$5$${'x'.repeat(8)}$${value.length}`;
  return value;
}

function normaliseTags(value: string): string {
  const tags = [...new Set(splitList(value).map((tag) => tag.toLowerCase()))].sort();
  return tags.length === 0 ? ' ' : tags.join(';');
}

function checkKeys(value: string): void {
  const lines = decodeURIComponent(value).split('\n');
  for (const line of lines) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    if (!key.test(line.trim())) throw failed('SSH public key validation error');
  }
}

/** Every device that a boot order names must be there. */
export function checkBootOrder(config: Readonly<Record<string, string>>, boot: string): void {
  const order = /order=([^,]*)/.exec(boot)?.[1] ?? '';
  for (const device of order.split(';').filter((part) => part !== '')) {
    if (config[device] === undefined) {
      throw failed(`invalid bootorder: device '${device}' does not exist'`);
    }
  }
}

/** As PVE chooses it for a new VM: the first disk, then CD drives, then NICs. */
export function defaultBootOrder(config: Readonly<Record<string, string>>): string {
  const disks = Object.keys(config)
    .filter((name) => diskKey.test(name) && !/^efi|^tpm/.test(name))
    .sort();
  const hard = disks.filter((name) => !config[name]?.includes('media=cdrom'));
  const cd = disks.filter((name) => config[name]?.includes('media=cdrom'));
  const nets = Object.keys(config)
    .filter((name) => netKey.test(name))
    .sort();
  return `order=${[...hard.slice(0, 1), ...cd.slice(0, 1), ...nets.slice(0, 1)].join(';')}`;
}
