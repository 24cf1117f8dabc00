import { formatState } from '../../state/state-text.ts';
import { openStateOf, requireRecorded } from '../edit-state.ts';
import type { Invocation } from '../invocation.ts';

/** The whole state on standard output, to be kept or looked into; `state push` takes it back. */
export async function runStatePull(invocation: Invocation): Promise<number> {
  const { state } = await requireRecorded(await openStateOf(invocation, 'state pull'));
  invocation.context.stdout.write(formatState(state));
  return 0;
}
