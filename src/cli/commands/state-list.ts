import { byCodeUnit } from '../../model/json.ts';
import { jsonDocument } from '../../report/escape/json.ts';
import { escapeTerminal } from '../../report/escape/terminal.ts';
import { openStateOf, requireRecorded } from '../edit-state.ts';
import type { Invocation } from '../invocation.ts';

/** Names of the recorded workers, one per line. */
export async function runStateList(invocation: Invocation): Promise<number> {
  const { context, globals } = invocation;
  const { state } = await requireRecorded(await openStateOf(invocation, 'state list'));
  const names = Object.keys(state.workers).sort(byCodeUnit);
  context.stdout.write(
    globals.json ? jsonDocument(names) : names.map((name) => `${escapeTerminal(name)}\n`).join(''),
  );
  return 0;
}
