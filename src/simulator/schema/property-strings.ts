import type { ParameterRule } from './types.ts';

type Rules = Readonly<Record<string, ParameterRule>>;

/** Property strings whose keys the API declares under a name. */
export const namedPropertyStrings: Readonly<Record<string, Rules>> = {
  'pve-qm-ipconfig': {
    ip: { type: 'string', format: 'pve-ipv4-config', optional: 1 },
    gw: { type: 'string', format: 'ipv4', optional: 1, requires: 'ip' },
    ip6: { type: 'string', format: 'pve-ipv6-config', optional: 1 },
    gw6: { type: 'string', format: 'ipv6', optional: 1, requires: 'ip6' },
  },
  'pve-qm-smbios1': {
    uuid: {
      type: 'string',
      optional: 1,
      pattern: '[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}',
    },
    version: { type: 'string', optional: 1, pattern: '[A-Za-z0-9+\\/]+={0,2}' },
    serial: { type: 'string', optional: 1, pattern: '[A-Za-z0-9+\\/]+={0,2}' },
    manufacturer: { type: 'string', optional: 1, pattern: '[A-Za-z0-9+\\/]+={0,2}' },
    product: { type: 'string', optional: 1, pattern: '[A-Za-z0-9+\\/]+={0,2}' },
    sku: { type: 'string', optional: 1, pattern: '[A-Za-z0-9+\\/]+={0,2}' },
    family: { type: 'string', optional: 1, pattern: '[A-Za-z0-9+\\/]+={0,2}' },
    base64: { type: 'boolean', optional: 1 },
  },
  'pve-qm-cicustom': {
    meta: { type: 'string', optional: 1, format: 'pve-volume-id' },
    network: { type: 'string', optional: 1, format: 'pve-volume-id' },
    user: { type: 'string', optional: 1, format: 'pve-volume-id' },
    vendor: { type: 'string', optional: 1, format: 'pve-volume-id' },
  },
};

export type Parsed =
  | { readonly ok: true; readonly values: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly key: string; readonly why: string };

/** `virtio=AA:…,bridge=vmbr0` → { model: virtio, macaddr: AA:…, bridge: vmbr0 }. */
export function parsePropertyString(value: string, rules: Rules): Parsed {
  const bare = Object.keys(rules).find((key) => rules[key]?.default_key);
  const values: Record<string, string> = {};
  for (const part of value.split(',')) {
    if (part.trim() === '') continue;
    const at = part.indexOf('=');
    if (at < 0) {
      if (bare === undefined)
        return {
          ok: false,
          key: '',
          why: 'value without key, but schema does not define a default key',
        };
      values[bare] = part;
      continue;
    }
    const key = part.slice(0, at);
    const rule = rules[key];
    if (rule === undefined) {
      return {
        ok: false,
        key,
        why: 'property is not defined in schema and the schema does not allow additional properties',
      };
    }
    if (rule.keyAlias !== undefined) values[rule.keyAlias] = key;
    values[rule.alias ?? key] = part.slice(at + 1);
  }
  return { ok: true, values };
}
