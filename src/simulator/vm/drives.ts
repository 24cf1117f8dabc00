/** Drives and NICs as config values: `STORAGE:VOLUME,key=value,…`. */

const GIB = 1024 ** 3;

export const diskKey = /^(?:scsi|virtio|sata|ide)\d+$|^efidisk0$|^tpmstate0$/;
export const unusedKey = /^unused\d+$/;
export const netKey = /^net\d+$/;

export interface Drive {
  readonly volume: string;
  readonly options: Readonly<Record<string, string>>;
}

export function parseDrive(value: string): Drive {
  const [first = '', ...rest] = value.split(',');
  const options: Record<string, string> = {};
  let volume = first;
  for (const part of first.includes('=') ? [first, ...rest] : rest) {
    const at = part.indexOf('=');
    const key = part.slice(0, at);
    if (key === 'file' || key === 'volume') volume = part.slice(at + 1);
    else if (at > 0) options[key] = part.slice(at + 1);
  }
  return { volume, options };
}

/** PVE prints options sorted, the volume first. */
export function printDrive(drive: Drive): string {
  const options = Object.keys(drive.options)
    .sort()
    .map((key) => `${key}=${drive.options[key]}`);
  return [drive.volume, ...options].join(',');
}

export function isCdrom(drive: Drive): boolean {
  return drive.options.media === 'cdrom';
}

export function isCloudInit(drive: Drive): boolean {
  return /(?:^|[:/])vm-\d+-cloudinit/.test(drive.volume) || drive.volume.endsWith(':cloudinit');
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  K: 1024,
  M: 1024 ** 2,
  G: GIB,
  T: 1024 ** 4,
};

export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text);
  return match ? Math.round(Number(match[1]) * (units[match[2] ?? ''] ?? 1)) : 0;
}

/** The largest unit that gives a whole number. */
export function printSize(bytes: number): string {
  for (const unit of ['T', 'G', 'M', 'K']) {
    const size = units[unit] ?? 1;
    if (bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}

export interface Nic {
  readonly model: string;
  readonly mac: string | undefined;
  readonly options: Readonly<Record<string, string>>;
}

export function parseNic(value: string): Nic {
  let model = '';
  let mac: string | undefined;
  const options: Record<string, string> = {};
  for (const part of value.split(',')) {
    const [key = '', data] = part.split('=');
    if (data === undefined) model = key;
    else if (key === 'model') model = data;
    else if (key === 'macaddr') mac = data;
    else if (/^(?:virtio|e1000|rtl8139|vmxnet3|ne2k|i825|pcnet)/.test(key)) {
      model = key;
      mac = data;
    } else options[key] = data;
  }
  return { model, mac: mac?.toUpperCase(), options };
}

export function printNic(nic: Nic): string {
  const options = Object.keys(nic.options)
    .sort()
    .map((key) => `${key}=${nic.options[key]}`);
  return [nic.mac === undefined ? nic.model : `${nic.model}=${nic.mac}`, ...options].join(',');
}

/** The disk the machine boots from: the first in the boot order, else the first there is. */
export function bootDisk(config: Readonly<Record<string, string>>): string | undefined {
  const order = /order=([^,]+)/.exec(config.boot ?? '')?.[1]?.split(';') ?? [];
  const first = order[0];
  if (
    first !== undefined &&
    diskKey.test(first) &&
    config[first]?.includes('media=cdrom') === false
  ) {
    return first;
  }
  const disks = Object.keys(config)
    .filter((key) => diskKey.test(key) && !/^efi|^tpm/.test(key))
    .filter((key) => !isCdrom(parseDrive(config[key] ?? '')))
    .sort();
  return order.find((key) => disks.includes(key)) ?? disks[0];
}
