import { lookup } from '../../model/lookup.ts';
import { forgetWorker } from '../../model/transitions.ts';
import {
  editState,
  openStateOf,
  requireIdle,
  requireRecorded,
  requireWorkers,
} from '../edit-state.ts';
import type { Invocation } from '../invocation.ts';
import { tellEdit } from '../tell-edit.ts';

/** Forgets workers; their VMs stay as they are. */
export async function runStateRm(invocation: Invocation): Promise<number> {
  const names = [...new Set(invocation.args)];
  const at = await openStateOf(invocation, 'state rm');
  const { state } = await requireRecorded(at);
  requireWorkers(state, names);
  await requireIdle(invocation, state, names);
  const edited = await editState(invocation, at, (before) => {
    requireWorkers(before, names);
    return names.reduce(forgetWorker, before);
  });
  const lines = names.map((name) => {
    const vm = lookup(edited.before.workers, name)?.vm;
    return `forgotten: ${name}${vm === undefined ? '' : `; vm ${vm.vmid} on ${vm.node} stays`}`;
  });
  const hint =
    'A worker that is still declared is taken in again by the next apply; to leave its VM alone, list it under "removed:".';
  return tellEdit(invocation, edited, lines, [hint]);
}
