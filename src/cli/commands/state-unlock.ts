import { DiagnosticsError, problem } from '../../model/diagnostic.ts';
import { lookup } from '../../model/lookup.ts';
import { describeRun, endRun, isExpired } from '../../model/runs.ts';
import type { RunRecord, State } from '../../model/state.ts';
import { withoutDeadRuns } from '../../state/dead-runs.ts';
import { editState, openStateOf, requireRecorded, type StateAtHand } from '../edit-state.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { isSet } from '../flags.ts';
import type { Invocation } from '../invocation.ts';
import { tellEdit } from '../tell-edit.ts';

/** Ends what a dead process left: a run with its leases, or the backend's lock, whichever has that id. */
export async function runStateUnlock(invocation: Invocation): Promise<number> {
  const { context, args, flags } = invocation;
  const [id = ''] = args;
  const at = await openStateOf(invocation, 'state unlock');
  const state = await recordedOrNothing(at);
  if (state !== undefined && lookup(state.runs, id) !== undefined)
    return endDeadRun(invocation, at, state, id);
  if (isSet(flags, 'dry-run')) {
    context.stdout.write(
      `Would break the lock ${id}, if it is held.\nNothing was written (--dry-run).\n`,
    );
    return 0;
  }
  const unlocked = (await at.store.unlock?.(id)) ?? { kind: 'free' as const };
  if (unlocked.kind === 'broken') {
    context.stdout.write(`Unlocked. It was held by ${unlocked.holder}.\n`);
    return 0;
  }
  throw notHeld(id, unlocked.kind === 'other' ? unlocked.holder : undefined, state);
}

/** A lock may stand where no state is yet. */
async function recordedOrNothing(at: StateAtHand): Promise<State | undefined> {
  const { state } = await at.store.read();
  return state === undefined ? undefined : (await requireRecorded(at)).state;
}

async function endDeadRun(
  invocation: Invocation,
  at: StateAtHand,
  state: State,
  id: string,
): Promise<number> {
  const { context, flags } = invocation;
  const run = lookup((await withoutDeadRuns(state, context.processes)).runs, id);
  if (run !== undefined && !isSet(flags, 'force') && !isExpired(run, context.clock.now()))
    throw stillAlive(run, context.clock.now());
  const held = Object.entries(state.workers).filter(([, { lease }]) => lease?.run === id);
  const edited = await editState(invocation, at, (before) => endRun(before, id));
  const names = held.map(([name]) => name).join(', ');
  const what = run === undefined ? id : describeRun(run);
  return tellEdit(
    invocation,
    edited,
    [`ended: ${what}; ${names === '' ? 'it held no worker' : `released ${names}`}`],
    ['What it had begun is recorded: muster plan shows it.'],
  );
}

function stillAlive(run: RunRecord, now: number): DiagnosticsError {
  const age = Math.max(0, Math.round((now - run.beat) / 1000));
  return new DiagnosticsError(
    [
      problem(
        'run-alive',
        `${describeRun(run)} gave its last sign of life ${age} s ago`,
        'Stop it where it runs. When it is certainly dead, wait a few minutes (the next apply takes over by itself), or add --force.',
      ),
    ],
    EXIT_CODES.locked,
  );
}

function notHeld(
  id: string,
  holder: string | undefined,
  state: State | undefined,
): DiagnosticsError {
  const runs = Object.values(state?.runs ?? {}).map((run) => `run ${run.id}: ${describeRun(run)}`);
  return new DiagnosticsError([
    problem(
      'not-locked',
      holder === undefined
        ? `nothing is locked by ${id}`
        : `the lock is another one, held by ${holder}; it was left alone`,
      undefined,
      runs,
    ),
  ]);
}
