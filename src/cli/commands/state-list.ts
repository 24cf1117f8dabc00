import { byCodeUnit } from '../../model/json.ts';
import { jsonDocument } from '../../report/escape/json.ts';
import { escapeTerminal } from '../../report/escape/terminal.ts';
import { olderState } from '../../report/progress/plan-messages.ts';
import { openStateOf, requireRecorded } from '../edit-state.ts';
import type { Invocation } from '../invocation.ts';
import { tell } from '../tell-failure.ts';

/** Names of the recorded workers, one per line. */
export async function runStateList(invocation: Invocation): Promise<number> {
  const { context, globals, flags } = invocation;
  const { state, older } = await requireRecorded(await openStateOf(invocation, 'state list'));
  // Not among the names, which scripts read.
  if (older !== undefined)
    tell([olderState(older.format)], '', { context, json: false, colour: flags.color });
  const names = Object.keys(state.workers).sort(byCodeUnit);
  context.stdout.write(
    globals.json ? jsonDocument(names) : names.map((name) => `${escapeTerminal(name)}\n`).join(''),
  );
  return 0;
}
