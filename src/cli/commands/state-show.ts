import { lookup } from '../../model/lookup.ts';
import { jsonDocument } from '../../report/escape/json.ts';
import { openStateOf, requireRecorded, requireWorkers } from '../edit-state.ts';
import type { Invocation } from '../invocation.ts';

/** Everything that is recorded about one worker, as JSON. */
export async function runStateShow(invocation: Invocation): Promise<number> {
  const { context, args } = invocation;
  const [worker = ''] = args;
  const { state } = await requireRecorded(await openStateOf(invocation, 'state show'));
  requireWorkers(state, [worker]);
  context.stdout.write(jsonDocument({ worker, ...lookup(state.workers, worker) }));
  return 0;
}
