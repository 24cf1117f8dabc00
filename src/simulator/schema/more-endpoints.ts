import type { EndpointRule, ParameterRule } from './types.ts';

/** Endpoints that the generated table doesn't have. Their parameters are given in full. */
export interface FullRule extends Omit<EndpointRule, 'parameters'> {
  readonly parameters: Readonly<Record<string, ParameterRule>>;
}

const node: ParameterRule = { type: 'string', format: 'pve-node' };
const vmid: ParameterRule = { type: 'integer', format: 'pve-vmid' };
const flag: ParameterRule = { type: 'boolean', optional: 1 };
const count: ParameterRule = { type: 'integer', minimum: 0, optional: 1 };
const text: ParameterRule = { type: 'string', optional: 1 };

const open = { check: null, proxied: 0 };
const audit = { check: ['perm', '/', ['Sys.Audit']], proxied: 0 };

export const moreEndpoints: Readonly<Record<string, FullRule>> = {
  'GET /version': { ...open, parameters: {} },
  'GET /cluster/ha/status/current': { ...audit, parameters: {} },
  'GET /cluster/replication': { ...open, parameters: {} },
  'GET /nodes/{node}/lxc': { check: null, proxied: 1, parameters: { node } },
  'GET /nodes/{node}/lxc/{vmid}/config': {
    check: ['perm', '/vms/{vmid}', ['VM.Audit']],
    proxied: 1,
    parameters: { node, vmid, current: flag, snapshot: text },
  },
  'GET /nodes/{node}/capabilities/qemu/cpu': { check: null, proxied: 1, parameters: { node } },
  'POST /cluster/bulk-action/guest/start': {
    ...open,
    parameters: { vms: text, 'max-workers': count, timeout: count },
  },
  'POST /cluster/bulk-action/guest/shutdown': {
    ...open,
    parameters: { vms: text, 'max-workers': count, timeout: count, 'force-stop': flag },
  },
};
