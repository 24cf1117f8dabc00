import type { Invocation } from '../invocation.ts';
import { planOptionsOf } from '../plan-options.ts';
import { applyFresh } from './apply.ts';

/** A plan with nothing but power-offs; allowed also where other plans stop, such as without quorum. */
export async function runShutdown(invocation: Invocation): Promise<number> {
  const options = {
    ...planOptionsOf(invocation.flags),
    only: ['shutdown'] as const,
    target: invocation.args,
  };
  return applyFresh(invocation, options, { kind: 'yes' });
}
