import { DiagnosticsError, problem } from '../../model/diagnostic.ts';
import { lookup } from '../../model/lookup.ts';
import type { State } from '../../model/state.ts';
import { renameWorker } from '../../model/transitions.ts';
import {
  editState,
  openStateOf,
  requireIdle,
  requireRecorded,
  requireWorkers,
} from '../edit-state.ts';
import { EXIT_CODES } from '../exit-code.ts';
import type { Invocation } from '../invocation.ts';
import { tellEdit } from '../tell-edit.ts';

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Gives a record another name; the VM's own marks follow with the next apply. */
export async function runStateMv(invocation: Invocation): Promise<number> {
  const [from = '', to = ''] = invocation.args;
  if (!NAME.test(to))
    throw new DiagnosticsError([problem('bad-name', `"${to}" can't be a worker's name`)]);
  const at = await openStateOf(invocation, 'state mv');
  const { state } = await requireRecorded(at);
  check(state, from, to);
  await requireIdle(invocation, state, [from]);
  const edited = await editState(invocation, at, (before) => {
    check(before, from, to);
    return renameWorker(before, from, to);
  });
  const hint = `Declare it as ${to}, too: the next plan destroys what the state holds and nobody declares. A pull request can say the same with "renamed: { ${from}: ${to} }".`;
  return tellEdit(invocation, edited, [`renamed: ${from} is ${to}`], [hint]);
}

function check(state: State, from: string, to: string): void {
  requireWorkers(state, [from]);
  if (lookup(state.workers, to) === undefined) return;
  const message = `the state holds a worker ${to} already`;
  const remedy = `Remove it first, if it is not wanted: muster state rm ${to}`;
  throw new DiagnosticsError([problem('name-taken', message, remedy)], EXIT_CODES.refused);
}
