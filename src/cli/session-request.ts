import type { Declaration, SessionSpec } from '../model/declaration.ts';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { lookup } from '../model/lookup.ts';
import { didYouMean } from '../model/suggest.ts';
import { adHocSession } from '../session/ad-hoc.ts';
import type { ExpandedItem } from '../session/expand-items.ts';
import { choiceOf, listOf, textOf } from './flags.ts';
import type { Invocation } from './invocation.ts';

/** Which session a command line asks for. */
export interface SessionRequest {
  /** Its key under `sessions:`, or what an ad hoc one is called. */
  readonly session: string;
  readonly spec: SessionSpec;
  /** Of an ad hoc session. */
  readonly items?: readonly ExpandedItem[];
  readonly only?: readonly string[];
}

export function asksForSession({ flags, rest }: Invocation): boolean {
  return (
    textOf(flags, 'with-session') !== undefined ||
    textOf(flags, 'run') !== undefined ||
    rest.length > 0
  );
}

/** Throws DiagnosticsError when there is no such session, or when the flags don't go together. */
export function sessionRequest(invocation: Invocation, declaration: Declaration): SessionRequest {
  const { flags } = invocation;
  const name = textOf(flags, 'with-session');
  if (name === undefined) return adHocRequest(invocation);
  const spec = lookup(declaration.sessions, name);
  if (spec === undefined) throw unknownSession(name, Object.keys(declaration.sessions));
  const only = listOf(flags, 'item');
  return { session: name, spec, ...(only.length === 0 ? {} : { only }) };
}

function adHocRequest({ flags, rest }: Invocation): SessionRequest {
  const kind = choiceOf(flags, 'run', ['backup', 'restore']);
  const workers = (textOf(flags, 'workers') ?? '').split(',').filter((word) => word !== '');
  if (kind === undefined || workers.length === 0 || rest.length === 0)
    throw new DiagnosticsError([
      problem(
        'bad-flag',
        'an ad hoc session takes a kind, workers and a command',
        'Type it so:  muster apply --run backup --workers a,b -- COMMAND ARG...',
      ),
    ]);
  return { session: `${kind}-by-hand`, ...adHocSession(kind, workers, rest) };
}

function unknownSession(name: string, known: readonly string[]): DiagnosticsError {
  const remedy =
    didYouMean(name, known) ??
    (known.length === 0
      ? 'Declare it under sessions: in muster.yaml.'
      : `There are: ${known.join(', ')}.`);
  return new DiagnosticsError([
    problem('unknown-session', `there is no session "${name}"`, remedy),
  ]);
}
