import type { WorldSpec } from './spec.ts';

/** The token that every ready-made world has, with every privilege. */
export const SIMULATOR_TOKEN = 'muster@pve!simulator=00000000-0000-4000-8000-000000000001';

export function quickstartWorld(): WorldSpec {
  throw new Error('not yet');
}

/** For benches: `nodes` nodes and `vms` production VMs. */
export function largeWorld(nodes: number, vms: number): WorldSpec {
  throw new Error(`not yet: ${nodes} ${vms}`);
}
