import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { StateMoved } from '../model/errors.ts';
import { lookup } from '../model/lookup.ts';
import type { OlderFormat } from '../model/migrations.ts';
import type { StateRead, StateStore } from '../model/ports.ts';
import { describeRun, holderOf } from '../model/runs.ts';
import type { State } from '../model/state.ts';
import { didYouMean } from '../model/suggest.ts';
import { withoutDeadRuns } from '../state/dead-runs.ts';
import { foreignState } from '../state/state-diagnostics.ts';
import { formatState } from '../state/state-text.ts';
import { EXIT_CODES } from './exit-code.ts';
import { isSet } from './flags.ts';
import type { Invocation } from './invocation.ts';
import { loadProject, openState, type Project } from './load-project.ts';

export interface StateAtHand {
  readonly project: Project;
  readonly store: StateStore;
}

/** The declaration and the store that it names; `command` is told to others that wait for a lock. */
export async function openStateOf(invocation: Invocation, command: string): Promise<StateAtHand> {
  const project = await loadProject(invocation);
  return { project, store: await openState(invocation, project, `muster ${command}`) };
}

/** What is recorded. Throws a DiagnosticsError when nothing is, or it is another project's. */
export async function requireRecorded({
  project: { declaration },
  store,
}: StateAtHand): Promise<StateRead & { readonly state: State }> {
  const { state, ...read } = await store.read();
  if (state === undefined) {
    const remedy = 'Apply first; or, if there was one and it is lost:  muster state recover';
    throw new DiagnosticsError([
      problem('no-state', `there is no state at ${store.where}`, remedy),
    ]);
  }
  for (const key of ['project', 'environment'] as const)
    if (state[key] !== declaration[key])
      throw foreignState(store.where, key, declaration[key], state[key]);
  return { ...read, state };
}

export interface Edited {
  readonly before: State;
  readonly after: State;
  /** Where the state as it was before is kept; undefined: nothing was written. */
  readonly backup: string | undefined;
}

/** How often an edit is tried again when runs write in between. */
const MAX_TRIES = 10;

/** Changes the state by hand: with a backup first; with `--dry-run` not at all. A change that throws writes nothing. */
export async function editState(
  invocation: Invocation,
  at: StateAtHand,
  change: (state: State) => State,
): Promise<Edited> {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const { state: before, revision, older } = await requireRecorded(at);
    requireNotOlder(older?.format);
    const changed = change(before);
    const after = changed === before ? before : { ...changed, serial: before.serial + 1 };
    if (after === before || isSet(invocation.flags, 'dry-run'))
      return { before, after, backup: undefined };
    const backup = await keepBackup(invocation, before);
    if ((await at.store.write(after, revision)).kind === 'written')
      return { before, after, backup };
  }
  throw new StateMoved(at.store.where);
}

/** Writes the state as it was into `.muster/backups`; returns the path, relative to the project. */
export async function keepBackup(
  { context, globals }: Invocation,
  state: State,
  older?: OlderFormat,
): Promise<string> {
  const environment = state.environment === '' ? '' : `${state.environment}.`;
  const format = older === undefined ? '' : `.format-${older.format}`;
  const name = `${environment}${state.lineage.slice(0, 8)}-${state.serial}${format}.json`;
  const path = `.muster/backups/${name}`;
  await context.files(globals.root).write(path, older?.text ?? formatState(state));
  return path;
}

/** Throws, exit 6, for a state of an older format: only an apply, which was planned, writes it anew. */
export function requireNotOlder(format: number | undefined): void {
  if (format === undefined) return;
  const message = `the state has the older format ${format}, which only apply writes anew`;
  const remedy = 'See what would be done with muster plan, apply it, then give this command again.';
  const problems = [problem('state-older', message, remedy, ['Nothing was written.'])];
  throw new DiagnosticsError(problems, EXIT_CODES.refused);
}

/** Throws unless all are recorded. */
export function requireWorkers(state: State, names: readonly string[]): void {
  const known = Object.keys(state.workers);
  const unknown = names.filter((name) => lookup(state.workers, name) === undefined);
  if (unknown.length === 0) return;
  throw new DiagnosticsError(
    unknown.map((name) =>
      problem(
        'unknown-worker',
        `the state holds no worker ${name}`,
        didYouMean(name, known) ?? 'muster state list shows them.',
      ),
    ),
  );
}

/** Throws, exit 4, when a run that lives holds one of them; exit 6 when something was begun with it. `--force` overrules. */
export async function requireIdle(
  { context, flags }: Invocation,
  state: State,
  names: readonly string[],
): Promise<void> {
  if (isSet(flags, 'force')) return;
  const seen = await withoutDeadRuns(state, context.processes);
  for (const name of names) {
    const record = lookup(seen.workers, name);
    const holder = record === undefined ? undefined : holderOf(record, seen, context.clock.now());
    if (holder !== undefined)
      throw new DiagnosticsError(
        [
          problem(
            'leased',
            `${name} is in use: ${describeRun(holder)}`,
            'Wait until that run ends.',
          ),
        ],
        EXIT_CODES.locked,
      );
    if (record?.doing !== undefined)
      throw new DiagnosticsError(
        [
          problem(
            'interrupted',
            `${name} was left in the middle of ${record.doing.action} (${record.doing.step})`,
            'Apply first, which goes on with it. With --force what was begun is forgotten, and may leave a VM behind.',
          ),
        ],
        EXIT_CODES.refused,
      );
  }
}
