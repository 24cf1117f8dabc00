import { formatPropertyString, parsePropertyString } from '../property-string.ts';

/** A `netN` value: `virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=120`. Members that nobody declared stay in `rest`. */
export interface Nic {
  readonly model: string;
  /** Upper-case; undefined until PVE has drawn one. */
  readonly mac?: string;
  readonly rest: ReadonlyMap<string, string>;
}

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;
/** Members with a value of their own: any other key in front is the model. */
const MEMBERS = new Set(
  'bridge firewall host-tunnel link_down macaddr model mtu queues rate tag trunks'.split(' '),
);

export function parseNic(text: string): Nic {
  const rest = new Map(parsePropertyString(text));
  const key = [...rest.keys()].find((name) => name !== '' && !MEMBERS.has(name));
  const model = rest.get('') ?? rest.get('model') ?? key ?? 'virtio';
  const mac = (key === undefined ? undefined : rest.get(key)) ?? rest.get('macaddr');
  for (const name of ['', 'model', 'macaddr', key ?? '']) rest.delete(name);
  return { model, ...(mac !== undefined && MAC.test(mac) ? { mac: mac.toUpperCase() } : {}), rest };
}

export function formatNic(nic: Nic): string {
  const head = nic.mac === undefined ? nic.model : `${nic.model}=${nic.mac}`;
  const rest = formatPropertyString(nic.rest);
  return rest === '' ? head : `${head},${rest}`;
}
