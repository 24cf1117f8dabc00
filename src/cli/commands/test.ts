import type { Invocation } from '../invocation.ts';
import { planOptionsOf } from '../plan-options.ts';
import { applyFresh } from './apply.ts';

/** `apply --test --target W…`. */
export async function runTest(invocation: Invocation): Promise<number> {
  const options = { ...planOptionsOf(invocation.flags), test: true, target: invocation.args };
  return applyFresh(invocation, options, { kind: 'yes' });
}
