import type { StateSpec } from '../../model/declaration.ts';
import { DiagnosticsError, problem } from '../../model/diagnostic.ts';
import { StateMoved } from '../../model/errors.ts';
import { describeRun, isExpired } from '../../model/runs.ts';
import type { State } from '../../model/state.ts';
import { count } from '../../report/words.ts';
import { withoutDeadRuns } from '../../state/dead-runs.ts';
import { replacing } from '../../state/revision.ts';
import { keepBackup, openStateOf, requireNotOlder } from '../edit-state.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { isSet, textOf } from '../flags.ts';
import type { Invocation } from '../invocation.ts';
import { tellEdit } from '../tell-edit.ts';
import { doubts, refuse } from './state-push.ts';

/**
 * Copies the state from where it was (`--from` a file or an address) to where the declaration keeps it now,
 * lineage and all. The old one is left as it is.
 */
export async function runStateMigrate(invocation: Invocation): Promise<number> {
  const { context, globals, flags } = invocation;
  const from = textOf(flags, 'from');
  if (from === undefined) throw noSource();
  const { project, store } = await openStateOf(invocation, 'state migrate');
  const old = await context.openStore({
    state: specOf(from),
    root: globals.root,
    run: 'muster state migrate',
    lockTimeout: globals.lockTimeout,
  });
  if (old.where === store.where) throw samePlace(store.where);
  const { state } = await old.read();
  if (state === undefined) throw nothingThere(old.where);
  await requireNoRuns(invocation, state);
  const { state: before, revision, older } = await store.read();
  requireNotOlder(older?.format);
  if (before !== undefined && before.lineage === state.lineage && before.serial > state.serial)
    return tellEdit(invocation, { after: before, backup: undefined }, [
      `nothing to do: ${store.where} has this state already, at serial ${before.serial}`,
    ]);
  if (!isSet(flags, 'force')) refuse(doubts(state, before, project));
  const after = { ...state, serial: Math.max(state.serial, before?.serial ?? 0) + 1 };
  const dryRun = isSet(flags, 'dry-run');
  const backup = dryRun || before === undefined ? undefined : await keepBackup(invocation, before);
  if (!dryRun) {
    const written = await store.write(after, replacing(revision));
    if (written.kind === 'moved') throw new StateMoved(store.where);
  }
  return tellEdit(
    invocation,
    { after, backup },
    [
      `${dryRun ? 'would copy' : 'copied'}: ${count(Object.keys(state.workers).length, 'worker')} from ${old.where} (serial ${state.serial}) to ${store.where} (serial ${after.serial})`,
    ],
    [`The old one was left as it is. Put it away, so that nobody goes on with it:  ${old.where}`],
  );
}

function specOf(from: string): StateSpec {
  const isAddress = /^https?:\/\//.test(from);
  return isAddress
    ? { backend: 'http', address: from, options: {}, typed: true }
    : { backend: 'local', path: from };
}

async function requireNoRuns({ context, flags }: Invocation, state: State): Promise<void> {
  const { runs } = await withoutDeadRuns(state, context.processes);
  const alive = Object.values(runs).filter((run) => !isExpired(run, context.clock.now()));
  if (alive.length === 0 || isSet(flags, 'force')) return;
  const message = `the state is in use: ${alive.map(describeRun).join('; ')}`;
  const remedy = 'Wait until it ends, so that nothing is written to the old place afterwards.';
  throw new DiagnosticsError([problem('in-use', message, remedy)], EXIT_CODES.locked);
}

function noSource(): DiagnosticsError {
  const message = 'state migrate wants to know where the state is now: --from FILE or --from URL';
  const remedy = 'Write the new place into muster.yaml (state:), then give the old one here.';
  return new DiagnosticsError([problem('bad-flag', message, remedy)]);
}

function samePlace(where: string): DiagnosticsError {
  const remedy = 'Write the new place into muster.yaml (state:) first.';
  return new DiagnosticsError([
    problem('same-place', `the declaration keeps its state at ${where} itself`, remedy),
  ]);
}

function nothingThere(where: string): DiagnosticsError {
  return new DiagnosticsError([
    problem('no-state', `there is no state at ${where}`, 'Check --from.'),
  ]);
}
