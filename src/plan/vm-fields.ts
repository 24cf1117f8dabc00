import { canonicalText } from '../model/card.ts';
import type { Json } from '../model/json.ts';
import { MARK_TAG } from '../model/marks.ts';
import { literalDeep } from '../model/placeholder.ts';
import type { Attributes, IpSpec, NetworkSpec, WorkerFields } from '../model/worker.ts';

/**
 * The fields that a declaration needs so that it wants a VM as it is, of those attributes. What no field can say
 * (the agent is off, it starts with its node, a user is unset) is left out: that will be changed.
 */
export function fieldsShown(paths: readonly string[], found: Attributes): WorkerFields {
  const has = (path: string) => paths.includes(path);
  const number = (path: string) => (has(path) ? numberIn(found[path]) : undefined);
  const text = (path: string) => (has(path) ? textIn(found[path]) : undefined);
  const flag = (path: string) => (has(path) ? flagIn(found[path]) : undefined);
  const texts = (path: string) => (has(path) ? textsIn(found[path]) : undefined);
  const memory = number('memory');
  const networks = paths.some((path) => path.startsWith('networks[')) ? nicsIn(found) : [];
  const tags = texts('tags')?.filter((tag) => tag !== MARK_TAG);
  const description = text('description');
  const protect = flag('protect');
  const options = optionsIn(paths, found);
  return literalDeep({
    ...(description === undefined ? {} : { description: canonicalText(description) }),
    ...group('cpu', { cores: number('cpu.cores'), type: text('cpu.type') }),
    ...(memory === undefined ? {} : { memory }),
    ...group('disk', {
      size: number('disk.size'),
      storage: text('disk.storage'),
      discard: flag('disk.discard'),
      ssd: flag('disk.ssd'),
    }),
    ...(networks.length === 0 ? {} : { networks }),
    ...group('dns', { servers: texts('dns.servers'), search: text('dns.search') }),
    ...group('cloudInit', {
      user: text('cloudInit.user'),
      sshKeys: texts('cloudInit.sshKeys'),
      vendorData: text('cloudInit.vendorData'),
      userData: text('cloudInit.userData'),
      networkData: text('cloudInit.networkData'),
    }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(tags === undefined ? {} : { tags }),
    ...(protect === undefined ? {} : { protect }),
  });
}

/** How many NICs the VM has. */
export function nicCount(found: Attributes): number {
  return nicIndexes(found).length;
}

/** A NIC between two others can't be left out of a list. */
function nicsIn(found: Attributes): readonly NetworkSpec[] {
  const indexes = nicIndexes(found);
  const isGapless = indexes.every((index, place) => index === place);
  const nics = indexes.flatMap((index) => nicAt(index, found) ?? []);
  return isGapless && nics.length === indexes.length ? nics : [];
}

function nicIndexes(found: Attributes): readonly number[] {
  return Object.keys(found)
    .flatMap((path) => /^networks\[(\d+)\]\.model$/.exec(path)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

function nicAt(index: number, found: Attributes): NetworkSpec | undefined {
  const at = (field: string) => found[`networks[${index}].${field}`];
  const bridge = textIn(at('bridge'));
  if (bridge === undefined) return undefined;
  const [vlan, mtu, model, mac] = [at('vlan'), at('mtu'), textIn(at('model')), textIn(at('mac'))];
  const [ipv4, ipv6] = [ipIn(at('ipv4')), ipIn(at('ipv6'))];
  return {
    bridge,
    ...(typeof vlan === 'number' ? { vlan } : {}),
    ...(typeof mtu === 'number' ? { mtu } : {}),
    ...(model === undefined || model === 'virtio' ? {} : { model }),
    ...(mac === undefined ? {} : { mac }),
    ...(at('firewall') === true ? { firewall: true } : {}),
    // The first NIC asks DHCP unless something is said.
    ...(ipv4 === undefined && ipv6 === undefined && index === 0 ? { ipv4: 'none' } : {}),
    ...(ipv4 === undefined ? {} : { ipv4 }),
    ...(ipv6 === undefined ? {} : { ipv6 }),
  };
}

function ipIn(value: Json | undefined): IpSpec | undefined {
  if (value === 'dhcp' || value === 'auto') return value;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const { address, gateway } = value as { readonly [key: string]: Json };
  if (typeof address !== 'string') return undefined;
  return { address, ...(typeof gateway === 'string' ? { gateway } : {}) };
}

function optionsIn(paths: readonly string[], found: Attributes): Readonly<Record<string, string>> {
  const entries = paths
    .filter((path) => path.startsWith('options.'))
    .flatMap((path) => {
      const value = textIn(found[path]);
      return value === undefined ? [] : [[path.slice('options.'.length), value] as const];
    });
  return Object.fromEntries(entries);
}

/** A group of fields without those that are not there; nothing when none is. */
function group<K extends string, T extends object>(
  key: K,
  members: T,
): { readonly [P in K]?: { readonly [M in keyof T]?: Exclude<T[M], undefined> } } {
  const present = Object.entries(members).filter(([, value]) => value !== undefined);
  if (present.length === 0) return {};
  return { [key]: Object.fromEntries(present) } as {
    readonly [P in K]?: { readonly [M in keyof T]?: Exclude<T[M], undefined> };
  };
}

function numberIn(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function textIn(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function flagIn(value: Json | undefined): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

function textsIn(value: Json | undefined): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : undefined;
}
