import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { choiceOf, durationOf, integerOf } from './flags.ts';
import type { Flags, Invocation } from './invocation.ts';
import { asksForSession } from './session-request.ts';

/** Without a value a file would be the project's folder, a worker nobody. `-e ""` is how a script says "none". */
const MAY_BE_EMPTY = new Set(['environment']);

/** Refuses values that make no sense before anything is asked, shown or changed. Throws a DiagnosticsError. */
export function checkFlags(flags: Flags): void {
  const empty = Object.keys(flags).find(
    (name) => !MAY_BE_EMPTY.has(name) && [flags[name]].flat().includes(''),
  );
  if (empty !== undefined) throw bad(`--${empty} has an empty value`, 'Give it one, or leave it.');
  for (const name of ['wait', 'grace']) durationOf(flags, name);
  choiceOf(flags, 'on-error', ['continue', 'stop']);
  integerOf(flags, 'max-bytes', { from: 1_000, to: 100_000_000 });
}

/** What only a session has. */
const OF_SESSIONS = ['item', 'workers', 'grace', 'record-dir', 'metrics-file'];

/** What a session decides by itself: it changes only its own workers, and nobody has to approve it. */
const NOT_OF_SESSIONS = [
  'against',
  'refresh-only',
  'refresh',
  'target',
  'exclude',
  'replace',
  'test',
  'destroy',
  'prune',
  'strict',
  'force',
  'on-error',
  'wait',
];

/** Of plan and apply: a flag that would be ignored is refused, or more would be changed than was asked for. */
export function checkSessionFlags(invocation: Invocation): void {
  const { flags, args } = invocation;
  const has = (name: string) => flags[name] !== undefined;
  if (!asksForSession(invocation)) {
    // A saved plan may be the one of a session: only its file tells.
    if (args.length === 0) refuseSessionFlags(invocation);
    return;
  }
  const stray = NOT_OF_SESSIONS.find(has);
  if (stray !== undefined)
    throw bad(`--${stray} does not go with a session`, 'A session takes its own workers only.');
  if (args.length > 0)
    throw bad(
      `a session does not go with the saved plan ${args[0]}`,
      'Give one of them; plan --with-session NAME --out F saves the plan of a session.',
    );
  if (has('with-session') && (has('run') || has('workers') || invocation.rest.length > 0))
    throw bad(
      'a declared session brings its own workers and commands',
      'Leave --with-session out for an ad hoc session: --run KIND --workers a,b -- COMMAND.',
    );
}

/** For a run without a session. Throws a DiagnosticsError. */
export function refuseSessionFlags({ flags }: Pick<Invocation, 'flags'>): void {
  const stray = OF_SESSIONS.find((name) => flags[name] !== undefined);
  if (stray === undefined) return;
  throw bad(
    `--${stray} belongs to a session, and none is asked for`,
    'Name one with --with-session, or make one up with --run KIND --workers a,b -- COMMAND.',
  );
}

function bad(message: string, remedy: string): DiagnosticsError {
  return new DiagnosticsError([problem('bad-flag', message, remedy)]);
}
