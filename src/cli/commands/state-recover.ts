import { DiagnosticsError } from '../../model/diagnostic.ts';
import { StateMoved } from '../../model/errors.ts';
import type { Inventory } from '../../model/inventory.ts';
import type { StateRead, StateStore } from '../../model/ports.ts';
import { emptyState, type State } from '../../model/state.ts';
import { expand } from '../../plan/expand.ts';
import { expandFactsOf } from '../../plan/expand-facts.ts';
import { type Recovery, recoverState } from '../../plan/recover.ts';
import { ownerByMarks, recordsVm } from '../../plan/stops.ts';
import { readInventory } from '../../pve/inventory.ts';
import { jsonDocument } from '../../report/escape/json.ts';
import { recoveryText } from '../../report/recovery-text.ts';
import { NO_STATE, replacing } from '../../state/revision.ts';
import { foreignState } from '../../state/state-diagnostics.ts';
import { recordedVms } from '../assemble.ts';
import { keepBackup, openStateOf, requireNotOlder, type StateAtHand } from '../edit-state.ts';
import { isSet, textOf } from '../flags.ts';
import type { Invocation } from '../invocation.ts';
import { openCluster } from '../load-project.ts';

/** Rebuilds a lost state, or the lost part of one, from the marks of the VMs. Writes nothing to the cluster. */
export async function runStateRecover(invocation: Invocation): Promise<number> {
  const { context, globals, flags } = invocation;
  const at = await openStateOf(invocation, 'state recover');
  const { state: before, revision } = await readLost(at);
  const recovery = await recover(invocation, at, before);
  const dryRun = isSet(flags, 'dry-run');
  const isChanged = recovery.state !== before && recovery.recovered.length > 0;
  const after = { ...recovery.state, serial: (before?.serial ?? 0) + 1 };
  if (isChanged && !dryRun) {
    if (before !== undefined) await keepBackup(invocation, before);
    const isOther = before !== undefined && before.lineage !== after.lineage;
    const written = await at.store.write(after, isOther ? replacing(revision) : revision);
    if (written.kind === 'moved') throw new StateMoved(at.store.where);
  }
  const { state: _, ...told } = recovery;
  const { lineage, serial } = isChanged ? after : recovery.state;
  const view = {
    ...told,
    where: at.store.where,
    lineage,
    serial,
    dryRun,
    program: globals.program,
  };
  context.stdout.write(globals.json ? jsonDocument(view) : recoveryText(view));
  return 0;
}

/** A state that is gone while its backup is still there is what this command is for. */
async function readLost({ project: { declaration }, store }: StateAtHand): Promise<StateRead> {
  const found = await readOrVanished(store);
  const { state } = found;
  requireNotOlder(found.older?.format);
  // An empty one may be a new one: the marks know better which lineage it was.
  if (state !== undefined && Object.keys(state.workers).length === 0 && state.serial === 0)
    return { state: undefined, revision: found.revision };
  for (const key of ['project', 'environment'] as const)
    if (state !== undefined && state[key] !== declaration[key])
      throw foreignState(store.where, key, declaration[key], state[key]);
  return found;
}

async function readOrVanished(store: StateStore): Promise<StateRead> {
  try {
    return await store.read();
  } catch (error) {
    const isVanished =
      error instanceof DiagnosticsError &&
      error.diagnostics.every(({ code }) => code === 'state-missing');
    if (isVanished) return { state: undefined, revision: NO_STATE };
    throw error;
  }
}

async function recover(
  invocation: Invocation,
  { project }: StateAtHand,
  state: StateRead['state'],
): Promise<Recovery> {
  const { declaration } = project;
  const pve = await openCluster(invocation, project);
  try {
    const known = state ?? emptyState('', declaration.project, declaration.environment);
    const { vmids } = declaration.cluster;
    const need = { recorded: recordedVms(known), vmids, refresh: true };
    const inventory = await readInventory(pve, need, invocation.context.clock);
    const { desired, diagnostics } = expand(declaration, expandFactsOf(inventory, known));
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    if (errors.length > 0) throw new DiagnosticsError(diagnostics);
    const lineage = textOf(invocation.flags, 'lineage');
    const isOthers = state !== undefined && isAnothersStart(state, inventory, declaration);
    const left = isOthers ? undefined : state;
    return recoverState({ declaration, desired: desired.workers, state: left, inventory, lineage });
  } finally {
    await pve.close();
  }
}

/** A state that was begun anew beside the VMs of the lost one: it records no VM, and none bears its lineage. */
function isAnothersStart(
  state: State,
  { configs }: Inventory,
  declaration: StateAtHand['project']['declaration'],
): boolean {
  const owners = Object.values(configs).flatMap(
    ({ values }) => ownerByMarks(values, declaration) ?? [],
  );
  const isOwn = owners.some(({ lineage }) => lineage === state.lineage);
  return !recordsVm(state) && owners.length > 0 && !isOwn;
}
