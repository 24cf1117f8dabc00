import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { VmConfig } from '../model/inventory.ts';
import { readMarks } from '../model/marks.ts';
import type { Pve } from '../model/pve-port.ts';
import { isDigestConflict } from '../model/pve-texts.ts';
import type { State } from '../model/state.ts';
import type { DesiredWorker } from '../model/worker.ts';
import { marksAgree } from '../plan/identity.ts';
import { type ImportInput, marksWrite, stateWithImport } from '../plan/import-vm.ts';
import { type Edited, editState, type StateAtHand } from './edit-state.ts';
import type { Invocation } from './invocation.ts';

/**
 * First the marks, then the record: an import that is cut short in between leaves a VM with all marks of a declared
 * worker, which the next plan adopts and a second import takes in. The state is there before the marks name it.
 */
export async function takeIn(
  invocation: Invocation,
  at: StateAtHand,
  pve: Pve,
  input: ImportInput,
  workers: { readonly desired: DesiredWorker; readonly as: DesiredWorker },
): Promise<Edited> {
  const { desired, as } = workers;
  await requireState(at, input.state);
  const config = await writeMarks(pve, desired, input);
  return editState(invocation, at, (state) => {
    const { [input.worker]: now } = state.workers;
    if (now?.vm !== undefined) throw takenMeanwhile(input.worker);
    return stateWithImport(desired, as, config, { ...input, state });
  });
}

/** The first write of a state that is not there yet. */
async function requireState({ store }: StateAtHand, state: State): Promise<void> {
  const { state: recorded, revision } = await store.read();
  if (recorded !== undefined && recorded.lineage === state.lineage) return;
  const first = { ...state, serial: 1 };
  const isWritten =
    recorded === undefined && (await store.write(first, revision)).kind === 'written';
  if (!isWritten) throw changedMeanwhile('the state');
}

/** Resolves with the config as it is then. An answer that got lost is settled by reading. */
async function writeMarks(pve: Pve, desired: DesiredWorker, input: ImportInput): Promise<VmConfig> {
  const { vm, config, uuid } = input;
  const { set, remove } = marksWrite(desired, input);
  const isEmpty = Object.keys(set).length === 0 && remove.length === 0;
  const failure = isEmpty
    ? undefined
    : await pve.write
        .setConfig(vm.node, vm.vmid, set, remove, config.digest)
        .catch((error: unknown) => error);
  if (isDigestConflict(failure)) throw changedMeanwhile(`vm ${vm.vmid}`);
  const written = await pve.read.config(vm.node, vm.vmid);
  const marks = readMarks(written.values);
  if (marks.uuid === uuid && marksAgree(marks)) return written;
  throw failure ?? new Error(`vm ${vm.vmid} does not show the marks that were written to it`);
}

function changedMeanwhile(what: string): DiagnosticsError {
  return new DiagnosticsError([
    problem('changed-meanwhile', `${what} was changed just now by somebody else`, 'Import again.', [
      'Nothing was written.',
    ]),
  ]);
}

function takenMeanwhile(worker: string): DiagnosticsError {
  const message = `${worker} got a VM of its own just now, from another run`;
  const remedy = 'The imported VM bears its marks and is shown by muster orphans; nothing is lost.';
  return new DiagnosticsError([problem('changed-meanwhile', message, remedy)]);
}
