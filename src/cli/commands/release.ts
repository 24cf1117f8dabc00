import { lookup } from '../../model/lookup.ts';
import { endQuarantine } from '../../model/transitions.ts';
import { editState, openStateOf, requireRecorded, requireWorkers } from '../edit-state.ts';
import type { Invocation } from '../invocation.ts';
import { tellEdit } from '../tell-edit.ts';

/** Ends the quarantine of workers. One that has none is fine. */
export async function runRelease(invocation: Invocation): Promise<number> {
  const names = [...new Set(invocation.args)];
  const at = await openStateOf(invocation, 'release');
  const { state } = await requireRecorded(at);
  requireWorkers(state, names);
  const edited = await editState(invocation, at, (before) => {
    requireWorkers(before, names);
    return names.reduce(endQuarantine, before);
  });
  const lines = names.map((name) =>
    lookup(edited.before.workers, name)?.quarantine === undefined
      ? `not quarantined: ${name}`
      : `released: ${name}`,
  );
  return tellEdit(invocation, edited, lines);
}
