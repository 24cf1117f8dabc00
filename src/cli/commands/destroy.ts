import type { Invocation } from '../invocation.ts';
import { planOptionsOf } from '../plan-options.ts';
import { applyFresh } from './apply.ts';

/** The VMs go, the workers stay configured. Without names all of them: then the cluster's name is typed. */
export async function runDestroy(invocation: Invocation): Promise<number> {
  const { flags, args } = invocation;
  const options = { ...planOptionsOf(flags), destroy: true, target: args };
  return applyFresh(invocation, options, { kind: args.length === 0 ? 'name' : 'yes' });
}
